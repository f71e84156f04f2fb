import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createImages } from "#platform";
import { moka } from "../../../test/cli.js";
import { Net } from "../../index.js";

const folder = mkdtempSync(join(tmpdir(), "moka-detect-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string) => join(folder, name);
const [weights, picture, out] = [file("net.caffemodel"), file("picture.png"), file("out")];

/** A net that says three times the same of every picture, but for the second score, a tenth of the mean of one channel. */
const layers = `
  layer { name: "found" type: "InnerProduct" bottom: "data" top: "found" inner_product_param { num_output: 21 } }
  layer { name: "rows" type: "Reshape" bottom: "found" top: "rows" reshape_param { shape { dim: -1 dim: 1 dim: 3 dim: 7 } } }`;
const input = 'layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } }';
const rows = [
  [0, 2, 0.75, 0.1, 0.2, 0.6, 0.7],
  [0, 1, 0, -0.5, 0, 0.5, 1.5],
  [0, -1, -1, -1, -1, -1, -1],
];

/** Writes weights: the values of the rows, and the channel whose mean the second score is a tenth of. */
async function writeWeights(path: string, values: readonly (readonly number[])[], channel = 0) {
  const net = await Net.load(file("net.prototxt"));
  const [weight, bias] = net.params.get("found") ?? [];
  bias?.data.set(values.flat());
  for (let i = 0; i < 16; i++) weight?.data.set([0.1 / 16], (7 + 2) * 48 + channel * 16 + i);
  await net.save(path);
  await net.dispose();
}

beforeAll(async () => {
  writeFileSync(file("net.prototxt"), `${input} }${layers}`);
  await writeWeights(weights, rows);
  const data = Uint8Array.from({ length: 20 * 10 * 3 }, (_, i) => [4, 8, 9][i % 3] ?? 0); // blue, green, red
  writeFileSync(picture, await createImages().encode({ width: 20, height: 10, channels: 3, data }, "png"));
});

const found = async (...args: string[]) => {
  const { out, err, code } = await moka(
    "detect",
    file("net.prototxt"),
    weights,
    picture,
    "--no-draw",
    "--json",
    ...args,
  );
  if (code !== 0) throw new Error(err);
  return JSON.parse(out)[0];
};
const secondScore = async (...args: string[]) => {
  const { detections } = await found("--threshold=-1e9", ...args);
  return Number(detections.find(({ label }: { label: number }) => label === 1).score.toFixed(4));
};

test("prints a table and draws the boxes", async () => {
  writeFileSync(file("map.prototxt"), 'item { name: "n2" label: 2 display_name: "two" } item { name: "one" label: 1 }');
  const args = [picture, "--out", out, "--threshold", "0.3", "--labelmap", file("map.prototxt")];
  const { code, out: printed } = await moka("detect", file("net.prototxt"), weights, ...args);
  expect(code).toBe(0);
  expect(printed).toBe(`${picture}: 2 objects, drawn in ${out}/picture-detections.png
  label  name   score   xmin  ymin  xmax  ymax
  2      two   0.7500    2.0   2.0  12.0   7.0
  1      one   0.4000  -10.0   0.0  10.0  15.0
`);
  const { width, height, channels, data } = await createImages().decode(readFileSync(`${out}/picture-detections.png`), {
    color: undefined,
  });
  expect([width, height, channels]).toEqual([20, 10, 3]);
  const at = 3 * (20 * 9 + 9); // the right side of the box that reaches beyond the picture
  expect([...data.subarray(at, at + 3)]).not.toEqual([4, 8, 9]);
  expect(readdirSync(out)).toEqual(["picture-detections.png"]); // no temporary file is left
});

test("prints JSON, with boxes in pixels", async () => {
  writeFileSync(file("names.txt"), "background\none\r\ntwo\n");
  const result = await found("--labels", file("names.txt"), "--threshold", "0.5");
  expect(result).toMatchObject({ image: picture, width: 20, height: 10 });
  expect(result).not.toHaveProperty("drawing");
  expect(result.detections).toHaveLength(1);
  const [{ label, name, score, ...box }] = result.detections;
  expect([label, name, score]).toEqual([2, "two", 0.75]);
  for (const [edge, value] of Object.entries({ xmin: 2, ymin: 2, xmax: 12, ymax: 7 }))
    expect(box[edge]).toBeCloseTo(value, 4);
  expect((await found("--threshold", "0.8")).detections).toEqual([]);
  const nothing = await moka("detect", file("net.prototxt"), weights, picture, "--no-draw", "--threshold=1");
  expect(nothing.out).toBe(`${picture}: no objects\n`);
});

test("draws to a file, enlarged, and several pictures into a folder", async () => {
  const target = file("one.png");
  expect((await moka("detect", file("net.prototxt"), weights, picture, "--out", target, "--zoom", "3")).code).toBe(0);
  const drawn = await createImages().decode(readFileSync(target), { color: undefined });
  expect(drawn).toMatchObject({ width: 60, height: 30 });
  expect([...drawn.data.subarray(-3)]).toEqual([4, 8, 9]);
  writeFileSync(file("other.png"), readFileSync(picture));
  const args = [picture, file("other.png"), "--out", file("both"), "--json"];
  const { out: printed } = await moka("detect", file("net.prototxt"), weights, ...args);
  expect(JSON.parse(printed).map(({ drawing }: { drawing: string }) => drawing)).toEqual([
    `${file("both")}/picture-detections.png`,
    `${file("both")}/other-detections.png`,
  ]);
  expect(readdirSync(file("both"))).toEqual(["other-detections.png", "picture-detections.png"]);
});

test("takes mean, scale, order of channels and size", async () => {
  expect(await secondScore()).toBe(0.4);
  expect(await secondScore("--channel-swap", "0,1,2")).toBe(0.9);
  expect(await secondScore("--mean", "1", "--input-scale", "2")).toBe(0.6);
  expect(await secondScore("--mean", "2,3,4")).toBe(0.2);
  await expect(found("--size", "8,8")).rejects.toThrow(/48|192/); // the net's InnerProduct is for 4 × 4
});

test("takes the transform_param of the net's input, or else of the trained net", async () => {
  const own = file("own.prototxt");
  writeFileSync(own, `${input} transform_param { mean_value: 1 mean_value: 9 mean_value: 9 scale: 10 } }${layers}`);
  const train = file("train.prototxt");
  const data = (phase: string, mean: number) =>
    `layer { name: "d" type: "Data" top: "data" include { phase: ${phase} } data_param { source: "nowhere" }
     transform_param { mean_value: ${mean} scale: 0.5 } }`;
  writeFileSync(train, `${data("TRAIN", 3)} ${data("TEST", 2)}${layers}`);
  const score = async (net: string, ...args: string[]) => {
    const { out } = await moka("detect", net, weights, picture, "--no-draw", "--json", "--threshold=-9", ...args);
    const [{ detections }] = JSON.parse(out);
    return Number(detections.find(({ label }: { label: number }) => label === 1).score.toFixed(4));
  };
  expect(await score(own)).toBe(3);
  expect(await score(own, "--train-net", train)).toBe(3);
  expect(await score(own, "--mean", "3", "--input-scale", "1")).toBe(0.1);
  expect(await score(file("net.prototxt"), "--train-net", train)).toBe(0.1);
});

test.each(["pad_mode: CONSTANT", ""])(
  "keeps the proportions if the trained net did, and converts boxes back: %s",
  async (padMode) => {
    const net = file("fit.prototxt");
    const resize = `resize_param { height: 9 width: 9 resize_mode: FIT_LARGE_SIZE_AND_PAD ${padMode} }`;
    writeFileSync(net, `${input} transform_param { ${resize} } }${layers}`);
    const { out: printed } = await moka("detect", net, weights, picture, "--no-draw", "--json", "--threshold=0.1");
    const [{ detections }] = JSON.parse(printed);
    expect(detections[1].score).toBeCloseTo(0.2); // half of the input is black
    // The picture of 20 × 10 fills the middle half of the square input.
    const expected = { xmin: 2, ymin: -1, xmax: 12, ymax: 9 };
    for (const [edge, value] of Object.entries(expected)) expect(detections[0][edge]).toBeCloseTo(value, 4);
  },
);

test("detections that are no numbers are left out, with a word", async () => {
  const broken = file("broken.caffemodel");
  await writeWeights(broken, [[0, 1, Number.NaN, 0, 0, 1, 1], [0, 2, 0, 0, 0, Infinity, 1], rows[0] ?? []]);
  const {
    code,
    out: printed,
    err,
  } = await moka("detect", file("net.prototxt"), broken, picture, "--out", out, "--json");
  expect(code).toBe(0);
  expect(JSON.parse(printed)[0].detections).toHaveLength(1);
  expect(err).toBe("warning: 2 of the net's detections have values that are no numbers\n");
});

test("pictures of one pixel, in gray, and nets for gray pictures", async () => {
  const encode = (width: number, height: number, channels: number, value: number) =>
    createImages().encode(
      { width, height, channels, data: new Uint8Array(width * height * channels).fill(value) },
      "png",
    );
  writeFileSync(file("dot.png"), await encode(1, 1, 1, 4));
  const args = [file("dot.png"), "--out", out, "--json", "--threshold=0.3"];
  const { out: printed } = await moka("detect", file("net.prototxt"), weights, ...args);
  expect(JSON.parse(printed)[0]).toMatchObject({ width: 1, height: 1, detections: [{ label: 2 }, { label: 1 }] });
  const gray = file("gray.prototxt");
  writeFileSync(gray, `${input.replace("dim: 3", "dim: 1")} }${layers.replaceAll("found", "gray")}`);
  const { code, out: printedGray } = await moka("detect", gray, weights, picture, "--out", out, "--threshold=-1");
  expect([code, printedGray.split("\n")[0]]).toEqual([
    0,
    `${picture}: 3 objects, drawn in ${out}/picture-detections.png`,
  ]);
});

test("names from files are escaped", async () => {
  writeFileSync(file("evil.txt"), "background\none\ntwo\u001b[31m\u202e\n");
  const args = [picture, "--out", out, "--labels", file("evil.txt")];
  const { out: printed } = await moka("detect", file("net.prototxt"), weights, ...args);
  expect(printed).toContain("two\\u001b[31m\\u202e");
});

test("calls that are wrong", async () => {
  const run = (...args: string[]) => moka("detect", file("net.prototxt"), weights, ...args);
  const fails = async (...args: string[]) => {
    const { code, err } = await run(...args);
    return `${code}: ${err}`;
  };
  expect((await run()).code).toBe(2);
  expect(await fails(picture, "--threshold", "much")).toMatch(/^2: .*--threshold must be a number/s);
  expect(await fails(picture, "--labels", "a", "--labelmap", "b")).toMatch(/^2: .*not both/s);
  expect(await fails(picture, picture, "--out", file("x.png"))).toMatch(/^2: .*is one file, for 2 pictures/s);
  mkdirSync(file("sub"), { recursive: true });
  writeFileSync(file("sub/picture.png"), readFileSync(picture));
  expect(await fails(picture, file("sub/picture.png"), "--out", out)).toMatch(/^2: .*would both be drawn to/s);
  expect(await fails(picture, "--out", picture)).toMatch(/^2: .*over a picture that is given/s);
  writeFileSync(file("empty.png"), "");
  expect(await fails(file("empty.png"), "--no-draw")).toMatch(/^1: .*empty\.png/s);
  expect(await fails(file("none.png"), "--no-draw")).toMatch(/^1: .*none\.png/s);
  expect(await fails(weights, "--no-draw")).toMatch(/^1: .*net\.caffemodel.*where an image is wanted/s);
  expect(await fails(picture, "--no-draw", "--labelmap", weights)).toMatch(/^1: .*net\.caffemodel/s);
  expect(await fails(picture, "--no-draw", "--mean", "1,2")).toMatch(/the mean has 2 channels/);
  expect(existsSync(file("x.png"))).toBe(false);
});

test("nets that find no objects", async () => {
  const fails = async (net: string) => {
    writeFileSync(file("other.prototxt"), net);
    return (await moka("detect", file("other.prototxt"), weights, picture, "--no-draw")).err;
  };
  const pool = 'layer { name: "p" type: "Pooling" bottom: "data" top: "p" pooling_param { global_pooling: true } }';
  expect(await fails(`${input} } ${pool}`)).toContain('its outputs: "p" 1 × 3 × 1 × 1');
  expect(await fails(`${input} }${layers} ${layers.replaceAll(/"(found|rows)"/g, '"$12"')}`)).toContain(
    "several outputs",
  );
  expect(await fails(`${input.replace("dim: 3", "dim: 2")} }${layers}`)).toMatch(/2 channels|shape/);
  const vectors = 'layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 } } }';
  expect(await fails(`${vectors}${layers.replaceAll("found", "other")}`)).toContain("images need batch × channels");
  const dummy =
    'layer { name: "in" type: "DummyData" top: "data" dummy_data_param { shape { dim: 1 dim: 3 dim: 4 dim: 4 } } }';
  expect(await fails(`${dummy}${layers}`)).toContain("the net has no input");
});

test("ONNX Runtime finds the same", async () => {
  expect(await found("--engine", "onnxruntime")).toEqual(await found());
  expect(await secondScore("--engine", "onnxruntime", "--mean", "1,2,3")).toBe(await secondScore("--mean", "1,2,3"));
});

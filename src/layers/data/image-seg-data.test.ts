// Numbers: worked out by hand, by the rules of the fork's code.
// No gradient: it has no bottoms and no parameters. Numbers: by hand.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { type NetSetup, netFromText } from "../../../test/nets.js";
import { rankNets } from "../../../test/rank-nets.js";
import type { Net } from "../../core/net.js";
import { ReferenceEngine } from "../../engines/reference/index.js";
import { createImages } from "../../platform/node/index.js";

const folder = mkdtempSync(join(tmpdir(), "moka-image-seg-"));
afterAll(() => rmSync(folder, { recursive: true }));
const images = createImages();

async function picture(name: string, height: number, width: number, classOf: (i: number) => number, channels = 1) {
  const data = Uint8Array.from({ length: height * width * channels }, (_, i) => classOf(i));
  writeFileSync(join(folder, name), await images.encode({ width, height, channels, data }, "png"));
}

/** Gray pictures of 3×4: each value of picture n is 20 n + its place; its label is that + 100. */
for (let n = 0; n < 4; n++) {
  await picture(`${n}.png`, 3, 4, (i) => 20 * n + i);
  await picture(`label${n}.png`, 3, 4, (i) => 20 * n + i + 100);
}
await picture("color.png", 1, 2, (i) => 10 * (i + 1), 3); // blue, green, red of two pixels
await picture("small.png", 2, 2, () => 0);

function list(name: string, lines: readonly string[]): string {
  writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
  return join(folder, name);
}

const pairs = list(
  "pairs.txt",
  [0, 1, 2, 3].map((n) => `/${n}.png /label${n}.png`),
);
const one = list("one.txt", ["/1.png /label1.png"]);

interface Fields {
  readonly param?: string;
  readonly labels?: string;
  readonly transform?: string;
  readonly source?: string;
  readonly tops?: readonly string[];
}

const layer = ({
  param = "",
  labels = "label_type: PIXEL",
  transform = "",
  source = pairs,
  tops = ["data", "label", "dim"],
}: Fields = {}) =>
  `layer { name: "layer" type: "ImageSegData" ${tops.map((name) => `top: "${name}"`).join(" ")} transform_param { ${transform} }
  image_data_param { source: "${source}" root_folder: "${folder}" is_color: false ${labels} ${param} } }`;

async function withNet<T>(fields: Fields | string, work: (net: Net) => Promise<T>, setup: NetSetup = {}): Promise<T> {
  const net = await netFromText(typeof fields === "string" ? fields : layer(fields), setup);
  try {
    return await work(net);
  } finally {
    await net.dispose();
  }
}

async function once(fields: Fields | string, setup: NetSetup = {}) {
  return withNet(
    fields,
    async (net) => {
      await net.forward();
      const values = (name: string) => [...(net.blobs.get(name)?.data ?? [])];
      return { data: values("data"), label: values("label"), dim: values("dim") };
    },
    setup,
  );
}

test("gives pictures, the classes of their pixels and their sizes, over and over", async () => {
  await withNet({ param: "batch_size: 3" }, async (net) => {
    await net.forward();
    expect(["data", "label", "dim"].map((name) => net.blobs.get(name)?.shape)).toEqual([
      [3, 1, 3, 4],
      [3, 1, 3, 4],
      [3, 1, 1, 2],
    ]);
    const values = (name: string) => [...(net.blobs.get(name)?.data ?? [])];
    expect(values("dim")).toEqual([3, 4, 3, 4, 3, 4]);
    expect(values("label")).toEqual(values("data").map((value) => value + 100));
    await net.forward();
    expect(values("data").filter((_, i) => i % 12 === 0)).toEqual([60, 0, 20]);
    expect(values("label").filter((_, i) => i % 12 === 0)).toEqual([160, 100, 120]);
  });
});

test("one and two tops, as a fork's net adds those that are not named", async () => {
  expect((await once({ source: one, tops: ["data"] })).data[0]).toBe(20);
  expect((await once({ source: one, tops: ["data", "label"] })).label[0]).toBe(120);
});

test("label_type: one class for all pixels, the default, or none", async () => {
  const source = list("classes.txt", ["/1.png 7"]);
  expect((await once({ source, labels: "" })).label).toEqual(Array(12).fill(7));
  const none = { source: list("none.txt", ["/1.png"]), labels: "label_type: NONE" };
  expect((await once(none)).label).toEqual(Array(12).fill(255));
  expect((await once({ ...none, param: "ignore_label: 19" })).label).toEqual(Array(12).fill(19));
  expect((await once({ ...none, param: "ignore_label: -1" })).label[0]).toBe(0);
});

test("smaller pictures are padded with the mean, and their labels with ignore_label", async () => {
  const transform = "crop_height: 4 crop_width: 6 mean_value: 16 scale: 0.5";
  const { data, label, dim } = await once({ source: one, transform });
  const wanted = [
    [2, 2.5, 3, 3.5, 0, 0],
    [4, 4.5, 5, 5.5, 0, 0],
    [6, 6.5, 7, 7.5, 0, 0],
    [0, 0, 0, 0, 0, 0],
  ];
  expect(data).toEqual(wanted.flat());
  expect(label.slice(0, 6)).toEqual([120, 121, 122, 123, 255, 255]);
  expect(label.slice(18)).toEqual(Array(6).fill(255));
  expect(dim).toEqual([3, 4]);
});

test("color, with a mean for each channel or one for all", async () => {
  const color = layer({ source: list("color.txt", ["/color.png 3"]), labels: "" }).replace("is_color: false", "");
  const means = (text: string) => once(color.replace("transform_param { ", `transform_param { ${text} `));
  expect((await means("mean_value: 1 mean_value: 2 mean_value: 3")).data).toEqual([9, 39, 18, 48, 27, 57]);
  expect((await means("mean_value: 10 crop_height: 1 crop_width: 3")).data).toEqual([0, 30, 0, 10, 40, 0, 20, 50, 0]);
  await expect(means("mean_value: 1 mean_value: 2")).rejects.toThrow(/given once, or for each of 3 channels, not 2/);
});

test("in TEST the middle is cropped, and dim is at most the crop", async () => {
  const transform = "crop_height: 2 crop_width: 2";
  const { data, dim } = await once({ source: one, transform }, { phase: "TEST" });
  expect(data).toEqual([21, 22, 25, 26]);
  expect(dim).toEqual([2, 2]);
});

test("in TRAIN crop and mirror are the same for both, and at random", async () => {
  const param = "batch_size: 4 shuffle: true";
  await withNet({ param, transform: "crop_height: 2 crop_width: 3 mirror: true" }, async (net) => {
    const seen = new Set<string>();
    for (let i = 0; i < 10; i++) {
      await net.forward();
      const [data = new Float32Array(0), label] = ["data", "label"].map((name) => net.blobs.get(name)?.data);
      expect([...(label ?? [])]).toEqual([...data].map((value) => value + 100));
      for (let n = 0; n < 4; n++) {
        const [first = 0, second = 0] = data.subarray(6 * n);
        expect(Math.abs(second - first)).toBe(1);
        seen.add(`${first % 20} ${second - first}`);
      }
    }
    expect(seen.size).toBe(8); // two rows, two columns, mirrored or not
  });
});

test("scale_factors: pictures linearly, labels to the nearest; sizes fall to whole pixels", async () => {
  const scaled = (factor: number) => once({ source: one, transform: `scale_factors: ${factor} crop_size: 8` });
  const twice = await scaled(2);
  // Of 20, 21, 22, 23: a quarter and three quarters of neighbors, rounded.
  expect(twice.data.slice(0, 8)).toEqual([20, 20, 21, 21, 22, 22, 23, 23]);
  expect(twice.label.slice(0, 8)).toEqual([120, 120, 121, 121, 122, 122, 123, 123]);
  expect(twice.label.slice(48)).toEqual(Array(16).fill(255));
  expect(twice.dim).toEqual([3, 4]);
  const half = await scaled(0.5); // 1×2
  expect(half.label.slice(0, 3)).toEqual([120, 122, 255]);
  expect(half.label[8]).toBe(255);
  const sizes = new Set<number>();
  const transform = "scale_factors: 0.5 scale_factors: 1 scale_factors: 2 crop_size: 8";
  await withNet({ source: one, transform }, async (net) => {
    for (let i = 0; i < 30; i++) {
      await net.forward();
      sizes.add([...(net.blobs.get("label")?.data ?? [])].filter((value) => value !== 255).length);
    }
  });
  expect([...sizes].sort((a, b) => a - b)).toEqual([2, 12, 48]);
});

test("a new size, with labels to the nearest", async () => {
  const { data, label, dim } = await once({ source: one, param: "new_height: 6 new_width: 8" });
  expect(label.slice(0, 8)).toEqual([120, 120, 121, 121, 122, 122, 123, 123]);
  expect([data.length, dim]).toEqual([48, [6, 8]]);
});

test("without a crop the net takes the size of each picture", async () => {
  const source = list("sizes.txt", ["/1.png 1", "/small.png 2"]);
  await withNet({ source, labels: "label_type: IMAGE" }, async (net) => {
    await net.forward();
    expect(net.blobs.get("label")?.shape).toEqual([1, 1, 3, 4]);
    await net.forward();
    expect(net.blobs.get("label")?.shape).toEqual([1, 1, 2, 2]);
    expect([...(net.blobs.get("dim")?.data ?? [])]).toEqual([2, 2]);
  });
});

test("the log names fields of other forks, and none that it computes", async () => {
  const lines: string[] = [];
  const log = (level: string, _: string, line: string) => void (level === "warning" && lines.push(line));
  const transform = "crop_height: 2 crop_width: 2 scale_factors: 1 crop_h: 3";
  await once({ source: one, transform, param: "ignore_label: 3" }, { log });
  expect(lines).toEqual([expect.stringMatching(/crop_h\b/)]);
  expect(lines[0]).not.toMatch(/scale_factors|ignore_label|label_type|crop_width/);
});

test("a saved state continues with the same values", async () => {
  const fields = {
    param: "batch_size: 3 shuffle: true",
    transform: "crop_size: 5 mirror: true scale_factors: 1 scale_factors: 2",
  };
  const take = async (net: Net) => {
    await net.forward();
    return ["data", "label", "dim"].map((name) => [...(net.blobs.get(name)?.data ?? [])]);
  };
  const [state, next] = await withNet(fields, async (net) => {
    await net.forward();
    return [JSON.parse(JSON.stringify(net.layers[0]?.saveState?.())), await take(net)] as const;
  });
  await withNet(fields, async (net) => {
    await net.layers[0]?.restoreState?.(state);
    expect(await take(net)).toEqual(next);
  });
});

test("ranks share the images, and each draws its own numbers", async () => {
  const nets = await rankNets(layer({ transform: "scale_factors: 1" }), { engine: () => new ReferenceEngine() });
  const seen: number[][] = [];
  for (const net of nets) {
    await net.forward();
    const first = net.blobs.get("data")?.data[0] ?? Number.NaN;
    await net.forward();
    seen.push([first, net.blobs.get("data")?.data[0] ?? Number.NaN]);
    await net.dispose();
  }
  expect(seen).toEqual([
    [0, 40],
    [20, 60],
  ]);
  const mirrored = await rankNets(layer({ source: one, transform: "mirror: true" }), {
    engine: () => new ReferenceEngine(),
  });
  const draws = mirrored.map((net) => JSON.stringify(net.layers[0]?.saveState?.()));
  expect(draws[0]).not.toBe(draws[1]);
  for (const net of mirrored) await net.dispose();
});

describe("errors", () => {
  const fails = (fields: Fields | string) => expect(withNet(fields, (net) => net.forward())).rejects;

  test("fields", async () => {
    await fails({ source: "" }).toThrow(/source must be given$/);
    await fails({ param: "batch_size: 0" }).toThrow(/batch_size must be greater than 0$/);
    await fails({ param: "new_width: 3" }).toThrow(/both new_height and new_width, or neither$/);
    await fails({ transform: "crop_width: 3" }).toThrow(/or both crop_height and crop_width, or none of them$/);
    await fails({ transform: "crop_size: 3 crop_width: 3 crop_height: 3" }).toThrow(/needs crop_size, or both/);
    await fails({ transform: 'mean_file: "m"' }).toThrow(/takes no transform_param.mean_file/);
    await fails({ transform: "scale_factors: 2" }).toThrow(/and 1 without a crop, not 2$/);
    for (const factor of ["0", "-1", "nan", "inf"])
      await fails({ transform: `crop_size: 3 scale_factors: ${factor}` }).toThrow(/must be greater than 0/);
    for (const factor of ["0.1", "1e9"])
      await fails({ transform: `crop_size: 3 scale_factors: ${factor}` }).toThrow(/image of 3×4 cannot be scaled/);
  });

  test("lists and images", async () => {
    await fails({ source: list("empty.txt", [""]) }).toThrow(/empty.txt: the list is empty$/);
    await fails({ source: list("alone.txt", ["/0.png"]) }).toThrow(
      /alone.txt:1:1: .*label image.* \(label_type PIXEL\)/,
    );
    await fails({ labels: "" }).toThrow(/pairs.txt:1:1: .*a whole number from 0 to 255.*came "\/0.png \/label0.png"$/);
    for (const label of ["256", "-1", "1.5"])
      await fails({ source: list("class.txt", [`/0.png ${label}`]), labels: "label_type: IMAGE" }).toThrow(
        /class.txt:1:1/,
      );
    const other = list("other.txt", ["/0.png /small.png"]);
    await fails({ source: other }).toThrow(/label image \/small.png is of 2×2, its image 3×4; both must have/);
    await fails({ source: list("lost.txt", ["/0.png /none.png"]) }).toThrow(/cannot read \S+none.png/);
    const sizes = list("two.txt", ["/0.png 1", "/small.png 1"]);
    await fails({ source: sizes, param: "batch_size: 2", labels: "label_type: IMAGE" }).toThrow(
      /different sizes need .*crop_size/,
    );
  });
});

testContract("ImageSegData", {
  tops: ["data", "label", "dim"],
  param: `transform_param { mirror: true crop_size: 5 scale_factors: 1 scale_factors: 2 }
    image_data_param { source: "${pairs}" root_folder: "${folder}" batch_size: 2 label_type: PIXEL }`,
  changes: ["TRAIN", "TEST"],
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";
import { Net } from "../../index.js";

const folder = mkdtempSync(join(tmpdir(), "moka-summary-"));
afterAll(() => rmSync(folder, { recursive: true }));

const model = join(folder, "net.prototxt");
writeFileSync(
  model,
  `name: "n" input: "x" input_shape { dim: 2 dim: 3 dim: 8 dim: 8 }
   layer { name: "conv" type: "Convolution" bottom: "x" top: "conv" convolution_param { num_output: 4 kernel_size: 3 } }
   layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
   layer { name: "a" type: "InnerProduct" bottom: "conv" top: "a" param { name: "w" } inner_product_param { num_output: 9 bias_term: false } }
   layer { name: "b" type: "InnerProduct" bottom: "conv" top: "b" param { name: "w" } inner_product_param { num_output: 9 bias_term: false } }
   layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "sum" }`,
);

test("a table with a line a layer, the totals, and no Splits that nobody wrote", async () => {
  const { code, out, err } = await moka("summary", model);
  expect(code).toBe(0);
  expect(err).toBe("");
  expect(out).toBe(`Layer  Type          Bottoms  Tops        Shapes   Params  Mult-adds   Memory
─────────────────────────────────────────────────────────────────────────────
input  Input                  x           2 3 8 8                     1.54 kB
conv   Convolution   x        conv        2 4 6 6     112     7.78 k  1.15 kB
relu   ReLU          conv     (in place)  2 4 6 6
a      InnerProduct  conv     a           2 9      1.30 k     2.59 k     72 B
b      InnerProduct  conv     b           2 9      shared     2.59 k     72 B
sum    Eltwise       a        sum         2 9                            72 B
                     b
─────────────────────────────────────────────────────────────────────────────
Total                                              1.41 k     13.0 k  2.90 kB

1,408 parameters (5.63 kB), 12,960 multiply-adds a forward
2.90 kB for the values of the blobs, as much again for their gradients
8.65 kB at the peak of inference, 70 % of Caffe's 12.4 kB
`);
});

test("a large net with long names keeps within 100 columns, and every name is whole", async () => {
  const blocks = Array.from({ length: 40 }, (_, i) => {
    const bottom = i === 0 ? "data" : `inception_${i - 1}/output_concatenated`;
    const top = `inception_${i}/3x3_reduce_and_more`;
    return `layer { name: "${top}" type: "Convolution" bottom: "${bottom}" top: "${top}" convolution_param { num_output: 96 kernel_size: 1 } }
      layer { name: "inception_${i}/relu_3x3_reduce_and_more" type: "ReLU" bottom: "${top}" top: "${top}" }
      layer { name: "inception_${i}/output" type: "Concat" bottom: "${top}" bottom: "${bottom}" top: "inception_${i}/output_concatenated" }`;
  });
  const file = join(folder, "large.prototxt");
  writeFileSync(file, `input: "data" input_shape { dim: 10 dim: 3 dim: 56 dim: 56 }\n${blocks.join("\n")}`);
  const { out } = await moka("summary", file);
  const lines = out.split("\n");
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
  expect(lines.filter((line) => line.includes("Convolution")).length).toBe(40);
  expect(out).toContain("10 96 56 56");
  expect(out).toContain("· a top that is named as its layer");
  const firstColumn = lines.map((line) => line.slice(0, line.search(/ {2}/) === -1 ? undefined : line.search(/ {2}/)));
  expect(firstColumn.join("")).toContain("inception_17/relu_3x3_reduce_and_more");
});

test("--json has it all", async () => {
  const { out } = await moka("summary", model, "--json", "--phase", "TRAIN", "--shape", "x=1,3,5,5");
  const summary = JSON.parse(out);
  expect(summary.phase).toBe("TRAIN");
  expect(summary.blobs.conv_relu_0_split_0).toEqual([1, 4, 3, 3]);
  expect(summary.layers[1]).toEqual({
    name: "conv",
    type: "Convolution",
    group: "vision",
    bottoms: [{ name: "x", shape: [1, 3, 5, 5] }],
    tops: [{ name: "conv", shape: [1, 4, 3, 3] }],
    params: [{ shape: [4, 3, 3, 3] }, { shape: [4] }],
    parameters: 112,
    multiplyAdds: 972,
    memory: 144,
    inserted: false,
  });
  expect(summary.totals.parameters).toBe(112 + 324);
});

test("the peak of training, for nets that learn, is the one that explain tells", async () => {
  const train = join(folder, "train.prototxt");
  const loss = 'layer { name: "loss" type: "EuclideanLoss" bottom: "sum" bottom: "t" top: "loss" }';
  writeFileSync(train, `${readFileSync(model, "utf8")} input: "t" input_shape { dim: 2 dim: 9 } ${loss}`);
  const { peaks } = JSON.parse((await moka("summary", train, "--json")).out);
  const { memory, caffe } = JSON.parse((await moka("explain", train, "--json", "--engine", "wasm")).out);
  expect(peaks.training).toEqual({ moka: memory.total, caffe: caffe.total });
  const { out } = await moka("summary", train);
  expect(out).toMatch(
    /\n[\d.]+ kB at the peak of training, \d+ % of Caffe's [\d.]+ kB\n[\d.]+ kB at the peak of inf.*\n$/,
  );
  expect((await moka("summary", train, "--phase", "TRAIN")).out).toMatch(/at the peak of training, .*\n$/);
});

test("what is not known is marked with ?, and the totals are lower bounds", async () => {
  const partial = join(folder, "partial.prototxt");
  writeFileSync(
    partial,
    `name: "p" input: "x" input_shape { dim: 2 dim: 3 }
layer { name: "a" type: "InnerProduct" bottom: "x" top: "a" inner_product_param { num_output: 4 } }
layer { name: "n" type: "Region" bottom: "x" top: "n" }
layer { name: "r" type: "ReLU" bottom: "n" top: "n" }
layer { name: "b" type: "InnerProduct" bottom: "n" top: "b" inner_product_param { num_output: 4 } }`,
  );
  const { code, out, err } = await moka("summary", partial);
  expect(code).toBe(0);
  expect(err).toBe(
    `warning: ${partial}:3:1: layer "n" (Region): unknown layer type; it is a YOLO fork's: give a class of your own, ` +
      'Net.load(path, { layers: { "Region": YourLayer } }), or take it out of the net\n',
  );
  expect(out).toBe(`Layer  Type          Bottoms  Tops        Shapes  Params  Mult-adds  Memory
───────────────────────────────────────────────────────────────────────────
input  Input                  x           2 3                          24 B
a      InnerProduct  x        a           2 4         16         24    32 B
n      Region        x        n           ?            ?          ?       ?
r      ReLU          n        (in place)  ?            ?          ?       ?
b      InnerProduct  n        b           ?            ?          ?       ?
───────────────────────────────────────────────────────────────────────────
Total                                               ≥ 16       ≥ 24  ≥ 56 B

at least 16 parameters (64 B), 24 multiply-adds a forward
at least 56 B for the values of the blobs, as much again for their gradients
3 of 5 layers are not counted: what is marked with ? is not known
`);
  expect(JSON.parse((await moka("summary", partial, "--json")).out).totals.partial).toBe(true);
});

test("names in East Asian scripts take two columns a character", async () => {
  const wide = join(folder, "wide.prototxt");
  writeFileSync(wide, 'layer { name: "入力é" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 } } }\n');
  const [head, , row] = (await moka("summary", wide, "--no-peaks")).out.split("\n");
  expect(head).toBe("Layer  Type   Bottoms  Tops  Shapes  Params  Mult-adds  Memory");
  expect(row).toBe("入力é  Input           x     1 3                          12 B");
});

test("--no-peaks leaves the peaks out", async () => {
  expect((await moka("summary", model, "--no-peaks")).out).not.toContain("peak");
  expect(JSON.parse((await moka("summary", model, "--no-peaks", "--json")).out).peaks).toEqual({});
});

test("--weights says what they have", async () => {
  const net = await Net.load(model, { engine: "reference" });
  const weights = join(folder, "w.caffemodel");
  await net.save(weights);
  await net.dispose();
  const { out } = await moka("summary", model, "--weights", weights);
  expect(out).toContain("the weights fit 3 of 3 layers with parameters\n");
  const lenet = fileURLToPath(new URL("../../../test/golden/files/legacy/v1.", import.meta.url));
  expect((await moka("summary", `${lenet}prototxt`, "--weights", `${lenet}caffemodel`)).out).toContain(
    "fit 2 of 2 layers",
  );
  const other = await moka("summary", model, "--weights", `${lenet}caffemodel`);
  expect(other.code).toBe(0);
  expect(other.out).toContain("the weights fit 0 of 3 layers with parameters; not in them: conv, a, b\n");
});

test.each([
  [["--phase", "BOTH"], 2, '--phase must be TRAIN or TEST, not "BOTH"'],
  [["--shape", "x"], 2, '--shape must be a blob\'s name and its sizes, as data=1,3,224,224, not "x"'],
  [["--weights", "/nowhere"], 1, "/nowhere"],
])("a call with %j fails", async (args, code, message) => {
  const result = await moka("summary", model, ...args);
  expect(result.code).toBe(code);
  expect(result.err).toContain(message);
  expect((await moka("summary")).code).toBe(2);
});

test("--shape of one top of a data layer gives its batch size to the others", async () => {
  const file = join(folder, "one-shape.prototxt");
  writeFileSync(
    file,
    `layer { name: "d" type: "Data" top: "data" top: "label" data_param { source: "/nowhere" batch_size: 8 } }
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 3 } }
    layer { name: "l" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`,
  );
  const { code, out } = await moka("summary", file, "--shape", "data=4,3,5,5", "--json");
  expect(code).toBe(0);
  const { blobs, peaks } = JSON.parse(out);
  expect(blobs).toEqual({ data: [4, 3, 5, 5], label: [4], ip: [4, 3], loss: [] });
  expect(peaks.training.moka).toBeGreaterThan(0);
});

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { netFromText } from "../../test/nets.js";
import type { BlobProtoSchema } from "../proto/gen/caffe_pb.js";
import { NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { type Log, silent } from "../util/log.js";
import type { Net } from "./net.js";

type BlobInit = MessageInitShape<typeof BlobProtoSchema>;

const input = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 } } }\n';
const ip = (name: string, spec = "") =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "x" top: "${name}" ${spec} inner_product_param { num_output: 2 } }\n`;
const conv =
  'layer { name: "i" type: "Input" top: "i" input_param { shape { dim: 1 dim: 2 dim: 4 dim: 4 } } } ' +
  'layer { name: "conv" type: "Convolution" bottom: "i" top: "c" convolution_param { num_output: 3 kernel_size: 2 } }';

const weight: BlobInit = { shape: { dim: [2n, 3n] }, data: [1, 2, 3, 4, 5, 6] };
const bias: BlobInit = { shape: { dim: [2n] }, data: [7, 8] };
const legacy = (num: number, channels: number, height: number, width: number, data: number[]): BlobInit => {
  return { num, channels, height, width, data };
};
const range = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

function source(...layers: [name: string, ...blobs: BlobInit[]][]) {
  return create(NetParameterSchema, { layer: layers.map(([name, ...blobs]) => ({ name, blobs })) });
}

const valuesOf = (net: Net, name: string) => net.params.get(name)?.map(({ data }) => [...data]);

/** The net of this text with those layers copied into it. */
async function copied(text: string, layers: Parameters<typeof source>, log: Log = silent): Promise<Net> {
  const net = await netFromText(text, { log });
  net.copyTrainedLayers(source(...layers), "w.caffemodel");
  return net;
}

async function failure(text: string, layers: Parameters<typeof source>): Promise<string> {
  return copied(text, layers).then(
    () => "no error",
    (error: Error) => error.message,
  );
}

test("layers are found by name; those that are not there are ignored, with Caffe's notice; others keep theirs", async () => {
  const lines: string[] = [];
  const net = await copied(
    input + ip("a") + ip("b"),
    [["z", weight], ["b", weight, bias], ["data"]],
    (severity, origin, message) => lines.push(`${severity} ${origin} ${message}`),
  );
  expect(valuesOf(net, "a")).toEqual([
    [0, 0, 0, 0, 0, 0],
    [0, 0],
  ]);
  expect(valuesOf(net, "b")).toEqual([range(6), [7, 8]]);
  expect(lines.filter((line) => line.includes("Ignoring"))).toEqual([
    "info net.cpp:746 Ignoring source layer z",
    "info net.cpp:746 Ignoring source layer data",
  ]);
  await net.dispose();
});

test("of two source layers of one name the later counts", async () => {
  const net = await copied(input + ip("a"), [
    ["a", weight, bias],
    ["a", weight, { ...bias, data: [0, 9] }],
  ]);
  expect(valuesOf(net, "a")).toEqual([range(6), [0, 9]]);
  await net.dispose();
});

test("gradients are copied where the file has them, and double precision", async () => {
  const net = await copied(input + ip("a"), [
    ["a", { ...weight, diff: range(6) }, { shape: { dim: [2n] }, doubleData: [0.5, 1.5] }],
  ]);
  expect(net.params.get("a")?.map(({ diff }) => [...diff])).toEqual([range(6), [0, 0]]);
  expect(valuesOf(net, "a")?.[1]).toEqual([0.5, 1.5]);
  await net.dispose();
});

/** What is said where a Convolution's values fit into an InnerProduct, or the other way round. */
const surgery =
  "its values fit as they lie: rename the layer, and copy them with net.params.get(name)[0].data.set(values), as in " +
  "examples/notebooks/net_surgery.mjs";

describe("shapes of before 2014: four axes, the last ones count", () => {
  test.each([
    ["of InnerProduct", input + ip("a"), "a", legacy(1, 1, 2, 3, range(6)), legacy(1, 1, 1, 2, [7, 8])],
    ["of Convolution", conv, "conv", legacy(3, 2, 2, 2, range(24)), legacy(1, 1, 1, 3, range(3))],
  ])("%s", async (_, text, name, ...blobs) => {
    const net = await copied(text, [[name, ...blobs]]);
    expect(valuesOf(net, name)).toEqual(blobs.map(({ data }) => data));
    await net.dispose();
  });

  test.each([
    [legacy(2, 3, 1, 1, range(6)), "2 3 1 1 (6)", surgery],
    [legacy(1, 1, 3, 2, range(6)), "1 1 3 2 (6)", "to learn it from scratch, rename the layer"],
    [{ num: 1, data: range(6) }, "1 0 0 0 (0)", "to learn it from scratch, rename the layer"],
  ])("are refused elsewhere: %j", async (blob, shape, way) => {
    expect(await failure(input + ip("a"), [["a", blob, bias]])).toBe(
      `<text>:2:1: layer "a" (InnerProduct): parameter 0 has shape 2 3 (6), but in w.caffemodel it has ${shape}; ${way}`,
    );
  });

  test("are never those of a blob of five axes", async () => {
    const text =
      'layer { name: "i" type: "Input" top: "i" input_param { shape { dim: 1 dim: 1 dim: 2 dim: 2 dim: 2 } } } ' +
      'layer { name: "c" type: "Convolution" bottom: "i" top: "c" convolution_param { num_output: 1 kernel_size: 2 bias_term: false } }';
    expect(await failure(text, [["c", legacy(1, 2, 2, 2, range(8))]])).toContain("has shape 1 1 2 2 2 (8), but");
  });
});

test.each<[string, BlobInit[], string]>([
  ["too few blobs", [weight], "has 2 parameters, but in w.caffemodel it has 1"],
  ["none", [], "has 2 parameters, but in w.caffemodel it has 0"],
  ["too many", [weight, bias, bias], "has 2 parameters, but in w.caffemodel it has 3"],
  ["another shape", [weight, weight], "parameter 1 has shape 2 (2), but in w.caffemodel it has 2 3 (6)"],
  ["the same count in another shape", [{ ...weight, shape: { dim: [3n, 2n] } }, bias], "it has 3 2 (6); "],
  ["too few values", [weight, { ...bias, data: [1] }], "parameter 1 of shape 2 (2) has 1 values in w.caffemodel"],
  ["too many gradients", [weight, { ...bias, diff: [1, 2, 3] }], "parameter 1 of shape 2 (2) has 3 gradients"],
  ["nothing but a shape", [weight, { shape: { dim: [2n] } }], "parameter 1 of shape 2 (2) has 0 values"],
  ["nothing at all", [{}, bias], "parameter 0 has shape 2 3 (6), but in w.caffemodel it has (1)"],
])("%s: an error that names both, and nothing is copied", async (_, blobs, message) => {
  const net = await netFromText(input + ip("first") + ip("a"), { file: "net.prototxt" });
  expect(() => net.copyTrainedLayers(source(["first", weight, bias], ["a", ...blobs]), "w.caffemodel")).toThrow(
    message,
  );
  expect(() => net.copyTrainedLayers(source(["a", ...blobs]), "w.caffemodel")).toThrow('net.prototxt:3:1: layer "a"');
  expect(valuesOf(net, "first")).toEqual([
    [0, 0, 0, 0, 0, 0],
    [0, 0],
  ]);
  await net.dispose();
});

test("what a parameter shares may be missing; what it owns may not", async () => {
  const text = input + ip("a", 'param { name: "w" } param { }') + ip("b", 'param { name: "w" } param { name: "v" }');
  const own: BlobInit = { ...bias, data: [3, 4] };
  const net = await copied(text, [
    ["b", {}, own],
    ["a", weight, bias],
  ]);
  expect(valuesOf(net, "a")).toEqual([range(6), [7, 8]]);
  expect(valuesOf(net, "b")).toEqual([range(6), [3, 4]]);
  await net.dispose();
  const both =
    input + ip("a", 'param { name: "w" } param { name: "v" }') + ip("b", 'param { name: "w" } param { name: "v" }');
  const shared = await copied(both, [["a", weight, bias], ["b"]]);
  expect(valuesOf(shared, "b")).toEqual([range(6), [7, 8]]);
  await shared.dispose();
  expect(await failure(text, [["b", weight]])).toContain("has 2 parameters, but in w.caffemodel it has 1");
  expect(await failure(text, [["a", {}, bias]])).toContain(
    "parameter 0 has shape 2 3 (6), but in w.caffemodel it has (1)",
  );
});

import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { createFiles } from "../platform/memory-files.js";
import { makeBlob, writeNet } from "../proto/binary/index.js";
import { NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { parseNet } from "../proto/text/index.js";
import { concat } from "../util/bytes.js";
import { compareWeights, describeWeights, weightValues } from "./describe-weights.js";

function file(text: string, blobs: Readonly<Record<string, readonly (readonly number[])[]>>): Uint8Array {
  const { message } = parseNet(text);
  for (const layer of message.layer) {
    layer.blobs = (blobs[layer.name] ?? []).map((values) =>
      makeBlob([values.length], { data: Float32Array.from(values) }),
    );
  }
  return concat(writeNet(message));
}

const text = `name: "N"
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 } }
layer { name: "relu" type: "ReLU" bottom: "y" top: "y" }
`;
const files = createFiles({
  "a.caffemodel": file(text, {
    fc: [
      [1, -1, 0, Number.NaN],
      [2, 2],
    ],
  }),
  "b.caffemodel": file(`${text}layer { name: "more" type: "Bias" }\n`, { fc: [[1, -1, 3, 0]], more: [[1]] }),
});

test("weights are described layer by layer, with the net that they hold", async () => {
  const { name, layers, parameters, net } = await describeWeights("a.caffemodel", { files });
  expect([name, parameters]).toEqual(["N", 6]);
  expect(layers.map(({ name, type, blobs }) => [name, type, blobs.length])).toEqual([["fc", "InnerProduct", 2]]);
  const [weights, bias] = layers[0]?.blobs ?? [];
  expect(weights).toMatchObject({ shape: [4], min: -1, max: 1, mean: 0, notFinite: 1, zeros: 1 });
  expect(weights?.histogram.reduce((a, b) => a + b, 0)).toBe(3);
  expect(bias).toMatchObject({ min: 2, max: 2, deviation: 0 });
  expect(parseNet(net ?? "").message.layer.map(({ name, blobs }) => [name, blobs.length])).toEqual([
    ["fc", 0],
    ["relu", 0],
  ]);
});

test("one blob's values", async () => {
  expect(await weightValues("a.caffemodel", "fc", 1, { files })).toEqual({ shape: [2], values: Float32Array.of(2, 2) });
  await expect(weightValues("a.caffemodel", "fc", 2, { files })).rejects.toMatchObject({ code: "MOKA_WEIGHTS" });
});

test("two files are compared by the names of their layers", async () => {
  const compared = await compareWeights("b.caffemodel", "a.caffemodel", { files });
  expect(compared.map(({ layer, index, relative, largest }) => [layer, index, relative, largest])).toEqual([
    ["fc", 0, Number.NaN, Number.NaN],
    ["fc", 1, undefined, undefined],
    ["more", 0, undefined, undefined],
  ]);
  const same = await compareWeights("b.caffemodel", "b.caffemodel", { files });
  expect(same.map(({ relative, largest }) => [relative, largest])).toEqual([
    [0, 0],
    [0, 0],
  ]);
});

test("a net without anything has nothing", async () => {
  const empty = create(NetParameterSchema, { name: "E" });
  expect(await describeWeights(empty)).toEqual({ name: "E", layers: [], parameters: 0, net: undefined });
});

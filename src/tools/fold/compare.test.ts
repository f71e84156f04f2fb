import { expect, test } from "vitest";
import { folding, input, layer, trainedWeights } from "../../../test/folding.js";
import { netFromText } from "../../../test/nets.js";
import { blobValues } from "../../proto/binary/index.js";
import { compareNets } from "./compare.js";

const text =
  input([2, 3, 5, 5]) +
  layer("Convolution", "c", "data", "convolution_param { num_output: 4 kernel_size: 3 }") +
  layer("BatchNorm", "bn", "c", "", "c") +
  layer("ReLU", "r", "c", "", "c");

/** Compares after `change` was done to the folded weights of `c`. */
async function comparedAfter(change: (weights: Float32Array, bias: Float32Array) => void) {
  const weights = await trainedWeights(text);
  const folded = await folding(text, { weights });
  const blobs = folded.weights.layer.find(({ name }) => name === "c")?.blobs ?? [];
  const [w, b] = blobs.map((blob) => blobValues(blob).data) as [Float32Array, Float32Array];
  change(w, b);
  const setup = { phase: "TEST", backward: false, fuse: false } as const;
  const [before, after] = [await netFromText(text, setup), await netFromText(folded.text, setup)];
  before.copyTrainedLayers(weights);
  after.copyTrainedLayers(folded.weights);
  for (const net of [before, after])
    net.blobs.get("data")?.data.set(Float32Array.from({ length: 150 }, (_, i) => Math.sin(i)));
  return compareNets(before, after, folded.targets);
}

test("what is equal is within its bounds, and what came in place behind does not disturb", async () => {
  const { outputs, layers } = await comparedAfter(() => {});
  expect(outputs).toMatchObject([{ name: "c", shape: [2, 4, 3, 3] }]);
  expect(outputs[0]?.relativeError).toBeLessThan(1e-6);
  expect(layers[0]?.share).toBeLessThan(1);
});

test("finds the channel that is off, by how much, and that it is beyond its bound", async () => {
  const { outputs, layers } = await comparedAfter((_, bias) => {
    bias[2] = (bias[2] ?? 0) + 0.01;
  });
  expect(layers).toMatchObject([{ layer: "c", channel: 2 }]);
  expect(layers[0]?.error).toBeCloseTo(0.01, 5);
  expect(layers[0]?.share).toBeGreaterThan(1);
  expect(outputs[0]?.error).toBeCloseTo(0.01, 5);
});

test("a value that is no number is an infinite error", async () => {
  const { outputs, layers } = await comparedAfter((weights) => weights.fill(Number.NaN, 0, 1));
  expect(layers).toMatchObject([{ channel: 0, error: Number.POSITIVE_INFINITY, share: Number.POSITIVE_INFINITY }]);
  expect(outputs[0]?.relativeError).toBe(Number.POSITIVE_INFINITY);
});

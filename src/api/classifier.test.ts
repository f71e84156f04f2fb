import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { centerCrop, oversample, resizeImage } from "../tools/image-array.js";
import type { NdArray } from "../util/nd-array.js";
import { Classifier } from "./classifier.js";
import { Net } from "./net.js";

const folder = mkdtempSync(join(tmpdir(), "moka-classifier-"));
const weights = join(folder, "net.caffemodel");
afterAll(() => rmSync(folder, { recursive: true }));

const model = `layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 4 dim: 3 dim: 5 dim: 4 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }`;

beforeAll(async () => {
  const net = await Net.load(model, { seed: 5, engine: "reference" });
  await net.save(weights);
  await net.dispose();
});

const picture = (height: number, width: number, phase: number): NdArray => ({
  shape: [height, width, 3],
  data: Float32Array.from({ length: height * width * 3 }, (_, i) => (Math.sin(i * 0.7 + phase) + 1) / 2),
});

const settings = { rawScale: 255, channelSwap: [2, 1, 0], mean: { shape: [3], data: [104, 117, 123] } } as const;

/** The prediction for one crop of an image, computed without the class. */
async function answer(net: Net, part: NdArray): Promise<Float32Array> {
  const [height = 0, width = 0] = part.shape;
  const input = new Float32Array(4 * 3 * height * width);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < height * width; i++) {
      input[c * height * width + i] = (part.data[i * 3 + 2 - c] ?? 0) * 255 - (settings.mean.data[c] ?? 0);
    }
  }
  const { prob = new Float32Array(0) } = await net.forward({ data: input });
  return prob.slice(0, 3);
}

test("predicts the mean over ten crops, or for the center, in batches", async () => {
  const images = [picture(9, 11, 0), picture(7, 6, 1), picture(8, 6, 2)];
  const classifier = await Classifier.load(model, weights, { ...settings, imageDims: [8, 6], engine: "reference" });
  const net = await Net.load(model, { weights, engine: "reference" });
  const centers = await classifier.predict(images, false);
  const means = await classifier.predict(images);
  expect(centers.shape).toEqual([3, 3]);
  expect(means.shape).toEqual([3, 3]);
  for (const [index, image] of images.entries()) {
    const scaled = resizeImage(image, [8, 6]);
    const center = await answer(net, centerCrop(scaled, [5, 4]));
    const parts = [];
    for (const part of oversample([scaled], [5, 4])) parts.push(await answer(net, part));
    for (let c = 0; c < 3; c++) {
      expect(centers.data[index * 3 + c]).toBeCloseTo(center[c] ?? 0, 5);
      const mean = parts.reduce((sum, part) => sum + (part[c] ?? 0) / 10, 0);
      expect(means.data[index * 3 + c]).toBeCloseTo(mean, 5);
    }
  }
  await classifier.dispose();
  await net.dispose();
});

test("refuses a net without an image input, and an image that does not fit the net", async () => {
  const classifier = await Classifier.load(model, weights, { engine: "reference" });
  const gray = { shape: [5, 4, 1], data: new Float32Array(20) };
  await expect(classifier.predict([gray])).rejects.toThrow(/an image has 1 channels, the net's input "data" 3/);
  await classifier.dispose();
  const flat = 'layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 } } }\n';
  await expect(Classifier.load(flat, weights)).rejects.toThrow(/input "x" has shape 4 × 3/);
});

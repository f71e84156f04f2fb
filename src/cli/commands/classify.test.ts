import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "npyjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createImages } from "#platform";
import { moka } from "../../../test/cli.js";
import { Net } from "../../index.js";
import { makeBlob, writeBlobProto } from "../../proto/binary/index.js";

const folder = mkdtempSync(join(tmpdir(), "moka-classify-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string) => join(folder, name);

// The scores are the mean of each channel, divided by 100: blue, green, red.
writeFileSync(
  file("net.prototxt"),
  `layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 10 dim: 3 dim: 4 dim: 4 } } }
   layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" pooling_param { pool: AVE global_pooling: true } }
   layer { name: "scale" type: "Scale" bottom: "pool" top: "score" scale_param { filler { value: 0.01 } } }`,
);
const [net, weights, picture] = [file("net.prototxt"), file("net.caffemodel"), file("picture.png")];

beforeAll(async () => {
  const loaded = await Net.load(net);
  await loaded.save(weights);
  await loaded.dispose();
  const data = Uint8Array.from({ length: 8 * 6 * 3 }, (_, i) => [50, 150, 250][i % 3] ?? 0);
  writeFileSync(picture, await createImages().encode({ width: 8, height: 6, channels: 3, data }, "png"));
  writeFileSync(file("labels.txt"), "blue\ngreen\nred\n");
});

const scores = async (...args: string[]) => {
  const { out } = await moka("classify", net, weights, picture, "--json", ...args);
  const [{ predictions }] = JSON.parse(out) as [{ predictions: { index: number; score: number }[] }];
  return [0, 1, 2].map((index) => Number(predictions.find((each) => each.index === index)?.score.toFixed(4)));
};

test("prints the best classes as Caffe's example does", async () => {
  const { code, out } = await moka("classify", net, weights, picture, "--labels", file("labels.txt"), "--top", "2");
  expect(code).toBe(0);
  expect(out).toBe(`---------- Prediction for ${picture} ----------\n2.5000 - "red"\n1.5000 - "green"\n`);
});

test("takes scales, order of channels, mean and size", async () => {
  expect(await scores()).toEqual([0.5, 1.5, 2.5]);
  expect(await scores("--channel-swap", "0,1,2")).toEqual([2.5, 1.5, 0.5]);
  expect(await scores("--raw_scale", "510", "--no-oversample")).toEqual([1, 3, 5]);
  expect(await scores("--mean", "50", "--input-scale=2")).toEqual([0, 2, 4]);
  expect(await scores("--mean", "10,20,30", "--images-dim", "5,6")).toEqual([0.4, 1.3, 2.2]);
  writeFileSync(file("mean.npy"), new Uint8Array(dump(Float32Array.of(10, 20, 30), [3], { dtype: "f4" })));
  expect(await scores("--mean", file("mean.npy"))).toEqual([0.4, 1.3, 2.2]);
  const image = Float32Array.from({ length: 48 }, (_, i) => 10 * (1 + Math.floor(i / 16)));
  writeFileSync(file("mean.binaryproto"), writeBlobProto(makeBlob([1, 3, 4, 4], { data: image })));
  expect(await scores("--mean", file("mean.binaryproto"))).toEqual([0.4, 1.3, 2.2]);
});

test("smooths pictures if asked to, so that their edges get darker", async () => {
  const [blue, green, red] = await scores("--anti-aliasing", "--no-oversample");
  expect(blue).toBe(0.5);
  expect(green).toBeLessThan(1.48);
  expect(red).toBeLessThan(2.46);
});

test("calls that are wrong", async () => {
  expect((await moka("classify", net, weights)).code).toBe(2);
  expect((await moka("classify", net, weights, picture, "--mean", "1,2")).err).toContain("the mean has 2 channels");
  expect((await moka("classify", net, weights, picture, "--images-dim", "5")).code).toBe(2);
  expect((await moka("classify", net, weights, picture, "--images-dim", "3,3")).code).toBe(2);
  const { code, err } = await moka("classify", net, weights, file("labels.txt"));
  expect(code).toBe(1);
  expect(err).toContain("labels.txt");
});

test("ONNX Runtime gives the same scores", async () => {
  expect(await scores("--engine", "onnxruntime")).toEqual(await scores());
  expect(await scores("--engine", "onnxruntime", "--no-oversample")).toEqual(await scores("--no-oversample"));
});

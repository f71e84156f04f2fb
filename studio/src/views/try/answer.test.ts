import { expect, test } from "vitest";
import { bestClasses, boxesOf, classScores, digitFrame, saliencyOf, softmax, toGray } from "./answer.js";

const layer = (name: string, type: string, bottoms: readonly string[], tops: readonly string[]) => ({
  name,
  type,
  bottoms,
  tops,
});

test("scores are a softmax's, or what goes into its loss", () => {
  const ip = layer("ip", "InnerProduct", ["x"], ["ip"]);
  const deploy = classScores([ip, layer("prob", "Softmax", ["ip"], ["prob"])]);
  expect(deploy).toEqual({ blob: "prob", isProbability: true, logits: "ip", maker: "ip" });
  const split = layer("ip_split", "Split", ["ip"], ["ip_0", "ip_1"]);
  const train = classScores([
    ip,
    split,
    layer("acc", "Accuracy", ["ip_0", "l"], ["acc"]),
    layer("loss", "SoftmaxWithLoss", ["ip_1", "l"], ["loss"]),
  ]);
  expect(train).toEqual({ blob: "ip", isProbability: false, logits: "ip", maker: "ip" });
  expect(classScores([layer("data", "Input", [], ["x"])])).toBeUndefined();
});

test("the likeliest classes are of the first row, and sum to at most 1", () => {
  const best = bestClasses(Float32Array.of(0, 2, 1, 9, 9, 9), 2, false, 2);
  expect(best.map(({ index }) => index)).toEqual([1, 2]);
  expect(best[0]?.value).toBeCloseTo(Math.exp(2) / (1 + Math.exp(1) + Math.exp(2)), 5);
  expect([...softmax([1000, 1000])]).toEqual([0.5, 0.5]);
});

test("boxes are rows of image 0 that are sure enough, the surest first", () => {
  const rows = [
    0, 1, 0.4, 0.1, 0.1, 0.2, 0.2, 0, 2, 0.9, 0, 0, 1, 1, 1, 1, 0.9, 0, 0, 1, 1, -1, -1, -1, -1, -1, -1, -1,
  ];
  expect(boxesOf(rows, 0.3).map(({ label, score }) => [label, score])).toEqual([
    [2, 0.9],
    [1, 0.4],
  ]);
});

test("pictures of values use all of black to white; a constant is black", () => {
  expect([...toGray(Float32Array.of(-1, 0, 1))]).toEqual([0, 128, 255]);
  expect([...toGray(Float32Array.of(3, 3))]).toEqual([0, 0]);
  expect([...saliencyOf(Float32Array.of(1, -4, -2, 3), 2)]).toEqual([2, 4]);
});

test("a digit's frame is a square around it, with a margin of data sets'", () => {
  const alpha = new Uint8Array(100);
  for (const y of [2, 3, 4, 5, 6, 7]) alpha[y * 10 + 5] = 255;
  const frame = digitFrame(alpha, 10, 10);
  expect(frame?.size).toBeCloseTo(8.4, 5);
  expect([frame?.x, frame?.y]).toEqual([expect.closeTo(5.5 - 4.2, 5), expect.closeTo(5 - 4.2, 5)]);
  expect(digitFrame(new Uint8Array(100), 10, 10)).toBeUndefined();
});

// Numbers: by hand.
// No gradient: the fork's is not the derivative; its rule is tested by an example.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "") =>
  `layer { name: "layer" type: "YoloSeg" bottom: "x" bottom: "t" bottom: "m" top: "loss" ${param} }`;

test("weighs marked pixels of rare classes more; its gradient is the fork's", async () => {
  const shapes = { x: [1, 1, 2, 2], t: [1, 1, 2, 2], m: [1, 1] };
  const net = await layerNet(layer("yolo_seg_param { object_scale: 3 } loss_weight: 2"), shapes, {
    header: "force_backward: true",
  });
  const { loss } = await net.forward({ x: [0, 0, 0, Math.log(3)], t: [1, 0, 0, 0], m: [1] });
  // p = 0.5, 0.5, 0.5, 0.75; the weight of the first is 3·(2 − 1/3) = 5.
  expect(loss[0]).toBeCloseTo(2.5 ** 2 + 2 * 1.5 ** 2 + 2.25 ** 2, 5);
  await net.backward();
  const wanted = [-5, 3, 3, 4.5];
  [...(net.blobs.get("x")?.diff ?? [])].forEach((value, i) => void expect(value).toBeCloseTo(wanted[i] ?? 0, 5));
  await net.dispose();
});

test("is divided by the batch, and counts marks over all of it", async () => {
  const x = { shape: [2, 1, 1, 2], data: [0, 0, 0, 0] };
  const t = { shape: [2, 1, 1, 2], data: [1, 0, 0, 0] };
  const m = { shape: [2, 1], data: [1, 0] };
  const weight = 5 * (2 - 1 / 3);
  const { loss } = await runLayer(layer(), { x, t, m });
  expect(loss.data[0]).toBeCloseTo(((weight / 2) ** 2 + 3 * 2.5 ** 2) / 2, 4);
});

test("errors", async () => {
  const x = { shape: [1, 1, 1, 1], data: [0] };
  await expect(runLayer(layer(), { x, t: x, m: { shape: [1, 1], data: [1] } })).rejects.toThrow(
    /all pixels of class 0/,
  );
  expect(await buildError(layer(), { x: [1, 2, 1, 1], t: [1, 1, 1, 1], m: [1, 2] })).toMatch(/marks of the same shape/);
  expect(await buildError(layer(), { x: [1, 2, 1, 1], t: [1, 2, 1, 1], m: [1, 1] })).toMatch(
    /third bottom .* \(1, 2\); it is/,
  );
});

testContract("YoloSeg", { inputs: { x: [2, 2, 2, 2], label: [2, 2, 2, 2], labelm: [2, 2] } });

import { expect, test } from "vitest";
import { exportError, exported, runOnnx } from "../../../test/onnx/exported.js";
import { oneLayer } from "../../../test/onnx/one-layer.js";

const draw = (i: number, input: string) => (input === "x0" ? 3 * Math.sin(i * 5) : i % 2);
test.each([
  ["SoftmaxWithLoss", []],
  ["SoftmaxWithLossOHEM", []],
  ["InfogainLoss", [[3, 3]]],
])("%s: its second top is the softmax", async (type, matrix) => {
  const layer = `type: "${type}" top: "loss" top: "p" loss_weight: 1 loss_weight: 0`;
  const net = oneLayer(layer, [2, 3, 4], [2, 4], ...matrix);
  const { exported: own } = await exported(net);
  expect(Object.keys(own.outputs)).toEqual(["p"]);
  const more = [{ x0: [5, 3, 4], x1: [5, 4] }];
  for (const opset of [11, 13]) {
    expect(await exportError(net, { draw, opset, batch: "dynamic", more })).toBeLessThan(1e-6);
  }
});

test("softmax_param.axis", async () => {
  const loss = `type: "SoftmaxWithLoss" softmax_param { axis: -1 } top: "loss" top: "p" loss_weight: 1 loss_weight: 0`;
  expect(await exportError(oneLayer(loss, [2, 4, 3], [2, 4]), { draw })).toBeLessThan(1e-6);
});

test("without a second top the softmax is an output prob, and labels are no input", async () => {
  const { exported: net, bytes } = await exported(oneLayer(`type: "SoftmaxWithLoss"`, [1, 2], [1]));
  expect(net.inputs).toEqual({ x0: ["N", 2] });
  expect(net.outputs).toEqual({ prob: ["N", 2] });
  const { prob } = await runOnnx(bytes, { x0: { shape: [1, 2], data: Float32Array.of(0, Math.log(3)) } });
  expect(prob.data[1]).toBeCloseTo(0.75, 6);
});

test.each([
  [
    "a blob has the name prob",
    `layer { name: "prob" type: "AbsVal" bottom: "x0" top: "prob" }`,
    ["prob", "layer_prob"],
  ],
  [
    "another loss has a prob",
    `layer { name: "two" type: "SoftmaxWithLoss" bottom: "x0" bottom: "x1" top: "l" }`,
    ["layer_prob", "two_prob"],
  ],
])("<layer>_prob where %s", async (_, more, outputs) => {
  const { exported: net } = await exported(`${oneLayer(`type: "SoftmaxWithLoss"`, [2, 3], [2])}\n${more}`);
  expect(Object.keys(net.outputs)).toEqual(outputs);
});

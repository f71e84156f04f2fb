import { expect, test } from "vitest";
import { exported, runOnnx } from "../../../test/onnx/exported.js";
import { oneLayer } from "../../../test/onnx/one-layer.js";

test("the sigmoid of the scores is an output prob, and targets are no input", async () => {
  const { exported: net, bytes } = await exported(oneLayer(`type: "SigmoidCrossEntropyLoss"`, [1, 2], [1, 2]));
  expect(net.inputs).toEqual({ x0: ["N", 2] });
  expect(net.outputs).toEqual({ prob: ["N", 2] });
  const { prob } = await runOnnx(bytes, { x0: { shape: [1, 2], data: Float32Array.of(0, Math.log(3)) } });
  expect(prob.data[0]).toBe(0.5);
  expect(prob.data[1]).toBeCloseTo(0.75, 6);
});

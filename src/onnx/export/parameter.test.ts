import { expect, test } from "vitest";
import { exportError, exported, runOnnx, weightsOf } from "../../../test/onnx/exported.js";
import { oneLayer } from "../../../test/onnx/one-layer.js";

test("Parameter is a constant", async () => {
  const net = `layer { name: "p" type: "Parameter" top: "p" parameter_param { shape { dim: 2 dim: 3 } } }
    ${oneLayer(`type: "Eltwise" bottom: "p"`, [2, 3])}`;
  const weights = weightsOf({ p: [{ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }] });
  expect(await exportError(net, { weights })).toBeLessThan(1e-6);
});

test("a Parameter that is an output", async () => {
  const net = `layer { name: "p" type: "Parameter" top: "p" parameter_param { shape { dim: 2 } } }
    ${oneLayer(`type: "AbsVal"`, [2])}`;
  const weights = weightsOf({ p: [{ shape: [2], data: Float32Array.of(1, 2) }] });
  const { bytes } = await exported(net, weights);
  const { p } = await runOnnx(bytes, { x0: { shape: [2], data: new Float32Array(2) } });
  expect([...p.data]).toEqual([1, 2]);
});

import { expect, test } from "vitest";
import { operatorsOf, testExport } from "../../../test/onnx/one-layer.js";

const x = [2, 3, 4];
testExport(`type: "Eltwise"`, [x, x, x]);
testExport(`type: "Eltwise" eltwise_param { coeff: -2 coeff: -1 coeff: 0.5 }`, [x, x, x]);
testExport(`type: "Eltwise" eltwise_param { coeff: 1 coeff: 0 }`, [x, x]);
testExport(`type: "Eltwise" eltwise_param { operation: PROD }`, [x, x, x]);
testExport(`type: "Eltwise" eltwise_param { operation: MAX }`, [x, x, x], {
  error: 0,
  draw: (i, name) => Math.sin(i * (name.charCodeAt(1) - 40)),
});

test("a difference is one Sub", async () => {
  expect(await operatorsOf(`type: "Eltwise" eltwise_param { coeff: 1 coeff: -1 }`, [x, x])).toEqual(["Sub"]);
});

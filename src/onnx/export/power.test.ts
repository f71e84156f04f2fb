import { expect, test } from "vitest";
import { exported, runOnnx } from "../../../test/onnx/exported.js";
import { oneLayer, testExport } from "../../../test/onnx/one-layer.js";

const shapes = [[2, 3, 4]];
testExport(`type: "Power" power_param { scale: 2 shift: -0.25 }`, shapes);
testExport(`type: "Power" power_param { shift: 1.5 }`, shapes);
testExport(`type: "Power" power_param { power: 3 scale: 0.5 shift: 1 }`, shapes);
testExport(`type: "Power" power_param { power: -1 shift: 4 }`, shapes);
testExport(`type: "Power" power_param { power: 0.5 shift: 2 }`, shapes);
// A constant, whatever x is: 0 to the power of 0 is 1.
testExport(`type: "Power" power_param { power: 0 }`, shapes, { error: 0, draw: () => Number.NaN });
testExport(`type: "Power" power_param { power: 2 scale: 0 shift: 3 }`, shapes, { error: 0, draw: () => Infinity });

test.each([
  ["a negative base and a whole power", "power: 2"],
  ["a negative base and an odd power", "power: -3"],
  ["a negative base and a power with a fraction: NaN", "power: 0.5"],
])("%s", async (_, param) => {
  const { bytes } = await exported(oneLayer(`type: "Power" power_param { ${param} }`, [4]));
  const power = Number(param.split(" ")[1]);
  const values = Float32Array.of(-2, -0.5, 0.5, 2);
  const found = await runOnnx(bytes, { x0: { shape: [4], data: values } });
  expect([...found["y"].data]).toEqual(Array.from(values, (x) => Math.fround(x ** power)));
});

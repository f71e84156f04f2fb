import { expect, test } from "vitest";
import { operatorsOf, testExport } from "../../../test/onnx/one-layer.js";

const draw = (i: number) => 9 * Math.sin(i);
testExport(`type: "ReLU"`, [[2, 3, 4]], { draw, error: 0 });
testExport(`type: "ReLU" relu_param { negative_slope: 0.1 }`, [[2, 3, 4]], { draw });
testExport(`type: "ReLU" relu_param { negative_slope: -0.5 }`, [[2, 3, 4]], { draw });
testExport(`type: "ReLU" relu_param { relu6: true }`, [[2, 3, 4]], { draw, error: 0 });
testExport(`type: "ReLU" relu_param { relu6: true negative_slope: 0.2 }`, [[2, 3, 4]], { draw });

test("relu6 is one Clip", async () => {
  expect(await operatorsOf(`type: "ReLU" relu_param { relu6: true }`, [[2, 3]])).toEqual(["Clip"]);
});

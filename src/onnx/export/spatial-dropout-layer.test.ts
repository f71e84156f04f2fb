import { expect, test } from "vitest";
import { exported } from "../../../test/onnx/exported.js";
import { oneLayer, testExport } from "../../../test/onnx/one-layer.js";

const layer = (phase: string) =>
  `type: "Python" python_param { module: "spatial_dropout" layer: "SpatialDropoutLayer" param_str: "{ 'phase': '${phase}', 'p': 0.25 }" }`;
testExport(layer("TEST"), [[2, 3, 4]]);

test("with phase TRAIN it is refused", async () => {
  await expect(exported(oneLayer(layer("TRAIN"), [2, 3, 4]))).rejects.toThrow("drops channels at random");
});

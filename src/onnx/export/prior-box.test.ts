import { expect, test } from "vitest";
import { exportError, exported } from "../../../test/onnx/exported.js";

const text = `
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 12 dim: 16 } } }
  layer { name: "map" type: "Pooling" bottom: "data" top: "map" pooling_param { kernel_size: 4 stride: 4 } }
  layer { name: "priors" type: "PriorBox" bottom: "map" bottom: "data" top: "priors"
    prior_box_param { min_size: 4 max_size: 8 aspect_ratio: 2 clip: true variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 } }`;

test.each([11, 22])("the boxes are a constant in opset %d, for batches of any size", async (opset) => {
  expect(await exportError(text, { opset, more: [{ data: [5, 3, 12, 16] }] })).toBe(0);
});

test("they are stored with the net", async () => {
  const { exported: net } = await exported(text);
  expect(net.model.graph?.initializer.map(({ dims }) => dims.map(Number))).toContainEqual([1, 2, 3 * 4 * 4 * 4]);
  expect(net.outputs.priors).toEqual([1, 2, 192]);
});

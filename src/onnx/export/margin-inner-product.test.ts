import { expect, test } from "vitest";
import { exported } from "../../../test/onnx/exported.js";
import { oneLayer, testExport } from "../../../test/onnx/one-layer.js";

const layer = (type: string) =>
  `type: "MarginInnerProduct" margin_inner_product_param { num_output: 3 type: ${type} weight_filler { type: "gaussian" std: 2 } }`;
const draw = (i: number, input: string) => (input === "x1" ? i % 3 : Math.sin(i * 5));
testExport(layer("SINGLE"), [[2, 4], [2]], { draw });
testExport(layer("SINGLE"), [[2, 2, 2], [2]], { draw });

test("a margin needs labels", async () => {
  const text = oneLayer(layer("TRIPLE"), [2, 4], [2]);
  await expect(exported(text)).rejects.toThrow("is without the margin of 3; this is only an approximation");
  const { exported: net } = await exported(text, undefined, { approximate: true });
  expect(net.approximations).toHaveLength(1);
  expect(Object.keys(net.inputs)).toEqual(["x0"]);
});

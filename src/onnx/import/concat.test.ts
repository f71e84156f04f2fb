import { expect, test } from "vitest";
import { floats, same } from "../../../test/onnx/nodes.js";

test.each([1, -1, 0, 2])("along axis %i", async (axis) => {
  const sizes = (size: number) => [2, 3, 4, 5].map((own, i) => (i === (axis + 4) % 4 ? size : own));
  const types = await same({
    inputs: { a: sizes(1), b: sizes(2) },
    constants: { c: floats(sizes(3)) },
    nodes: [{ op: "Concat", inputs: ["a", "c", "b", "a"], attributes: { axis } }],
    tolerance: 0,
  });
  expect(types).toEqual({ moka: "Parameter Concat", bvlc: "Parameter Concat" });
});

test("of one input nothing is left", async () => {
  expect(
    (await same({ inputs: { x: [2, 3] }, nodes: [{ op: "Concat", inputs: ["x"], attributes: { axis: 1 } }] })).bvlc,
  ).toBe("Split");
});

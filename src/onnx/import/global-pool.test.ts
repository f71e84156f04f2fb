import { expect, test } from "vitest";
import { node, same } from "../../../test/onnx/nodes.js";

test.each(["GlobalAveragePool", "GlobalMaxPool"])("%s", async (op) => {
  const of = (x: readonly number[]) => same({ inputs: { x }, nodes: [node(op)] });
  expect(await of([2, 3, 4, 5])).toEqual({ moka: "Pooling", bvlc: "Pooling" });
  expect(await of([2, 3, 7])).toEqual({ moka: "Reshape Pooling Reshape", bvlc: "Reshape Pooling Reshape" });
  await of([2, 3, 2, 4, 3]);
});

import { expect, test } from "vitest";
import { ints, node, same } from "../../../test/onnx/nodes.js";

test("Tile along each axis", async () => {
  const check = {
    inputs: { x: [1, 3, 2] },
    constants: { n: ints([2, 1, 3]) },
    nodes: [node("Tile", {}, ["n"])],
    tolerance: 0,
  };
  expect(await same(check)).toEqual({ moka: "Tile Tile", bvlc: "Tile Tile" });
});

test("Expand to a shape", async () => {
  const check = {
    inputs: { x: [1, 3, 1] },
    constants: { n: ints([2, 1, 1, 4]) },
    nodes: [node("Expand", {}, ["n"])],
    tolerance: 0,
  };
  expect(await same(check)).toEqual({ moka: "Reshape Tile Tile", bvlc: "Reshape Tile Tile" });
});

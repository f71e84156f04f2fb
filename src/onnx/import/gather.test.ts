import { expect, test } from "vitest";
import { ints, node, refused, same } from "../../../test/onnx/nodes.js";

const gather = (places: ReturnType<typeof ints>, axis = 1) => ({
  inputs: { x: [2, 5, 3] },
  constants: { places },
  nodes: [node("Gather", { axis }, ["places"])],
  tolerance: 0,
});

test.each([
  ["one", ints([2], []), "Slice Flatten Silence"],
  ["the last", ints([-1], []), "Slice Flatten Silence"],
  ["some in a row", ints([1, 2, 3]), "Slice Silence"],
  ["another order", ints([4, 3, 0, 1, 2]), "Slice Concat"],
  ["some twice", ints([0, 0, 3]), "Slice Concat Silence"],
  ["a table", ints([0, 1, 3, 2], [2, 2]), "Slice Concat Reshape Silence"],
] as const)("%s", async (_, places, types) => {
  expect((await same(gather(places))).bvlc).toBe(types);
});

test("an index beyond the axis is no model", async () => {
  await expect(refused(gather(ints([5])))).rejects.toThrow("indices 5 are not all of an axis of 5");
});

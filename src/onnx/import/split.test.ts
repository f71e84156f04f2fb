import { expect, test } from "vitest";
import { ints, refused, same } from "../../../test/onnx/nodes.js";

const inputs = { x: [2, 6, 4, 5] };
const outputs = ["a", "b", "c"];

test("parts of lengths, and equal ones", async () => {
  const split = { op: "Split", inputs: ["x", "lengths"], outputs, attributes: { axis: 1 } };
  const given = { inputs, constants: { lengths: ints([1, 2, 3]) }, nodes: [split], outputs, tolerance: 0 };
  expect((await same(given)).bvlc).toBe("Slice");
  expect((await same({ ...given, nodes: [{ ...split, inputs: ["x"] }] })).bvlc).toBe("Slice");
  expect(
    (
      await same({
        ...given,
        opset: 11,
        nodes: [{ ...split, inputs: ["x"], attributes: { axis: 1, split: [3, 1, 2] } }],
      })
    ).bvlc,
  ).toBe("Slice");
});

test("parts that nothing reads are silenced", async () => {
  const nodes = [{ op: "Split", inputs: ["x"], outputs, attributes: { axis: 1 } }];
  expect((await same({ inputs, nodes, outputs: ["b"], tolerance: 0 })).bvlc).toBe("Slice Silence");
});

test("an empty part is refused", async () => {
  const nodes = [{ op: "Split", inputs: ["x", "lengths"], outputs, attributes: { axis: 1 } }];
  await expect(refused({ inputs, constants: { lengths: ints([0, 2, 4]) }, nodes, outputs })).rejects.toThrow(
    "a part is empty (0, 2, 4)",
  );
});

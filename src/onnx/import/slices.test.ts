import { expect, test } from "vitest";
import { ints, modelOf, type NodeSpec, same } from "../../../test/onnx/nodes.js";
import { importOnnx } from "../../api/import-onnx.js";

/** Parts of axis 1 of x, each by a Slice. */
function parts(ranges: readonly (readonly [number, number])[], axis = 1) {
  const constants = Object.fromEntries(
    ranges.flatMap(([start, end], i) => [
      [`s${i}`, ints([start])],
      [`e${i}`, ints([end])],
    ]),
  );
  const nodes = ranges.map(
    (_, i): NodeSpec => ({ op: "Slice", inputs: ["x", `s${i}`, `e${i}`, "axis"], outputs: [`y${i}`] }),
  );
  return {
    inputs: { x: [2, 9, 4] },
    constants: { ...constants, axis: ints([axis]) },
    nodes,
    outputs: ranges.map((_, i) => `y${i}`),
    tolerance: 0,
  };
}

test("equal parts, each a Slice in the model, are one layer", async () => {
  expect(
    (
      await same(
        parts([
          [0, 3],
          [3, 6],
          [6, 9],
        ]),
      )
    ).bvlc,
  ).toBe("Slice");
  expect(
    (
      await same(
        parts([
          [3, 6],
          [6, 9],
          [0, 3],
        ]),
      )
    ).bvlc,
  ).toBe("Slice");
});

test("what overlaps, or lies on another axis, is a layer of its own", async () => {
  expect(
    (
      await same(
        parts([
          [0, 5],
          [4, 9],
        ]),
      )
    ).bvlc,
  ).toBe("Slice Slice Silence");
  expect(
    (
      await same(
        parts([
          [0, 5],
          [0, 5],
        ]),
      )
    ).bvlc,
  ).toBe("Slice Slice Silence");
});

test("what nothing reads goes to one Silence; a target without it has more outputs, and the notes say so", async () => {
  const check = parts([
    [1, 3],
    [6, 8],
  ]);
  expect((await same(check)).bvlc).toBe("Slice Silence");
  const { notes, net } = await importOnnx(modelOf(check), { target: "nnie" });
  expect(net.layer.at(-1)?.top).toEqual(["y0/rest0", "y0", "y1/rest0", "y1", "y1/rest1"]);
  expect(notes).toEqual([
    'the net has more outputs than the model: "y0/rest0", "y1/rest0", "y1/rest1"; nothing reads them, and HiSilicon\'s NNIE has no Silence',
  ]);
});

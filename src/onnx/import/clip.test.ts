import { expect, test } from "vitest";
import { draw, floats, node, same } from "../../../test/onnx/nodes.js";
import { float } from "../model.js";

const inputs = { x: [2, 3, 4, 5] };
const targets = ["moka", "bvlc", "nnie", "rknn"];
const composed = "Power Eltwise Power";

test.each([
  ["0 to 6", [0, 6], { moka: "ReLU6", bvlc: "Clip", nnie: `ReLU ${`Power ${composed}`}`, rknn: "ReLU6" }],
  ["0 on", [0, undefined], { moka: "ReLU", bvlc: "ReLU", nnie: "ReLU", rknn: "ReLU" }],
  [
    "-1 to 1.5",
    [-1, 1.5],
    { moka: "Clip", bvlc: "Clip", nnie: `Power Eltwise Power ${composed}`, rknn: `Power Eltwise Power ${composed}` },
  ],
  ["up to 0.5", [undefined, 0.5], { moka: "Clip", bvlc: "Clip", nnie: `Power ${composed}`, rknn: `Power ${composed}` }],
  ["nothing", [undefined, undefined], { moka: "Split", bvlc: "Split", nnie: "Split", rknn: "Split" }],
] as const)("clips %s exactly", async (_, [min, max], types) => {
  const constants = {
    ...(min !== undefined && { min: floats([], [min]) }),
    ...(max !== undefined && { max: floats([], [max]) }),
  };
  const nodes = [node("Clip", {}, [min === undefined ? "" : "min", max === undefined ? "" : "max"])];
  expect(await same({ inputs, constants, nodes, targets, tolerance: 0, draw: (i) => 5 * draw(i) })).toEqual(types);
});

test("bounds were attributes before opset 11", async () => {
  const types = await same({ opset: 9, inputs, nodes: [node("Clip", { min: -0.5, max: float(1) })], tolerance: 0 });
  expect(types).toEqual({ moka: "Clip", bvlc: "Clip" });
});

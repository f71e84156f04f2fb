import { expect, test } from "vitest";
import { draw, node, same } from "../../../test/onnx/nodes.js";

const check = { inputs: { x: [2, 3, 4, 5] }, opset: 14, draw: (i: number) => 3 * draw(i) };

test("HardSigmoid", async () => {
  expect(await same({ ...check, nodes: [node("HardSigmoid", { alpha: 0.3, beta: 0.4 })] })).toEqual({
    moka: "HardSigmoid",
    bvlc: "Power Clip",
  });
});

test("HardSwish", async () => {
  expect(await same({ ...check, nodes: [node("HardSwish")] })).toEqual({
    moka: "HardSwish",
    bvlc: "Power Clip Eltwise",
  });
});

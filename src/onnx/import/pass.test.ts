import { expect, test } from "vitest";
import { node, refused, same } from "../../../test/onnx/nodes.js";

const inputs = { x: [2, 3] };

test("Identity, Dropout and Cast to floats are nothing", async () => {
  const nodes = [
    { op: "Relu", inputs: ["x"], outputs: ["a"] },
    { op: "Identity", inputs: ["a"], outputs: ["b"] },
    { op: "Dropout", inputs: ["b"], outputs: ["c"] },
    { op: "Cast", inputs: ["c"], attributes: { to: 1 } },
  ];
  expect(await same({ inputs, nodes })).toEqual({ moka: "ReLU", bvlc: "ReLU" });
});

test("a Cast to integers is refused", async () => {
  await expect(refused({ inputs, nodes: [node("Cast", { to: 7 })] })).rejects.toThrow("it casts to INT64");
});

import { expect, test } from "vitest";
import { node, same } from "../../../test/onnx/nodes.js";
import { float } from "../model.js";

const inputs = { x: [2, 3, 4, 5] };
const positive = (i: number) => 0.1 + ((i * 37) % 50) / 10;

test.each([
  ["Relu", {}, "ReLU"],
  ["LeakyRelu", { alpha: 0.1 }, "ReLU"],
  ["LeakyRelu", {}, "ReLU"],
  ["Sigmoid", {}, "Sigmoid"],
  ["Tanh", {}, "TanH"],
  ["Elu", { alpha: float(1.5) }, "ELU"],
  ["Exp", {}, "Exp"],
  ["Abs", {}, "AbsVal"],
  ["Neg", {}, "Power"],
  ["Softplus", {}, "BNLL"],
  ["Selu", {}, "ELU Power"],
  ["Softsign", {}, "AbsVal Power Eltwise"],
] as const)("%s is computed alike", async (op, attributes, types) => {
  expect(await same({ inputs, nodes: [node(op, attributes)] })).toEqual({ moka: types, bvlc: types });
});

test.each(["Log", "Sqrt", "Reciprocal"])("%s is computed alike", async (op) => {
  const type = op === "Log" ? "Log" : "Power";
  expect(await same({ inputs, nodes: [node(op)], draw: positive })).toEqual({ moka: type, bvlc: type });
});

test("Mish is a layer or its parts", async () => {
  expect(await same({ opset: 18, inputs, nodes: [node("Mish")] })).toEqual({ moka: "Mish", bvlc: "BNLL TanH Eltwise" });
});

// Random graphs of a few operators, whose values are read by several nodes, passed on, and given out: imported, they give what ONNX Runtime gives.
import { expect, test } from "vitest";
import { Dice } from "../dice.js";
import { floats, type ModelSpec, type NodeSpec, same } from "./nodes.js";

const shape = [2, 4, 3, 3];
const constants = {
  w: floats([4, 4, 1, 1]),
  b: floats([4, 1, 1]),
  g: floats([4]),
  m: floats([4]),
  v: floats([4], [1, 2, 0.5, 1]),
  s: floats([1]),
};

/** Operators of one and of two values of one shape. */
const unary: readonly (readonly [op: string, more: readonly string[], attributes?: NodeSpec["attributes"]])[] = [
  ["Relu", []],
  ["Sigmoid", []],
  ["Tanh", []],
  // More often, because it makes several names of one blob.
  ["Identity", []],
  ["Identity", []],
  ["Dropout", []],
  ["Neg", []],
  ["Conv", ["w"]],
  ["Add", ["b"]],
  ["Mul", ["b"]],
  ["BatchNormalization", ["g", "m", "m", "v"]],
  ["PRelu", ["s"]],
  ["MaxPool", [], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }],
  ["AveragePool", [], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }],
  ["Softmax", [], { axis: 1 }],
];
const binary = ["Add", "Mul", "Sub", "Max"];

function graph(dice: Dice): ModelSpec {
  const values = ["x"];
  const nodes: NodeSpec[] = [];
  for (let i = 0; i < 4 + dice.below(8); i++) {
    const [a, b] = [dice.of(values), dice.of(values)];
    const [op, more, attributes] = dice.of(unary);
    const inputs = dice.chance(0.3) ? [a, b] : [a, ...more];
    const isPair = inputs[1] === b && more[0] !== b;
    nodes.push({
      op: isPair ? dice.of(binary) : op,
      inputs,
      outputs: [`v${i}`],
      ...(isPair || !attributes ? {} : { attributes }),
    });
    values.push(`v${i}`);
  }
  const made = values.slice(1);
  const outputs = [...new Set([values.at(-1) ?? "x", ...made.filter(() => dice.chance(0.25))])];
  return { opset: 13, inputs: { x: shape }, constants, nodes, outputs };
}

test.each(Array.from({ length: 10 }, (_, i) => i))("graphs %i", async (seed) => {
  const dice = new Dice(seed);
  for (let i = 0; i < 8; i++) {
    const spec = graph(dice);
    const types = await same({ ...spec, tolerance: 1e-5, targets: ["moka", "bvlc", "nnie"] });
    expect(Object.keys(types).length, JSON.stringify(spec.nodes)).toBe(3);
  }
});

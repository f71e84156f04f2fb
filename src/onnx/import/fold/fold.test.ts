import { expect, test } from "vitest";
import { floats, ints, modelOf, type NodeSpec, refused, same } from "../../../../test/onnx/nodes.js";
import { importOnnx } from "../../../api/import-onnx.js";
import type { AttributeValue } from "../../model.js";
import type { Constant } from "../../tensor.js";

type Attributes = Readonly<Record<string, AttributeValue>>;

/** A node of constants, whose result, as floats, is multiplied with a blob of one value: what is left is a constant. */
async function folded(
  op: string,
  constants: Readonly<Record<string, Constant>>,
  attributes: Attributes = {},
  opset = 13,
): Promise<void> {
  const nodes: NodeSpec[] = [
    { op, inputs: Object.keys(constants), outputs: ["value"], attributes },
    { op: "Cast", inputs: ["value"], outputs: ["floats"], attributes: { to: 1 } },
    { op: "Mul", inputs: ["x", "floats"] },
  ];
  const { moka = "" } = await same({
    opset,
    inputs: { x: await oneFor(op, constants, attributes, opset) },
    constants,
    nodes,
    targets: ["moka"],
  });
  expect(moka).toMatch(/^(Power|Scale|Split)$/);
}

/** The shape of the constant, which the blob gets, so that nothing is repeated. */
async function oneFor(
  op: string,
  constants: Readonly<Record<string, Constant>>,
  attributes: Attributes,
  opset: number,
): Promise<readonly number[]> {
  const nodes: NodeSpec[] = [
    { op, inputs: Object.keys(constants), outputs: ["value"], attributes },
    { op: "Cast", inputs: ["value"], attributes: { to: 1 } },
  ];
  const { net } = await importOnnx(modelOf({ opset, inputs: {}, constants, nodes }));
  return net.layer[0]?.parameterParam?.shape?.dim.map(Number) ?? [];
}

const a = floats([2, 3, 1], [1.5, -2.5, 0.5, 2.5, -0.5, 3]);
const b = floats([4], [1, 2, -3, 0.5]);
const [i, j] = [ints([7, -7, 5, 6], [2, 2]), ints([2, 3])];

test.each(["Add", "Sub", "Mul", "Div", "Min", "Max"])("%s", async (op) => {
  await folded(op, { a, b });
  await folded(op, { i, j });
});

test.each(["Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual"])("%s", async (op) => {
  await folded(op, { a, b });
  await folded(op, { i, j });
});

test.each(["Neg", "Abs", "Sign", "Floor", "Ceil", "Round", "Exp", "Reciprocal"])("%s", (op) => folded(op, { a }));
test.each(["Sqrt", "Log"])("%s", (op) => folded(op, { a: floats([2], [0.25, 3]) }));
test("Pow, Mod", async () => {
  await folded("Pow", { a, p: floats([], [2]) });
  await folded("Mod", { i, j });
});

test("what is put in another order or shape", async () => {
  await folded("Reshape", { a, s: ints([3, -1]) });
  await folded("Flatten", { a }, { axis: 2 });
  await folded("Squeeze", { a, s: ints([2]) });
  await folded("Unsqueeze", { a, s: ints([0, -1]) });
  await folded("Transpose", { a }, { perm: [1, 2, 0] });
  await folded("Concat", { a, c: floats([2, 2, 1]) }, { axis: 1 });
  await folded("Concat", { i, k: ints([1, 2], [1, 2]) }, { axis: 0 });
  await folded("Slice", { a, s: ints([-1, 0]), e: ints([-4, 2]), ax: ints([1, 0]), t: ints([-1, 1]) });
  await folded("Gather", { a, k: ints([2, 0, -1, 1], [2, 2]) }, { axis: 1 });
  await folded("Expand", { a, s: ints([1, 3, 4]) });
  await folded("Tile", { a, s: ints([2, 1, 3]) });
  await folded("Cast", { a }, { to: 7 });
  await folded("Cast", { i }, { to: 9 });
});

test("what is made", async () => {
  await folded("ConstantOfShape", { s: ints([2, 3]) }, { value: floats([1], [1.5]) });
  await folded("Range", { s: ints([3], []), l: ints([11], []), d: ints([2], []) });
  await folded("Range", { s: floats([], [3]), l: floats([], [0]), d: floats([], [-0.5]) });
  await folded("Shape", { a });
  await folded("Shape", { a }, { start: 1, end: 3 }, 15);
  await folded("Size", { a });
});

test.each(["ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd"])("%s", async (op) => {
  await folded(op, { a }, { axes: [1] });
  await folded(op, { a }, { axes: [0, -1], keepdims: 0 });
  await folded(op, { a });
});

test("a choice by truth values", async () => {
  const nodes: NodeSpec[] = [
    { op: "Greater", inputs: ["a", "zero"], outputs: ["holds"] },
    { op: "Where", inputs: ["holds", "a", "b"], outputs: ["c"] },
    { op: "Mul", inputs: ["x", "c"] },
  ];
  await same({ inputs: { x: [2, 3, 4] }, constants: { a, b, zero: floats([], [0]) }, nodes });
});

test("the forms of Constant", async () => {
  for (const attributes of [
    { value: floats([1, 2]) },
    { value_float: 1.5 },
    { value_floats: { floats: [1, 2.5] } },
  ] satisfies Attributes[]) {
    const nodes: NodeSpec[] = [
      { op: "Constant", inputs: [], outputs: ["c"], attributes },
      { op: "Mul", inputs: ["x", "c"] },
    ];
    await same({ inputs: { x: [3, 2] }, nodes });
  }
});

test("constants that would fill the memory are refused", async () => {
  const nodes: NodeSpec[] = [
    { op: "ConstantOfShape", inputs: ["s"], outputs: ["c"] },
    { op: "Mul", inputs: ["x", "c"] },
  ];
  const check = { inputs: { x: [1] }, nodes };
  await expect(refused({ ...check, constants: { s: ints([2 ** 20, 2 ** 20]) } })).rejects.toThrow(
    /its constants would have more than 26\d{4} values/,
  );
  await expect(refused({ ...check, constants: { s: ints([-1]) } })).rejects.toThrow(
    "its result would have the sizes -1",
  );
});

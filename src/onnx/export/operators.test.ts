import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { runOnnx } from "../../../test/onnx/exported.js";
import { ModelProtoSchema } from "../gen/onnx_pb.js";
import { type Dim, valueInfo, writeModel } from "../model.js";
import { GraphWriter, type Value } from "./graph-writer.js";
import { Operators } from "./operators.js";

/** x of 2 × 3 with the values 1 … 6, and what is made of it, as values and sizes. */
async function run(opset: number, write: (ops: Operators, x: Value) => Value): Promise<[string, number[]]> {
  const ops = new Operators(new GraphWriter(opset, ["x", "y"]), "layer");
  ops.graph.add("Identity", [write(ops, "x")], {}, "end", ["y"]);
  const graph = ops.graph.graph("g", [valueInfo("x", [2, 3])], [valueInfo("y", [])]);
  // The output has no sizes in the declaration: they are what the operators make.
  for (const { type } of graph.output) if (type?.value.case === "tensorType") type.value.value.shape = undefined;
  const model = create(ModelProtoSchema, {
    irVersion: opset > 20 ? 10n : opset > 18 ? 9n : opset > 14 ? 8n : opset > 11 ? 7n : 6n,
    opsetImport: [{ domain: "", version: BigInt(opset) }],
    graph,
  });
  const { y } = await runOnnx(writeModel(model), { x: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } });
  return [y.shape.join(), [...y.data].map((value) => Math.round(value * 1e4) / 1e4)];
}

const cases: readonly [string, (ops: Operators, x: Value) => Value, string, readonly number[]][] = [
  ["reshape", (ops, x) => ops.reshape(x, [0, 1, -1]), "2,1,3", [1, 2, 3, 4, 5, 6]],
  ["transpose", (ops, x) => ops.transpose(x, [1, 0]), "3,2", [1, 4, 2, 5, 3, 6]],
  ["unsqueeze", (ops, x) => ops.unsqueeze(x, [0]), "1,2,3", [1, 2, 3, 4, 5, 6]],
  ["squeeze", (ops, x) => ops.squeeze(ops.unsqueeze(x, [2]), [2]), "2,3", [1, 2, 3, 4, 5, 6]],
  ["sum", (ops, x) => ops.reduce("ReduceSum", x, [1]), "2,1", [6, 15]],
  ["mean", (ops, x) => ops.reduce("ReduceMean", x, [0], false), "3", [2.5, 3.5, 4.5]],
  ["greatest", (ops, x) => ops.reduce("ReduceMax", x, [0, 1]), "1,1", [6]],
  [
    "softmax along the first axis",
    (ops, x) => ops.softmax(x, 0, 2),
    "2,3",
    [0.0474, 0.0474, 0.0474, 0.9526, 0.9526, 0.9526],
  ],
  [
    "softmax along the last axis",
    (ops, x) => ops.softmax(x, 1, 2),
    "2,3",
    [0.09, 0.2447, 0.6652, 0.09, 0.2447, 0.6652],
  ],
  ["slice", (ops, x) => ops.slice(x, [{ axis: 1, from: 1 }]), "2,2", [2, 3, 5, 6]],
  [
    "slice to an end",
    (ops, x) =>
      ops.slice(x, [
        { axis: 0, from: 0, to: 1 },
        { axis: 1, from: 0, to: 2 },
      ]),
    "1,2",
    [1, 2],
  ],
  ["slice backwards", (ops, x) => ops.slice(x, [{ axis: 1, from: 2, step: -1 }]), "2,3", [3, 2, 1, 6, 5, 4]],
  ["split and concat", (ops, x) => ops.concat([...ops.split(x, 1, [1, 2])].reverse(), 1), "2,3", [2, 3, 1, 5, 6, 4]],
  ["pad", (ops, x) => ops.pad(x, [0, 1], [1, 0], 9), "3,4", [9, 1, 2, 3, 9, 4, 5, 6, 9, 9, 9, 9]],
  ["clip", (ops, x) => ops.clip(x, 2, 5), "2,3", [2, 2, 3, 4, 5, 5]],
  ["clip below", (ops, x) => ops.clip(x, 3, Number.POSITIVE_INFINITY), "2,3", [3, 3, 3, 4, 5, 6]],
  ["clip above", (ops, x) => ops.clip(x, Number.NEGATIVE_INFINITY, 3), "2,3", [1, 2, 3, 3, 3, 3]],
  [
    "cast",
    (ops, x) => ops.cast(ops.cast(ops.node("Div", [x, ops.scalar(4)]), "int"), "float"),
    "2,3",
    [0, 0, 0, 1, 1, 1],
  ],
  ["leaky ReLU", (ops, x) => ops.leakyRelu(ops.node("Neg", [x]), 1), "2,3", [-1, -2, -3, -4, -5, -6]],
];

const opsets = [11, 13, 18, 22];
test.each(opsets.flatMap((opset) => cases.map((each) => [opset, ...each] as const)))(
  "opset %d: %s",
  async (opset, _, write, shape, values) => {
    expect(await run(opset, write)).toEqual([shape, values]);
  },
);

test("nothing is written where nothing changes", () => {
  const ops = new Operators(new GraphWriter(13), "layer");
  expect(ops.transpose("x", [0, 1])).toBe("x");
  expect(ops.pad("x", [0, 0], [0, 0])).toBe("x");
  expect(ops.concat(["x"], 1)).toBe("x");
  expect(ops.reshapeDims("x", ["N", 3], ["N", 3])).toBe("x");
  expect(ops.graph.nodes).toEqual([]);
});

test.each<[readonly Dim[], readonly Dim[], readonly number[] | undefined]>([
  [
    ["N", 2, 3],
    ["N", 6],
    [-1, 6],
  ],
  [
    ["N", 6],
    ["2N", 3],
    [-1, 3],
  ],
  [[2, 3], [6], [6]],
  [
    ["N", "T", 4],
    ["N", "T", 2, 2],
    [0, 0, 2, 2],
  ],
  [
    ["N", "T", 4],
    ["N", "4T"],
    [0, -1],
  ],
  [
    ["N", "T", 4],
    ["4N", "T"],
    [-1, 0],
  ],
  [["N", "T"], ["T", "N"], undefined],
])("sizes %j become %j by the shape %j", (from, to, shape) => {
  const ops = new Operators(new GraphWriter(13), "layer");
  const value = ops.reshapeDims("x", from, to);
  if (!shape) expect(value).toBeUndefined();
  else expect([...(ops.graph.constantOf(ops.graph.nodes[0].input[1])?.data ?? [])].map(Number)).toEqual(shape);
});

import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  type ModelProto,
  ModelProtoSchema,
  TensorProtoSchema,
  AttributeProto_AttributeType as Type,
} from "./gen/onnx_pb.js";
import { attribute, valueInfo } from "./model.js";
import { declaredDims, structureProblems } from "./structure.js";
import { floatConstant, tensorProto } from "./tensor.js";

/** y = relu(x + w), for a batch of any size. */
function model(): ModelProto & { graph: NonNullable<ModelProto["graph"]> } {
  const made = create(ModelProtoSchema, {
    irVersion: 7n,
    opsetImport: [{ domain: "", version: 13n }],
    graph: {
      name: "g",
      input: [valueInfo("x", ["N", 2])],
      output: [valueInfo("y", ["N", 2])],
      initializer: [tensorProto("w", floatConstant([2], [1, 2]))],
      node: [
        { name: "add", opType: "Add", input: ["x", "w"], output: ["sum"] },
        { name: "relu", opType: "Relu", input: ["sum"], output: ["y"] },
      ],
    },
  });
  return made as ReturnType<typeof model>;
}

test("a sound model has no problems", () => expect(structureProblems(model())).toEqual([]));

test("declared sizes are numbers and names", () => {
  expect(declaredDims(valueInfo("x", ["N", 2]))).toEqual(["N", 2]);
});

test.each<[string, (m: ReturnType<typeof model>) => void]>([
  [
    'node "relu" (Relu) reads "sums", which nothing makes before it',
    ({ graph }) => void (graph.node[1] as { input: string[] }).input.splice(0, 1, "sums"),
  ],
  ['node "relu" (Relu) reads "sum", which nothing makes before it', ({ graph }) => void graph.node.reverse()],
  [
    'the value "w" is made twice',
    ({ graph }) => void graph.initializer.push(tensorProto("w", floatConstant([1], [1]))),
  ],
  ['two nodes have the name "add"', ({ graph }) => Object.assign(graph.node[1] ?? {}, { name: "add" })],
  [
    'node "add" (Add) is of the domain "com.example", not of the standard one',
    ({ graph }) => Object.assign(graph.node[0] ?? {}, { domain: "com.example" }),
  ],
  ['nothing makes the output "z"', ({ graph }) => void graph.output.push(valueInfo("z", [1]))],
  ['"x" is declared without sizes', ({ graph }) => Object.assign(graph.input[0] ?? {}, { type: undefined })],
  [
    'constant "w": it has 8 bytes, but its sizes are 3',
    ({ graph }) => Object.assign(graph.initializer[0] ?? {}, { dims: [3n] }),
  ],
  [
    "opset 18 needs version 8 of the format, and the model has 7",
    (m) => Object.assign(m.opsetImport[0] ?? {}, { version: 18n }),
  ],
  ["the model names 0 opsets of the standard domain, not one", (m) => void m.opsetImport.splice(0)],
])("%s", (problem, spoil) => {
  const spoilt = model();
  spoil(spoilt);
  expect(structureProblems(spoilt)).toContain(problem);
});

test("a body reads the values around it, and is checked too", () => {
  const body = (input: string) => ({
    name: "body",
    node: [{ name: "copy", opType: "Identity", input: [input], output: ["inner"] }],
    output: [valueInfo("inner", [1])],
  });
  const withBody = (input: string) => {
    const made = model();
    const inner = create(ModelProtoSchema, { graph: body(input) }).graph;
    if (inner && made.graph.node[1]) made.graph.node[1].attribute.push(attribute("body", inner));
    return made;
  };
  expect(withBody("sum").graph.node[1]?.attribute[0]?.type).toBe(Type.GRAPH);
  expect(structureProblems(withBody("sum"))).toEqual([]);
  expect(structureProblems(withBody("none"))).toEqual([
    'node "copy" (Identity) reads "none", which nothing makes before it',
  ]);
});

test("constants may lie in other files", () => {
  const made = model();
  const entry = (key: string, value: string) => ({ key, value });
  made.graph.initializer = [
    create(TensorProtoSchema, {
      name: "w",
      dataType: 1,
      dims: [2n],
      dataLocation: 1,
      externalData: [entry("location", "w.data")],
    }),
  ];
  expect(structureProblems(made)).toEqual([
    'constant "w": its values lie in "w.data", which is not given with the model',
  ]);
  expect(structureProblems(made, () => new Uint8Array(8))).toEqual([]);
});

import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { GraphProtoSchema, ModelProtoSchema, AttributeProto_AttributeType as Type } from "./gen/onnx_pb.js";
import { attribute, float, floats, readModel, valueInfo, writeModel } from "./model.js";
import { floatConstant } from "./tensor.js";

test.each([
  [3, { type: Type.INT, i: 3n }],
  [0.5, { type: Type.FLOAT, f: 0.5 }],
  [float(1), { type: Type.FLOAT, f: 1 }],
  ["same", { type: Type.STRING, s: new TextEncoder().encode("same") }],
  [[1, 2], { type: Type.INTS, ints: [1n, 2n] }],
  [[], { type: Type.INTS, ints: [] }],
  [floats([1, 2]), { type: Type.FLOATS, floats: [1, 2] }],
  [["a"], { type: Type.STRINGS, strings: [new TextEncoder().encode("a")] }],
] as const)("the kind of an attribute follows from its value: %j", (value, fields) => {
  expect(attribute("a", value)).toMatchObject({ name: "a", ...fields });
});

test("an attribute may be a tensor or a graph", () => {
  expect(attribute("value", floatConstant([1], [2]))).toMatchObject({ type: Type.TENSOR, t: { dims: [1n] } });
  const body = create(GraphProtoSchema, { name: "body" });
  expect(attribute("body", body)).toMatchObject({ type: Type.GRAPH, g: { name: "body" } });
});

test("sizes are numbers or names", () => {
  const { type } = valueInfo("x", ["N", 3], "int");
  expect(type?.value).toMatchObject({
    case: "tensorType",
    value: { elemType: 7, shape: { dim: [{ value: { case: "dimParam", value: "N" } }, { value: { value: 3n } }] } },
  });
});

test("a model is written and read", () => {
  const model = create(ModelProtoSchema, { irVersion: 7n, graph: { name: "g" } });
  expect(readModel(writeModel(model), "net.onnx").graph?.name).toBe("g");
});

test.each([
  ["bytes that are none", Uint8Array.of(0xff, 0xff, 0xff)],
  ["an empty file", new Uint8Array(0)],
])("%s are refused with the file's name", (_, bytes) => {
  expect(() => readModel(bytes, "net.onnx")).toThrow(/^net.onnx is no ONNX model, or is damaged/);
});

import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { moveConstants } from "./external-data.js";
import { ModelProtoSchema } from "./gen/onnx_pb.js";
import { floatConstant, tensorConstant, tensorProto } from "./tensor.js";

const values = (count: number, first: number) => Float32Array.from({ length: count }, (_, i) => first + i);
const model = () =>
  create(ModelProtoSchema, {
    graph: {
      initializer: [
        tensorProto("a", floatConstant([300], values(300, 1))),
        tensorProto("small", floatConstant([2], [1, 2])),
        tensorProto("b", floatConstant([20, 20], values(400, 5))),
      ],
    },
  });

test("a small model does not change", () => {
  const small = model();
  expect(moveConstants(small, "net.onnx")).toEqual({});
  expect(small.graph?.initializer[0]?.rawData.length).toBe(1200);
});

test("large constants move into a file beside the model, aligned; small ones stay", () => {
  const moved = model();
  const files = moveConstants(moved, "net.onnx", 2000);
  expect(Object.keys(files)).toEqual(["net.onnx.data"]);
  expect(files["net.onnx.data"]?.length).toBe(4096 + 1600);
  const [a, small, b] = moved.graph?.initializer ?? [];
  expect([a?.rawData.length, small?.rawData.length, b?.rawData.length]).toEqual([0, 8, 0]);
  expect(b?.externalData.map(({ key, value }) => `${key}=${value}`)).toEqual([
    "location=net.onnx.data",
    "offset=4096",
    "length=1600",
  ]);
  for (const [tensor, wanted] of [
    [a, values(300, 1)],
    [b, values(400, 5)],
  ] as const) {
    if (!tensor) throw new Error("a tensor is gone");
    expect(tensorConstant(tensor, "t", (name) => files[name]).data).toEqual(wanted);
  }
});

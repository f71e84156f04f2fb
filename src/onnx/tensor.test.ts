import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { TensorProto_DataType as DataType, type TensorProto, TensorProtoSchema } from "./gen/onnx_pb.js";
import { floatConstant, intConstant, tensorConstant, tensorProto } from "./tensor.js";

test("a constant comes back from its message", () => {
  const values = floatConstant([2, 2], [1, -0, 0.5, Number.NaN]);
  expect(tensorConstant(tensorProto("w", values), "w")).toEqual(values);
  const sizes = intConstant([3], [1, -1, 2 ** 40]);
  expect(tensorConstant(tensorProto("w", sizes), "w")).toEqual(sizes);
});

/** Every data type with two values, as raw bytes and in its own field. */
const types: readonly [keyof typeof DataType, readonly number[], Partial<TensorProto>][] = [
  ["FLOAT", [0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0], { floatData: [1.5, -2] }],
  ["DOUBLE", [0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0], { doubleData: [1.5, -2] }],
  ["FLOAT16", [0, 0x3e, 0, 0xc0], { int32Data: [0x3e00, 0xc000] }],
  ["BFLOAT16", [0xc0, 0x3f, 0, 0xc0], { int32Data: [0x3fc0, 0xc000] }],
  ["INT64", [3, 0, 0, 0, 0, 0, 0, 0, 254, 255, 255, 255, 255, 255, 255, 255], { int64Data: [3n, -2n] }],
  ["INT32", [3, 0, 0, 0, 254, 255, 255, 255], { int32Data: [3, -2] }],
  ["INT16", [3, 0, 254, 255], { int32Data: [3, -2] }],
  ["INT8", [3, 254], { int32Data: [3, -2] }],
  ["UINT8", [3, 254], { int32Data: [3, 254] }],
  ["UINT16", [3, 0, 254, 0], { int32Data: [3, 254] }],
  ["UINT32", [3, 0, 0, 0, 254, 0, 0, 0], { uint64Data: [3n, 254n] }],
  ["UINT64", [3, 0, 0, 0, 0, 0, 0, 0, 254, 0, 0, 0, 0, 0, 0, 0], { uint64Data: [3n, 254n] }],
  ["BOOL", [1, 0], { int32Data: [1, 0] }],
];

test.each(types)("%s is read from its bytes and from its field", (type, bytes, field) => {
  const dataType = DataType[type] as number;
  const raw = create(TensorProtoSchema, { dataType, dims: [2n], rawData: Uint8Array.from(bytes) });
  const listed = Object.assign(create(TensorProtoSchema, { dataType, dims: [2n] }), field);
  const read = tensorConstant(raw, "w");
  expect(tensorConstant(listed, "w")).toEqual(read);
  const wanted =
    type === "BOOL" ? [1, 0] : /FLOAT|DOUBLE/.test(type) ? [1.5, -2] : type.startsWith("U") ? [3, 254] : [3, -2];
  expect([...read.data].map(Number)).toEqual(wanted);
});

test.each([
  [
    { dataType: DataType.FLOAT, dims: [3n], rawData: new Uint8Array(8) },
    /^initializer "w": it has 8 bytes, but its sizes are 3$/,
  ],
  [{ dataType: DataType.FLOAT, dims: [2n], rawData: new Uint8Array(9) }, /it has 9 bytes/],
  [{ dataType: DataType.INT64, dims: [2n], int64Data: [1n] }, /it has 1 values, but its sizes are 2$/],
  [{ dataType: DataType.FLOAT, dims: [-1n] }, /its sizes are -1$/],
  [{ dataType: DataType.FLOAT, dims: [2n ** 40n, 2n ** 40n] }, /its sizes are/],
  [{ dataType: DataType.STRING, dims: [1n], stringData: [Uint8Array.of(65)] }, /values of the type STRING/],
  [{ dataType: 99, dims: [1n] }, /values of the type 99/],
])("what does not fit is refused: %#", (fields, message) => {
  expect(() => tensorConstant(create(TensorProtoSchema, fields), 'initializer "w"')).toThrow(message);
});

test("values in another file are found by name, offset and length", () => {
  const entry = (key: string, value: string) => ({ key, value });
  const tensor = create(TensorProtoSchema, {
    dataType: DataType.UINT8,
    dims: [2n],
    externalData: [entry("location", "net.data"), entry("offset", "1"), entry("length", "2")],
  });
  const file = Uint8Array.of(9, 3, 4, 9);
  const read = (location: string) => (location === "net.data" ? file : undefined);
  expect([...tensorConstant(tensor, "w", read).data]).toEqual([3n, 4n]);
  expect(() => tensorConstant(tensor, "w")).toThrow(/its values lie in "net.data", which is not given with the model/);
  expect(() => tensorConstant(tensor, "w", () => file.subarray(0, 2))).toThrow(
    /bytes 1 to 3 of "net.data", which has 2/,
  );
});

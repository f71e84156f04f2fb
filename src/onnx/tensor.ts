import { create } from "@bufbuild/protobuf";
import { check, MokaError } from "../util/errors.js";
import { halfsToFloats } from "../util/half.js";
import { countOf, type Shape } from "../util/shape.js";
import { TensorProto_DataType as DataType, type TensorProto, TensorProtoSchema } from "./gen/onnx_pb.js";

/** A constant array: floats in single precision, all integers and booleans as 64-bit integers. */
export type Constant =
  | { readonly type: "float"; readonly shape: Shape; readonly data: Float32Array }
  | { readonly type: "int"; readonly shape: Shape; readonly data: BigInt64Array };

export function floatConstant(shape: Shape, data: ArrayLike<number>): Constant {
  return { type: "float", shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

export function intConstant(shape: Shape, data: Iterable<number | bigint>): Constant {
  return { type: "int", shape, data: BigInt64Array.from([...data].map(BigInt)) };
}

/** The message of a constant. The values are copied, little-endian, as `raw_data`. */
export function tensorProto(name: string, { type, shape, data }: Constant): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dataType: type === "float" ? DataType.FLOAT : DataType.INT64,
    dims: shape.map(BigInt),
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice(),
  });
}

/** Where the values of tensors lie that are not in the model's file: the bytes of a file, by its name. */
export type ExternalData = (location: string) => Uint8Array | undefined;

/**
 * Checks that the values of a tensor fit its sizes, without copying them.
 *
 * @param place what the tensor is, for errors: `initializer "w"`
 * @throws MokaError as `tensorConstant`
 */
export function checkTensor(tensor: TensorProto, place: string, external?: ExternalData): void {
  storedValues(tensor, place, external);
}

/** Where the values of a tensor are, and how they are stored. */
function storedValues(tensor: TensorProto, place: string, external: ExternalData | undefined) {
  const refuse = (reason: string) => new MokaError("MOKA_PARSE", `${place}: ${reason}`);
  const shape = tensor.dims.map(Number);
  const count = countOf(shape);
  if (!shape.every((size) => Number.isInteger(size) && size >= 0) || count > 2 ** 31 - 1) {
    throw refuse(`its sizes are ${shape.join(" × ")}`);
  }
  const reader = readers[tensor.dataType];
  if (!reader) {
    const name = DataType[tensor.dataType] ?? String(tensor.dataType);
    throw new MokaError("MOKA_UNSUPPORTED", `${place} has values of the type ${name}, which Caffe has not`);
  }
  const raw = tensor.externalData.length > 0 ? externalBytes(tensor, place, external) : tensor.rawData;
  const isRaw = tensor.externalData.length > 0 || tensor.rawData.length > 0;
  const found = isRaw ? Math.floor(raw.length / reader.bytes) : reader.list(tensor).length;
  if (found !== count || (isRaw && raw.length % reader.bytes !== 0)) {
    throw refuse(
      `it has ${isRaw ? `${raw.length} bytes` : `${found} values`}, but its sizes are ${shape.join(" × ") || "()"}`,
    );
  }
  return { shape, count, reader, raw, isRaw };
}

/**
 * The values of a tensor.
 *
 * @param place what the tensor is, for errors: `initializer "w"`
 * @throws MokaError `MOKA_PARSE` for sizes and values that do not fit, `MOKA_UNSUPPORTED` for a data type without numbers in this
 *   form, `MOKA_FILE` for a missing file of values
 */
export function tensorConstant(tensor: TensorProto, place: string, external?: ExternalData): Constant {
  const { shape, count, reader, raw, isRaw } = storedValues(tensor, place, external);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const list = isRaw ? [] : reader.list(tensor);
  if (reader.isInt) {
    const data = new BigInt64Array(count);
    for (let i = 0; i < count; i++) data[i] = BigInt(isRaw ? reader.raw(view, i) : reader.entry(list[i] ?? 0));
    return { type: "int", shape, data };
  }
  if (isRaw && tensor.dataType === DataType.FLOAT) {
    // Copied, because the bytes may be unaligned.
    return { type: "float", shape, data: new Float32Array(raw.slice().buffer) };
  }
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) data[i] = Number(isRaw ? reader.raw(view, i) : reader.entry(list[i] ?? 0));
  return { type: "float", shape, data };
}

/** How the values of a data type are stored. */
interface Reader {
  readonly isInt: boolean;
  /** The size of one value in `raw_data`. */
  readonly bytes: number;
  raw(view: DataView, index: number): number | bigint;
  /** The field with the values, where they are not in `raw_data`, and what an entry of it stands for. */
  list(tensor: TensorProto): readonly (number | bigint)[];
  entry(value: number | bigint): number | bigint;
}

const same = (value: number | bigint) => value;
const int32 = ({ int32Data }: TensorProto) => int32Data;

const readers: Readonly<Partial<Record<number, Reader>>> = {
  [DataType.FLOAT]: row(
    false,
    4,
    (v, at) => v.getFloat32(at, true),
    ({ floatData }) => floatData,
  ),
  [DataType.DOUBLE]: row(
    false,
    8,
    (v, at) => v.getFloat64(at, true),
    ({ doubleData }) => doubleData,
  ),
  [DataType.FLOAT16]: row(
    false,
    2,
    (v, at) => half(v.getUint16(at, true)),
    int32,
    (bits) => half(Number(bits)),
  ),
  [DataType.BFLOAT16]: row(
    false,
    2,
    (v, at) => bfloat(v.getUint16(at, true)),
    int32,
    (bits) => bfloat(Number(bits)),
  ),
  [DataType.INT64]: row(
    true,
    8,
    (v, at) => v.getBigInt64(at, true),
    ({ int64Data }) => int64Data,
  ),
  [DataType.INT32]: row(true, 4, (v, at) => v.getInt32(at, true), int32),
  [DataType.INT16]: row(true, 2, (v, at) => v.getInt16(at, true), int32),
  [DataType.INT8]: row(true, 1, (v, at) => v.getInt8(at), int32),
  [DataType.UINT64]: row(
    true,
    8,
    (v, at) => v.getBigUint64(at, true),
    ({ uint64Data }) => uint64Data,
  ),
  [DataType.UINT32]: row(
    true,
    4,
    (v, at) => v.getUint32(at, true),
    ({ uint64Data }) => uint64Data,
  ),
  [DataType.UINT16]: row(true, 2, (v, at) => v.getUint16(at, true), int32),
  [DataType.UINT8]: row(true, 1, (v, at) => v.getUint8(at), int32),
  [DataType.BOOL]: row(true, 1, (v, at) => v.getUint8(at), int32),
};

function row(
  isInt: boolean,
  bytes: number,
  raw: (view: DataView, at: number) => number | bigint,
  list: Reader["list"],
  entry: Reader["entry"] = same,
): Reader {
  return { isInt, bytes, raw: (view, index) => raw(view, index * bytes), list, entry };
}

/** A value in half precision, by its bits. */
function half(bits: number): number {
  return halfsToFloats(Uint16Array.of(bits))[0] ?? 0;
}

/** A value whose upper half is given. */
function bfloat(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0] ?? 0;
}

function externalBytes(tensor: TensorProto, place: string, external: ExternalData | undefined): Uint8Array {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const location = entries.get("location") ?? "";
  const file = external?.(location);
  check(file, "MOKA_FILE", `${place}: its values lie in "${location}", which is not given with the model`);
  const offset = Number(entries.get("offset") ?? 0);
  const length = Number(entries.get("length") ?? file.length - offset);
  const fits = [offset, length].every((each) => Number.isInteger(each) && each >= 0) && offset + length <= file.length;
  check(
    fits,
    "MOKA_PARSE",
    `${place}: bytes ${offset} to ${offset + length} of "${location}", which has ${file.length}`,
  );
  return file.subarray(offset, offset + length);
}

import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { check, MokaError, reasonOf } from "../util/errors.js";
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "./gen/onnx_pb.js";
import { type Constant, tensorProto } from "./tensor.js";

/** The size of an axis: a number, or a name for a size that only a run tells. Equal names are equal sizes. */
export type Dim = number | string;

/** Values of an attribute of a node: the kind follows from the value. Whole numbers of a float attribute are given by `float`. */
export type AttributeValue =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | Constant
  | GraphProto
  | Float
  | Floats;

/** A float attribute. */
interface Float {
  readonly float: number;
}

/** A list of float attributes. */
interface Floats {
  readonly floats: readonly number[];
}

/** A number is an integer here unless it has a fraction: `float(1)` is 1.0. */
export const float = (value: number): Float => ({ float: value });
export const floats = (values: readonly number[]): Floats => ({ floats: values });

export function attribute(name: string, value: AttributeValue): AttributeProto {
  return Object.assign(create(AttributeProtoSchema, attributeFields(value)), { name });
}

function attributeFields(value: AttributeValue): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === "string") return { type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if (typeof value === "number") {
    return Number.isInteger(value)
      ? { type: AttributeType.INT, i: BigInt(value) }
      : { type: AttributeType.FLOAT, f: value };
  }
  if (Array.isArray(value)) {
    const list: readonly (number | string)[] = value;
    return list.some((each) => typeof each === "string")
      ? { type: AttributeType.STRINGS, strings: list.map((each) => new TextEncoder().encode(String(each))) }
      : { type: AttributeType.INTS, ints: list.map(BigInt) };
  }
  const single = value as Exclude<AttributeValue, number | string | readonly unknown[]>;
  if ("float" in single) return { type: AttributeType.FLOAT, f: single.float };
  if ("floats" in single) return { type: AttributeType.FLOATS, floats: [...single.floats] };
  if ("data" in single) return { type: AttributeType.TENSOR, t: tensorProto("", single) };
  return { type: AttributeType.GRAPH, g: single };
}

/** The declaration of an input, output or value. */
export function valueInfo(
  name: string,
  dims: readonly Dim[],
  type: "float" | "int" | "bool" = "float",
): ValueInfoProto {
  const elemType = { float: DataType.FLOAT, int: DataType.INT64, bool: DataType.BOOL }[type];
  const dim = dims.map((size) =>
    typeof size === "number"
      ? { value: { case: "dimValue" as const, value: BigInt(size) } }
      : { value: { case: "dimParam" as const, value: size } },
  );
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType, shape: { dim } } } },
  });
}

export function writeModel(model: ModelProto): Uint8Array {
  return toBinary(ModelProtoSchema, model);
}

/**
 * Reads a model.
 *
 * @param origin its file, for errors
 * @throws MokaError `MOKA_PARSE` for bytes that are no model: damaged, or of another kind
 */
export function readModel(bytes: Uint8Array, origin: string): ModelProto {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    throw new MokaError("MOKA_PARSE", `${origin} is no ONNX model, or is damaged: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  check(model.graph, "MOKA_PARSE", `${origin} is no ONNX model, or is damaged: it has no graph`);
  return model;
}

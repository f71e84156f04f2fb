// Random messages for tests of the protobuf readers and writers.
import { create, type DescEnum, type DescField, type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";
import fc from "fast-check";
import { bvlc, type Numbering } from "../src/proto/dialects/index.js";
import { layoutOf } from "../src/proto/text/layout.js";

/**
 * Random messages of `schema` with the fields and enum values of a fork, by default of BVLC's Caffe: at most five optional ones with
 * any values, nested at most `depth` levels deep.
 */
export function messages(schema: DescMessage, depth: number, fork: Numbering = bvlc): fc.Arbitrary<Message> {
  const { required } = layoutOf(schema);
  const optional = schema.fields.filter(
    (field) => fork.numberOf(field) !== undefined && !required.includes(field) && (depth > 0 || !field.message),
  );
  return fc.subarray(optional, { maxLength: Math.min(5, optional.length) }).chain((some) => {
    const fields = [...required, ...some];
    const values = Object.fromEntries(fields.map((field) => [field.localName, valuesOf(field, depth, fork)]));
    return fc.record(values).map((init) => create(schema, init));
  });
}

function valuesOf(field: DescField, depth: number, fork: Numbering): fc.Arbitrary<unknown> {
  const value = someValue(field, depth, fork);
  return field.fieldKind === "list" ? fc.array(value, { minLength: 1, maxLength: 3 }) : value;
}

function someValue(field: DescField, depth: number, fork: Numbering): fc.Arbitrary<unknown> {
  if (field.message) return messages(field.message, depth - 1, fork);
  if (field.enum) return fc.constantFrom(...valuesIn(field.enum, fork));
  switch (field.scalar) {
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.FLOAT:
      return fc.float();
    case ScalarType.DOUBLE:
      return fc.double();
    case ScalarType.INT64:
      return fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
    case ScalarType.UINT32:
      return fc.nat({ max: 0xffffffff });
    case ScalarType.STRING:
      return fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "data", 'a "b"\n', "\\'\0"));
    case ScalarType.BYTES:
      return fc.uint8Array();
    default:
      return fc.integer();
  }
}

/** The values of an enum that a fork has, and that come back from its numbers: of several names of one number the first. */
function valuesIn(type: DescEnum, fork: Numbering): number[] {
  return type.values
    .map(({ number }) => number)
    .filter((number) => {
      const inFile = fork.valueTo(type, number);
      return inFile !== undefined && fork.valueFrom(type, inFile) === number;
    });
}

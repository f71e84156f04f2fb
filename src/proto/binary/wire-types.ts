import { type DescField, ScalarType } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";

/** Whether a field's values may have this wire type. A repeated number may be packed or not. */
export function accepts(field: DescField, wireType: WireType): boolean {
  const own = field.message ? WireType.LengthDelimited : wireTypeOf(field.scalar ?? ScalarType.INT32);
  return wireType === own || (field.fieldKind === "list" && wireType === WireType.LengthDelimited);
}

/** The wire type of single values. */
export function wireTypeOf(scalar: ScalarType): WireType {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}

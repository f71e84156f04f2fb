import { type DescEnum, ScalarType } from "@bufbuild/protobuf";
import { closest } from "../../util/closest.js";
import type { TextIssueCode } from "./issues.js";
import { findNumeral, readNumeral } from "./numbers.js";
import { contentOf, decodeUtf8, unescapeStrings } from "./strings.js";
import { excerpt, type ScalarNode } from "./tree.js";

/** What a field of a message holds: a scalar, or the number of an enum's value. */
export type ScalarValue = number | bigint | boolean | string | Uint8Array;

/** Told what is wrong with the scalar being read. */
export type Report = (code: TextIssueCode, message: string) => void;

/** A scalar that is no string: what readers of numbers, bools and enums look at. */
type Literal = Pick<ScalarNode, "form" | "text" | "negative">;

/** The value of a scalar field, or nothing, once reported, where the text has no plain meaning for its type. */
export function readScalar(type: ScalarType, node: ScalarNode, report: Report): ScalarValue | undefined {
  if (type === ScalarType.STRING || type === ScalarType.BYTES) return readString(type, node, report);
  const literal = literalOf(node);
  const value = readLiteral(type, literal, report);
  if (literal !== node && value !== undefined) reportRewritten(node, literal, report);
  return value;
}

/** The number of the enum's value with this name or number; a number it does not have is reported, and kept. */
export function readEnum(type: DescEnum, node: ScalarNode, report: Report): number | undefined {
  const literal = literalOf(node);
  const value = literal.form === "number" ? enumNumber(type, literal, report) : enumName(type, literal, report);
  if (literal !== node && value !== undefined) reportRewritten(node, literal, report);
  return value;
}

function readLiteral(type: ScalarType, literal: Literal, report: Report): ScalarValue | undefined {
  switch (type) {
    case ScalarType.BOOL:
      return readBool(literal, report);
    case ScalarType.FLOAT: {
      const value = readFloat(literal, report);
      return value === undefined ? undefined : Math.fround(value);
    }
    case ScalarType.DOUBLE:
      return readFloat(literal, report);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return readInteger(literal, 0, 0xffffffff, report);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return asBigInt(readInteger(literal, 0n, (1n << 64n) - 1n, report));
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return asBigInt(readInteger(literal, -(1n << 63n), (1n << 63n) - 1n, report));
    default:
      return readInteger(literal, -0x80000000, 0x7fffffff, report);
  }
}

function asBigInt(value: number | bigint | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}

function enumNumber(type: DescEnum, literal: Literal, report: Report): number | undefined {
  const value = readInteger(literal, -0x80000000, 0x7fffffff, report);
  if (value === undefined) return undefined;
  const known = type.values.some((one) => one.number === Number(value));
  if (!known) report("MOKA_TEXT_UNKNOWN_ENUM", `${value} is none of the numbers of ${type.name}`);
  return Number(value);
}

function enumName(type: DescEnum, literal: Literal, report: Report): number | undefined {
  const { text, negative } = literal;
  const names = negative ? none : enumNames(type);
  const exact = names.get(text);
  if (exact !== undefined) return exact;
  const upper = text.toUpperCase();
  const same = names.get(upper);
  if (same !== undefined) report("MOKA_TEXT_SPELLING", `${text} is spelled ${upper}`);
  else report("MOKA_TEXT_UNKNOWN_ENUM", `${excerpt(written(literal))} is none of ${valuesOf(type, upper)}`);
  return same;
}

/** The names to choose from, or of many the one that was probably meant. */
function valuesOf(type: DescEnum, wrong: string): string {
  const names = [...enumNames(type).keys()];
  if (names.length <= 8) return names.join(", ");
  const close = closest(wrong, names);
  return close === undefined ? `the values of ${type.name}` : `the values of ${type.name}; did you mean ${close}?`;
}

const none: ReadonlyMap<string, number> = new Map();
const namesOfEnums = new WeakMap<DescEnum, ReadonlyMap<string, number>>();

function enumNames(type: DescEnum): ReadonlyMap<string, number> {
  let names = namesOfEnums.get(type);
  if (!names) {
    names = new Map(type.values.map((value) => [value.name, value.number]));
    namesOfEnums.set(type, names);
  }
  return names;
}

const name = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The scalar itself, or what it is without the quotes, the plus or the name behind it that it should not have. */
function literalOf(node: ScalarNode): Literal {
  const quoted = node.form === "string" && node.more.length === 0;
  if (!quoted && node.form !== "word") return node;
  const content = quoted ? contentOf(node.text).trim() : node.text;
  const found = findNumeral(content);
  const twice = node.negative && found?.sign;
  if (found && !twice && !(quoted && found.behind)) {
    return { form: "number", text: found.numeral, negative: node.negative || found.sign === "-" };
  }
  return quoted && name.test(content) ? { form: "name", text: content, negative: false } : node;
}

function reportRewritten(node: ScalarNode, literal: Literal, report: Report): void {
  const plain = written(literal);
  const behind = findNumeral(node.text)?.behind;
  if (node.form === "string") report("MOKA_TEXT_QUOTES", `${plain} stands in quotes here, and should not`);
  else if (behind) report("MOKA_TEXT_GLUED", `${written(node)} is read as ${plain}, and ${behind} left out`);
  else report("MOKA_TEXT_SPELLING", `${written(node)} is spelled ${plain}`);
}

function readString(type: ScalarType, node: ScalarNode, report: Report): string | Uint8Array | undefined {
  const { form, text: literal, more, negative } = node;
  if (form === "number" || negative) return mismatch("a string in quotes", node, report);
  if (form !== "string") {
    report("MOKA_TEXT_QUOTES", `expected a string, came ${excerpt(literal)} without quotes`);
    return type === ScalarType.STRING ? literal : new TextEncoder().encode(literal);
  }
  const escaped = literal.includes("\\") || more.some((each) => each.includes("\\"));
  if (!escaped && type === ScalarType.STRING) {
    return more.length === 0 ? contentOf(literal) : [literal, ...more].map(contentOf).join("");
  }
  const { bytes, badEscape } = unescapeStrings([literal, ...more].map(contentOf));
  if (badEscape !== undefined) report("MOKA_TEXT_ESCAPE", `there is no escape ${badEscape} in a string`);
  if (type === ScalarType.BYTES) return bytes;
  const { text, lossy } = decodeUtf8(bytes);
  if (lossy) report("MOKA_TEXT_ENCODING", "the bytes of this string are not UTF-8");
  return text;
}

/** As Caffe spells them. */
const bools: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["True", true],
  ["t", true],
  ["false", false],
  ["False", false],
  ["f", false],
]);

/** As others do, in any case. */
const otherBools: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["yes", true],
  ["on", true],
  ["false", false],
  ["no", false],
  ["off", false],
]);

function readBool(literal: Literal, report: Report): boolean | undefined {
  const { text, form, negative } = literal;
  if (negative) return mismatch("true or false", literal, report);
  if (form === "number") {
    const { value, form: base } = readNumeral(text);
    const integer = base === "decimal" || base === "octal" || base === "hex";
    return integer && value <= 1 ? value === 1 : mismatch("true or false", literal, report);
  }
  const value = bools.get(text);
  if (value !== undefined) return value;
  const other = otherBools.get(text.toLowerCase());
  if (other === undefined) return mismatch("true or false", literal, report);
  report("MOKA_TEXT_SPELLING", `${text} is spelled ${other}`);
  return other;
}

function readFloat(literal: Literal, report: Report): number | undefined {
  const { text, form, negative } = literal;
  if (form !== "number") {
    const special = form === "name" ? specialFloats.get(text.toLowerCase()) : undefined;
    if (special === undefined) return mismatch("a number", literal, report);
    return negative ? -special : special;
  }
  const { value, form: base } = readNumeral(text);
  if (base === "octal") {
    const reason = `${text} may be octal, ${value}, or decimal, ${Number(text)}; Caffe takes neither here`;
    report("MOKA_TEXT_VALUE", reason);
    return undefined;
  }
  if (base === "hex" || base === "odd") report("MOKA_TEXT_SPELLING", `${excerpt(text)} is spelled ${value}`);
  return negative ? -value : value;
}

/** In any case. */
const specialFloats: ReadonlyMap<string, number> = new Map([
  ["inf", Number.POSITIVE_INFINITY],
  ["infinity", Number.POSITIVE_INFINITY],
  ["nan", Number.NaN],
]);

/** An integer from `min` to `max`: a bigint if it needs to be, a number otherwise. */
function readInteger<T extends number | bigint>(
  literal: Literal,
  min: T,
  max: T,
  report: Report,
): number | bigint | undefined {
  const { text, form, negative } = literal;
  const numeral = form === "number" ? readNumeral(text) : undefined;
  if (!numeral || Number.isNaN(numeral.value) || (numeral.value < 2 ** 53 && !Number.isInteger(numeral.value))) {
    return mismatch("an integer", literal, report);
  }
  const size = Number.isSafeInteger(numeral.value) ? numeral.value : numeral.exact;
  const value = negative && size ? -size : size;
  if (value === undefined || value < min || value > max) {
    report("MOKA_TEXT_RANGE", `${excerpt(written(literal))} is not within ${min} and ${max}`);
    return undefined;
  }
  const foreign = numeral.form === "float" || numeral.form === "odd" || (negative && min === 0);
  if (foreign) report("MOKA_TEXT_SPELLING", `${excerpt(written(literal))} is spelled ${value}`);
  return value;
}

function written({ text, negative }: Literal): string {
  return negative ? `-${text}` : text;
}

function mismatch(expected: string, literal: Literal, report: Report): undefined {
  report("MOKA_TEXT_VALUE", `expected ${expected}, came ${excerpt(written(literal))}`);
}

import { type DescEnum, ScalarType } from "@bufbuild/protobuf";
import { closest, hintAt } from "../../util/closest.js";
import { forkBase } from "../fork-fields.js";
import type { TextIssueCode } from "./issues.js";
import { findNumeral, readNumeral } from "./numbers.js";
import { contentOf, decodeUtf8, unescapeStrings } from "./strings.js";
import { excerpt, type ScalarNode } from "./tree.js";

/** The value of a field: a scalar, or the number of an enum's value. */
export type ScalarValue = number | bigint | boolean | string | Uint8Array;

/** Called with each problem of the scalar being read. */
export type Report = (code: TextIssueCode, message: string) => void;

/** A scalar that is not a string: what the readers of numbers, bools and enums need. */
type Literal = Pick<ScalarNode, "form" | "text" | "negative">;

/** The value of a scalar field; undefined, after a report, if the text has no clear meaning for its type. */
export function readScalar(type: ScalarType, node: ScalarNode, report: Report): ScalarValue | undefined {
  if (type === ScalarType.STRING || type === ScalarType.BYTES) return readString(type, node, report);
  const literal = literalOf(node);
  const value = readLiteral(type, literal, report);
  if (literal !== node && value !== undefined) reportRewritten(node, literal, report);
  return value;
}

/** The number of the enum's value with this name or number. An unknown number is reported, and returned. */
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
  const known = value < forkBase && type.values.some((entry) => entry.number === Number(value));
  if (!known) report("MOKA_TEXT_UNKNOWN_ENUM", `${value} is none of the numbers of ${type.name}`);
  return Number(value);
}

function enumName(type: DescEnum, literal: Literal, report: Report): number | undefined {
  const { text, negative } = literal;
  const numberOf = (name: string) => (negative ? undefined : type.values.find((value) => value.name === name)?.number);
  const exact = numberOf(text);
  if (exact !== undefined) return exact;
  const upper = text.toUpperCase();
  const upperMatch = numberOf(upper);
  if (upperMatch !== undefined) report("MOKA_TEXT_SPELLING", `${text} is spelled ${upper}`);
  else report("MOKA_TEXT_UNKNOWN_ENUM", `${excerpt(written(literal))} is none of ${valuesOf(type, upper)}`);
  return upperMatch;
}

/** For a message: all names in BVLC's Caffe of an enum of at most 8 values; of a larger one, the name that was probably meant. */
function valuesOf(type: DescEnum, wrong: string): string {
  const names = type.values.filter(({ number }) => number < forkBase).map(({ name }) => name);
  if (names.length <= 8) return names.join(", ");
  return `the values of ${type.name}${hintAt(closest(wrong, names))}`;
}

const name = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The scalar itself; or, if it has unexpected quotes, a plus or a name directly after a number, the scalar without. */
function literalOf(node: ScalarNode): Literal {
  const quoted = node.form === "string" && node.more.length === 0;
  if (!quoted && node.form !== "word") return node;
  const content = quoted ? contentOf(node.text).trim() : node.text;
  const signedNumeral = findNumeral(content);
  const hasTwoSigns = node.negative && signedNumeral?.sign;
  if (signedNumeral && !hasTwoSigns && !(quoted && signedNumeral.suffix)) {
    return { form: "number", text: signedNumeral.numeral, negative: node.negative || signedNumeral.sign === "-" };
  }
  return quoted && name.test(content) ? { form: "name", text: content, negative: false } : node;
}

function reportRewritten(node: ScalarNode, literal: Literal, report: Report): void {
  const plain = written(literal);
  const suffix = findNumeral(node.text)?.suffix;
  if (node.form === "string") report("MOKA_TEXT_QUOTES", `${plain} should not be in quotes`);
  else if (suffix) report("MOKA_TEXT_GLUED", `${written(node)} is read as ${plain}, and ${suffix} left out`);
  else report("MOKA_TEXT_SPELLING", `${written(node)} is spelled ${plain}`);
}

function readString(type: ScalarType, node: ScalarNode, report: Report): string | Uint8Array | undefined {
  const { form, text: literal, more, negative } = node;
  if (form === "number" || negative) return mismatch("a string in quotes", node, report);
  if (form !== "string") {
    report("MOKA_TEXT_QUOTES", `expected a string, got ${excerpt(literal)} without quotes`);
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

/** The spellings that Caffe accepts. */
const bools = { true: ["true", "True", "t"], false: ["false", "False", "f"] };

/** Other spellings, in lower case; upper case is accepted too. */
const otherBools = { true: ["true", "yes", "on"], false: ["false", "no", "off"] };

function readBool(literal: Literal, report: Report): boolean | undefined {
  const { text, form, negative } = literal;
  if (negative) return mismatch("true or false", literal, report);
  if (form === "number") {
    const { value, form: base } = readNumeral(text);
    const isInteger = base === "decimal" || base === "octal" || base === "hex";
    return isInteger && value <= 1 ? value === 1 : mismatch("true or false", literal, report);
  }
  const value = boolFrom(bools, text);
  if (value !== undefined) return value;
  const other = boolFrom(otherBools, text.toLowerCase());
  if (other === undefined) return mismatch("true or false", literal, report);
  report("MOKA_TEXT_SPELLING", `${text} is spelled ${other}`);
  return other;
}

function boolFrom(spellings: typeof bools, text: string): boolean | undefined {
  if (spellings.true.includes(text)) return true;
  return spellings.false.includes(text) ? false : undefined;
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
  if (base === "hex" || base === "leadingZero") report("MOKA_TEXT_SPELLING", `${excerpt(text)} is spelled ${value}`);
  return negative ? -value : value;
}

/** Names in lower case; upper case is accepted too. */
const specialFloats: ReadonlyMap<string, number> = new Map([
  ["inf", Number.POSITIVE_INFINITY],
  ["infinity", Number.POSITIVE_INFINITY],
  ["nan", Number.NaN],
]);

/** An integer from `min` to `max`: a bigint if a number cannot hold it exactly, a number otherwise. */
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
  const isRespelled = numeral.form === "float" || numeral.form === "leadingZero" || (negative && min === 0);
  if (isRespelled) report("MOKA_TEXT_SPELLING", `${excerpt(written(literal))} is spelled ${value}`);
  return value;
}

function written({ text, negative }: Literal): string {
  return negative ? `-${text}` : text;
}

function mismatch(expected: string, literal: Literal, report: Report): undefined {
  report("MOKA_TEXT_VALUE", `expected ${expected}, got ${excerpt(written(literal))}`);
}

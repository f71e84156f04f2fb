import { formatNumber } from "../../util/number-format.js";

/** A number of the text. */
interface Numeral {
  readonly value: number;
  /** The exact value of an integer of at most 32 digits; undefined for a decimal of at most 15, which `value` holds. */
  readonly exact: bigint | undefined;
  /** The form in the text. `leadingZero` is a decimal that starts with an extra zero, which C++ protobuf refuses. */
  readonly form: "decimal" | "octal" | "hex" | "float" | "leadingZero";
}

const smallInteger = /^(?:0|[1-9][0-9]{0,14})$/;
const decimalDigits = /^[0-9]+$/;
const octalDigits = /^0[0-7]+$/;
const leadingZero = /^0[0-9]/;

/** Reads a number token of the lexer. */
export function readNumeral(raw: string): Numeral {
  if (smallInteger.test(raw)) return { value: Number(raw), exact: undefined, form: "decimal" };
  if (raw.startsWith("0x") || raw.startsWith("0X")) return integer(raw, raw.length - 2, "hex");
  if (octalDigits.test(raw)) return integer(`0o${raw.slice(1)}`, raw.length - 1, "octal");
  if (decimalDigits.test(raw)) return integer(raw, raw.length, raw.startsWith("0") ? "leadingZero" : "decimal");
  const value = Number(raw.replace(/[fF]$/, ""));
  return { value, exact: undefined, form: leadingZero.test(raw) ? "leadingZero" : "float" };
}

const signedNumeral =
  /^([-+]?)(0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?[fF]?)([A-Za-z_][A-Za-z0-9_]*)?$/;

/** Finds a number with an unexpected sign before it or an unexpected name directly after it. */
export function findNumeral(
  text: string,
): { readonly sign: string; readonly numeral: string; readonly suffix: string } | undefined {
  const [, sign = "", numeral, suffix = ""] = text.length <= 64 ? (signedNumeral.exec(text) ?? []) : [];
  return numeral === undefined ? undefined : { sign, numeral, suffix };
}

function integer(literal: string, digits: number, form: Numeral["form"]): Numeral {
  // BigInt takes time in proportion to the square of the number of digits. No field holds more than 22 octal digits.
  const exact = digits <= 32 ? BigInt(literal) : undefined;
  return { value: exact === undefined ? Number(literal) : Number(exact), exact, form };
}

/** A float32 as C++ protobuf prints it: `0.1`, `1e-08`, `16777216`, `inf`. */
export function formatFloat(value: number): string {
  const short = formatNumber(value, 6);
  // C++ uses the short form if reading it gives the same value, and never for a subnormal number.
  const subnormal = value !== 0 && Math.abs(value) < 2 ** -126;
  return !subnormal && Math.fround(Number(short)) === value ? short : formatNumber(value, 9);
}

/**
 * A number as people write it: the fewest digits that are read as the same float32 (or, without `isSingle`, float64), and an
 * exponent only below 1e-6 and from 1e21 on: `0.1234567`, `0.00001`, `1e-7`.
 */
export function formatShortest(value: number, isSingle: boolean): string {
  if (!Number.isFinite(value) || Object.is(value, -0)) return formatNumber(value);
  if (!isSingle) return String(value);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}

/** A float64 as C++ protobuf prints it. */
export function formatDouble(value: number): string {
  const short = formatNumber(value, 15);
  return Number(short) === value ? short : formatNumber(value, 17);
}

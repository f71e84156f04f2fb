import { formatNumber } from "../../util/number-format.js";

/** A number of the text, read in its plain meaning. */
export interface Numeral {
  readonly value: number;
  /** Its exact value, if it is an integer of no more than 64 bits. */
  readonly exact: bigint | undefined;
  /** How it is written; `odd` is a decimal with a zero too many in front, which C++ protobuf refuses. */
  readonly form: "decimal" | "octal" | "hex" | "float" | "odd";
}

const smallInteger = /^(?:0|[1-9][0-9]{0,14})$/;
const decimalDigits = /^[0-9]+$/;
const octalDigits = /^0[0-7]+$/;
const oddStart = /^0[0-9]/;

/** Reads what the lexer has found to be a number. */
export function readNumeral(raw: string): Numeral {
  if (smallInteger.test(raw)) return { value: Number(raw), exact: undefined, form: "decimal" };
  if (raw.startsWith("0x") || raw.startsWith("0X")) return integer(raw, raw.length - 2, "hex");
  if (octalDigits.test(raw)) return integer(`0o${raw.slice(1)}`, raw.length - 1, "octal");
  if (decimalDigits.test(raw)) return integer(raw, raw.length, raw.startsWith("0") ? "odd" : "decimal");
  const value = Number(raw.replace(/[fF]$/, ""));
  return { value, exact: undefined, form: oddStart.test(raw) ? "odd" : "float" };
}

const signedNumeral =
  /^([-+]?)(0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?[fF]?)([A-Za-z_][A-Za-z0-9_]*)?$/;

/** A number with a sign before it or a name right behind it, neither of which belongs there. */
export function findNumeral(
  text: string,
): { readonly sign: string; readonly numeral: string; readonly behind: string } | undefined {
  const [, sign = "", numeral, behind = ""] = text.length <= 64 ? (signedNumeral.exec(text) ?? []) : [];
  return numeral === undefined ? undefined : { sign, numeral, behind };
}

function integer(literal: string, digits: number, form: Numeral["form"]): Numeral {
  // BigInt takes time in proportion to the square of the digits; no field holds more than 22 octal ones.
  const exact = digits <= 32 ? BigInt(literal) : undefined;
  return { value: exact === undefined ? Number(literal) : Number(exact), exact, form };
}

/** A float32 as C++ protobuf prints it: `0.1`, `1e-08`, `16777216`, `inf`. */
export function formatFloat(value: number): string {
  const short = formatNumber(value, 6);
  // C++ takes the short form if it reads back, and counts a subnormal number as one that does not.
  const subnormal = value !== 0 && Math.abs(value) < 2 ** -126;
  return !subnormal && Math.fround(Number(short)) === value ? short : formatNumber(value, 9);
}

/** A float64 as C++ protobuf prints it. */
export function formatDouble(value: number): string {
  const short = formatNumber(value, 15);
  return Number(short) === value ? short : formatNumber(value, 17);
}

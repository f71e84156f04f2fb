import type { Constant } from "../../tensor.js";
import { whole } from "../value.js";
import { broadcastShape, type Fold, type FoldScope, placesIn } from "./fold.js";

/** A function of numbers, in double precision, and of whole numbers, where that is another one. */
interface Rule {
  readonly float: (a: number, b: number) => number;
  readonly int?: (a: bigint, b: bigint) => bigint;
  /** Whether the result is a truth value, 0 or 1. */
  readonly isTest?: boolean;
}

const test = (holds: (a: number | bigint, b: number | bigint) => boolean): Rule => ({
  float: (a, b) => Number(holds(a, b)),
  int: (a, b) => BigInt(holds(a, b)),
  isTest: true,
});

/** Operators of two arrays, with the smaller one repeated. Those of one array read it twice. */
const rules: Readonly<Record<string, Rule>> = {
  Add: { float: (a, b) => a + b, int: (a, b) => a + b },
  Sub: { float: (a, b) => a - b, int: (a, b) => a - b },
  Mul: { float: (a, b) => a * b, int: (a, b) => a * b },
  Div: { float: (a, b) => a / b, int: (a, b) => (b === 0n ? 0n : a / b) },
  Mod: { float: (a, b) => a % b, int: (a, b) => (b === 0n ? 0n : ((a % b) + b) % b) },
  Pow: { float: (a, b) => a ** b, int: (a, b) => whole(Number(a) ** Number(b)) },
  Min: { float: Math.min },
  Max: { float: Math.max },
  Equal: test((a, b) => a === b),
  Greater: test((a, b) => a > b),
  GreaterOrEqual: test((a, b) => a >= b),
  Less: test((a, b) => a < b),
  LessOrEqual: test((a, b) => a <= b),
  And: test((a, b) => Boolean(a) && Boolean(b)),
  Or: test((a, b) => Boolean(a) || Boolean(b)),
  Not: test((a) => !a),
  Neg: { float: (a) => -a, int: (a) => -a },
  Abs: { float: Math.abs, int: (a) => (a < 0n ? -a : a) },
  Sign: { float: Math.sign, int: (a) => (a > 0n ? 1n : a < 0n ? -1n : 0n) },
  Floor: { float: Math.floor },
  Ceil: { float: Math.ceil },
  Round: { float: roundHalfToEven },
  Sqrt: { float: Math.sqrt },
  Exp: { float: Math.exp },
  Log: { float: Math.log },
  Reciprocal: { float: (a) => 1 / a },
};

/** Arithmetic of constants. Floats are computed in double precision and rounded once; whole numbers wrap at 64 bits. */
export const elementwise: Readonly<Record<string, Fold>> = Object.fromEntries(
  Object.entries(rules).map(([type, rule]) => [type, (at: FoldScope) => apply(at, rule)]),
);

function apply(at: FoldScope, rule: Rule): Constant {
  const [first, ...others] = at.inputs.flatMap((input) => input ?? []);
  if (!first) throw at.node.error("MOKA_PARSE", "it has no input");
  return others.length === 0 ? pair(at, rule, first, first) : others.reduce((a, b) => pair(at, rule, a, b), first);
}

function pair(at: FoldScope, rule: Rule, a: Constant, b: Constant): Constant {
  const wanted = broadcastShape(a.shape, b.shape);
  if (!wanted)
    throw at.node.error("MOKA_PARSE", `${a.shape.join(" × ")} and ${b.shape.join(" × ")} do not fit together`);
  const shape = at.shape(wanted);
  const [inA, inB] = [placesIn(a.shape, shape), placesIn(b.shape, shape)];
  const length = shape.reduce((count, size) => count * size, 1);
  const { float, int = (x: bigint, y: bigint) => whole(float(Number(x), Number(y))) } = rule;
  if (a.type === "int" && b.type === "int") {
    const data = BigInt64Array.from({ length }, (_, i) => int(a.data[inA(i)] ?? 0n, b.data[inB(i)] ?? 0n));
    return { type: "int", shape, data };
  }
  const value = (i: number) => float(Number(a.data[inA(i)] ?? 0), Number(b.data[inB(i)] ?? 0));
  return rule.isTest
    ? { type: "int", shape, data: BigInt64Array.from({ length }, (_, i) => whole(value(i))) }
    : { type: "float", shape, data: Float32Array.from({ length }, (_, i) => value(i)) };
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

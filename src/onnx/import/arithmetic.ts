import { countOf, type Shape, sameShape } from "../../util/shape.js";
import { type Constant, floatConstant } from "../tensor.js";
import { affine, runOf, tiled } from "./broadcast.js";
import { clipped } from "./clip.js";
import { broadcastShape } from "./fold/fold.js";
import type { Imported, Operator, Scope } from "./scope.js";
import { type Blob, floatsOf, type Value } from "./value.js";

/** How two blobs are combined: the operations of Eltwise, as its message numbers them. */
const operations = { product: 0, sum: 1, max: 2 } as const;

type Operation = keyof typeof operations;

/** Add → Eltwise; with what is repeated Bias, Power, or the bias of the layer before: exact. */
export function add(node: Scope): Imported {
  const [x, c] = withConstant(node);
  return c ? affine(node, x, { shift: c }) : combined(node, "sum", x, node.blob(1));
}

/** Mul → Eltwise, with what is repeated Scale or Power: exact. */
export function mul(node: Scope): Imported {
  const [x, c] = withConstant(node);
  return c ? affine(node, x, { scale: c }) : combined(node, "product", x, node.blob(1));
}

/** Sub → Eltwise with the coefficients 1 and −1, or the sum with the negative: exact. */
export function sub(node: Scope): Imported {
  const [a, b] = [node.input(0), node.input(1)];
  if (b.kind === "constant" && a.kind === "blob")
    return affine(node, a, { shift: mapped(b.constant, (value) => -value) });
  if (a.kind === "constant" && b.kind === "blob") return affine(node, scaled(node, b, -1), { shift: a.constant });
  const [x, y] = [node.blob(0), node.blob(1)];
  if (!sameShape(x.shape, y.shape)) return combined(node, "sum", x, scaled(node, y, -1));
  return node.layer("Eltwise", [x, y], { eltwiseParam: { operation: 1, coeff: [1, -1] } });
}

/** Div → the product with the reciprocal: one more rounding. */
export function div(node: Scope): Imported {
  const [a, b] = [node.input(0), node.input(1)];
  if (b.kind === "constant" && a.kind === "blob")
    return affine(node, a, { scale: mapped(b.constant, (value) => 1 / value) });
  const inverse = node.layer("Power", [node.blob(1)], { powerParam: { power: -1 } }, { suffix: "inverse" });
  return a.kind === "constant" ? affine(node, inverse, { scale: a.constant }) : combined(node, "product", a, inverse);
}

/** Pow → Power: exact, with one exponent for all values. */
export function pow(node: Scope): Imported {
  const exponents = node.floats(1, "exponent") ?? [];
  const [power = 1] = exponents;
  node.check(
    exponents.every((each) => each === power),
    "its exponents differ; Caffe's Power has one for all values",
  );
  return node.layer("Power", [node.blob(0)], { powerParam: { power } }, { inPlace: true });
}

/** Max → Eltwise MAX; with one number a clip: exact. */
export const max: Operator = (node) => many(node, (x, y, last) => largest(node, x, y, false, last));

/** Min, as −max(−a, −b); with one number a clip: exact. */
export const min: Operator = (node) => many(node, (x, y, last) => largest(node, x, y, true, last));

/** Sum → Eltwise: exact. */
export function sum(node: Scope): Imported {
  if (node.inputs.length === 1) return node.pass(node.blob(0));
  const blobs = node.inputs.map((_, index) => node.blob(index));
  const [first, second] = blobs;
  if (first && second && blobs.length === 2) return combined(node, "sum", first, second);
  return node.layer("Eltwise", sameShapes(node, blobs), { eltwiseParam: { operation: 1 } });
}

/** Mean → Eltwise with equal coefficients: one more rounding. */
export function mean(node: Scope): Imported {
  if (node.inputs.length === 1) return node.pass(node.blob(0));
  const blobs = node.inputs.map((_, index) => node.blob(index));
  return node.layer("Eltwise", sameShapes(node, blobs), {
    eltwiseParam: { operation: 1, coeff: blobs.map(() => 1 / blobs.length) },
  });
}

/** The blob and the constant of two inputs in either order; no constant if both are blobs. */
function withConstant(node: Scope): readonly [Blob, Constant?] {
  const [a, b] = [node.input(0), node.input(1)];
  if (a.kind === "blob") return b.kind === "blob" ? [a] : [a, b.constant];
  return b.kind === "blob" ? [b, a.constant] : [node.blob(0)];
}

function mapped({ shape, ...constant }: Constant, change: (value: number) => number): Constant {
  return floatConstant(shape, floatsOf({ shape, ...constant } as Constant).map(change));
}

function scaled(node: Scope, x: Blob, scale: number): Blob {
  return node.layer("Power", [x], { powerParam: { scale } }, { suffix: "negative" });
}

function sameShapes(node: Scope, blobs: readonly Blob[]): readonly Blob[] {
  const shape = blobs.reduce<Shape | undefined>((all, each) => all && broadcastShape(all, each.shape), []);
  if (!shape) throw node.node.error("MOKA_PARSE", "its inputs have shapes that do not fit together");
  return blobs.map((blob, i) => (sameShape(blob.shape, shape) ? blob : tiled(node, blob, shape, `repeated${i}`)));
}

/** Two blobs combined, of which one may be repeated. */
export function combined(node: Scope, how: Operation, a: Blob, b: Blob, suffix?: string): Blob {
  const options = { suffix };
  const fields = { eltwiseParam: { operation: operations[how] } };
  if (sameShape(a.shape, b.shape)) return node.layer("Eltwise", [a, b], fields, options);
  const shape = broadcastShape(a.shape, b.shape);
  if (!shape)
    throw node.node.error("MOKA_PARSE", `${a.shape.join(" × ")} and ${b.shape.join(" × ")} do not fit together`);
  const [large, small] = sameShape(a.shape, shape) ? [a, b] : [b, a];
  const run = sameShape(large.shape, shape) ? withBatch(small.shape, shape) : undefined;
  if (run && run.shape.length > 0) {
    const [bottoms, where] = [() => [large, node.reshape(small, run.shape, "operand")], { axis: run.axis }];
    if (how === "product" && node.canTakeTwo("Scale"))
      return node.layer("Scale", bottoms(), { scaleParam: where }, options);
    if (how === "sum" && node.canTakeTwo("Bias")) return node.layer("Bias", bottoms(), { biasParam: where }, options);
  }
  const both = [a, b].map((blob, i) =>
    sameShape(blob.shape, shape) ? blob : tiled(node, blob, shape, `repeated${i}`),
  );
  return node.layer("Eltwise", both, fields, options);
}

/** The axes that an operand spans, with the batch if both have it: so the batch may change later. */
function withBatch(small: Shape, shape: Shape) {
  const run = runOf(small, shape);
  if (!run || small.length !== shape.length || small[0] !== shape[0]) return run;
  const end = run.axis + run.shape.length;
  const whole = small.slice(0, end);
  return sameShape(whole, shape.slice(0, end)) ? { axis: 0, shape: whole } : run;
}

/** Combines the inputs from the first to the last, two at a time. */
function many(node: Scope, combine: (x: Value, y: Value, suffix: string | undefined) => Blob): Value {
  const values = node.inputs.map((_, index) => node.input(index));
  if (values.length === 1) return node.pass(node.blob(0));
  return values
    .slice(1)
    .reduce<Value>((x, y, i) => combine(x, y, i === values.length - 2 ? undefined : `part${i}`), node.input(0));
}

/** The larger value of two, or the smaller one. */
function largest(node: Scope, a: Value, b: Value, isMin: boolean, suffix?: string): Blob {
  const [x, c] = a.kind === "blob" ? [a, b] : [b, a];
  if (x.kind === "constant") return largest(node, node.hold(x.constant, "constant"), c, isMin, suffix);
  if (c.kind === "constant") {
    const values = floatsOf(c.constant);
    const [bound = 0] = values;
    if (
      values.every((each) => each === bound) &&
      countOf(broadcastShape(x.shape, c.constant.shape) ?? []) === countOf(x.shape)
    ) {
      return isMin ? clipped(node, x, -Infinity, bound, suffix) : clipped(node, x, bound, Infinity, suffix);
    }
  }
  const y = c.kind === "blob" ? c : node.hold(c.constant, "constant");
  if (!isMin) return combined(node, "max", x, y, suffix);
  const minus = { powerParam: { scale: -1 } };
  const [left, right] = [x, y].map((blob, i) =>
    node.layer("Power", [blob], minus, { suffix: `${suffix ?? "min"}/negative${i}` }),
  );
  if (!left || !right) throw new TypeError("two operands are wanted");
  const most = combined(node, "max", left, right, `${suffix ?? "min"}/max`);
  return node.layer("Power", [most], minus, { inPlace: true, suffix });
}

import { countOf, type Shape, sameShape } from "../../util/shape.js";
import { type Constant, floatConstant } from "../tensor.js";
import { broadcastShape, placesIn } from "./fold/fold.js";
import { filled } from "./net-builder.js";
import type { Scope } from "./scope.js";
import { type Blob, floatsOf } from "./value.js";

/** Where an operand lies that is repeated to a shape: the axes `[axis, axis + shape.length)` of it. */
interface Run {
  readonly axis: number;
  readonly shape: Shape;
}

/** The axes that an operand spans, if it is repeated only around them; undefined if it is repeated between. */
export function runOf(small: Shape, shape: Shape): Run | undefined {
  const sizes = [...Array.from({ length: shape.length - small.length }, () => 1), ...small];
  const own = [...sizes.keys()].filter((axis) => sizes[axis] !== 1);
  const axis = own[0] ?? 0;
  const run = sizes.slice(axis, own.length > 0 ? (own.at(-1) ?? 0) + 1 : axis);
  return sameShape(run, shape.slice(axis, axis + run.length)) ? { axis, shape: run } : undefined;
}

/** A constant that is repeated between the axes that it spans, with the repeated values written out. */
function writtenOut(node: Scope, constant: Constant, shape: Shape): Constant {
  const sizes = [...Array.from({ length: shape.length - constant.shape.length }, () => 1), ...constant.shape];
  const own = [...sizes.keys()].filter((axis) => sizes[axis] !== 1);
  const [first = 0, last = 0] = [own[0], own.at(-1)];
  const full = shape.map((size, axis) => (axis < first || axis > last ? 1 : size));
  node.budget.take(countOf(full));
  const [values, placeOf] = [floatsOf(constant), placesIn(constant.shape, full)];
  return floatConstant(
    full,
    Float32Array.from({ length: countOf(full) }, (_, i) => values[placeOf(i)] ?? 0),
  );
}

/** What to do with each value of a blob: multiply it, then add. Both are repeated to the blob's shape. */
export interface Affine {
  readonly scale?: Constant | undefined;
  readonly shift?: Constant | undefined;
}

/**
 * y = scale·x + shift, with a constant that is repeated to the shape of x: one value by Power, values along an axis or several by Scale or Bias; a
 * bias along the outputs of a convolution or an inner product becomes its own. Exact: one rounding each.
 */
export function affine(node: Scope, x: Blob, { scale, shift }: Affine, suffix?: string): Blob {
  const options = { inPlace: true, suffix };
  const constant = scale ?? shift;
  if (!constant) return x;
  const shape = broadcastShape(x.shape, constant.shape);
  node.check(
    shape && sameShape(shape, x.shape),
    `its constant ${constant.shape.join(" × ")} makes ${x.shape.join(" × ")} larger, which no layer does`,
  );
  const values = floatsOf(constant);
  if (values.every((value) => value === values[0]) && node.can("Power")) {
    const value = values[0] ?? 0;
    return node.layer("Power", [x], { powerParam: scale ? { scale: value } : { shift: value } }, options);
  }
  const fit = runOf(constant.shape, x.shape) ? constant : writtenOut(node, constant, x.shape);
  const run = runOf(fit.shape, x.shape);
  node.check(run, `its constant ${constant.shape.join(" × ")} does not fit ${x.shape.join(" × ")}`);
  const { axis, shape: sizes } = run;
  const parameter = floatConstant(sizes, floatsOf(fit));
  if (!scale && joinsBias(node, x, axis, parameter)) return node.pass(x);
  const where = { axis, numAxes: sizes.length };
  if (scale)
    return node.layer(
      "Scale",
      [x],
      { scaleParam: { ...where, biasTerm: false } },
      { ...options, parameters: [parameter] },
    );
  if (node.can("Bias")) return node.layer("Bias", [x], { biasParam: where }, { ...options, parameters: [parameter] });
  const one = floatConstant(sizes, filled(countOf(sizes), 1).data as Float32Array);
  return node.layer(
    "Scale",
    [x],
    { scaleParam: { ...where, biasTerm: true } },
    { ...options, parameters: [one, parameter] },
  );
}

/** Makes a bias the own one of the layer that made `x`, if that has none and nothing else reads `x`. */
function joinsBias(node: Scope, x: Blob, axis: number, bias: Constant): boolean {
  const made = node.soleMaker(x);
  const param = made?.message.convolutionParam ?? made?.message.innerProductParam;
  if (!made || !param || param.biasTerm || made.parameters.length !== 1 || x.version > 0) return false;
  const outputs = made.message.innerProductParam ? x.shape.length - 1 : 1;
  if (axis !== outputs || !sameShape(bias.shape, [param.numOutput])) return false;
  param.biasTerm = true;
  made.parameters = [...made.parameters, bias];
  return true;
}

/** Repeats a blob to a shape, by Tile along each axis. */
export function tiled(node: Scope, x: Blob, shape: Shape, suffix: string): Blob {
  const missing = shape.length - x.shape.length;
  const start =
    missing > 0 ? node.reshape(x, [...Array.from({ length: missing }, () => 1), ...x.shape], `${suffix}/axes`) : x;
  return shape.reduce((from, size, axis) => {
    if (from.shape[axis] === size) return from;
    return node.layer("Tile", [from], { tileParam: { axis, tiles: size } }, { suffix: `${suffix}/axis${axis}` });
  }, start);
}

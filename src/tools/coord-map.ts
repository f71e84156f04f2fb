import { isFieldSet } from "@bufbuild/protobuf";
import { layers } from "../layers/registry.js";
import {
  type ConvolutionParameter,
  ConvolutionParameterSchema,
  type LayerParameter,
  type PoolingParameter,
  PoolingParameterSchema,
} from "../proto/gen/caffe_pb.js";
import { check, MokaError } from "../util/errors.js";
import { L, type Top } from "./net-spec.js";

/**
 * How a position along spatial axes of one blob maps to another's: `to = scale · from + shift`. The lists have one number for all axes,
 * or one for each.
 */
export interface CoordMap {
  /** The last axis that the map does not cover, as in pycaffe: 1 for spatial axes; undefined if no layer names one. */
  readonly axis: number | undefined;
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

const identity: CoordMap = { axis: undefined, scale: [1], shift: [0] };
const coordinatesOf = new Map(layers.map(({ type, coordinates }) => [type as string, coordinates]));

/**
 * How coordinates of one top map to those of another, as pycaffe's `coord_map.coord_map_from_to`: along the layers of a NetSpec from
 * both back to the blob where they meet. Besides pycaffe's layers, all layers count that compute each position alone.
 *
 * @throws MokaError `MOKA_BLOB` if the tops are not connected by layers with a map; `MOKA_FIELD` for `kernel_h` and such, or a layer
 * without `kernel_size`; `MOKA_SHAPE` if the layers between them work on other axes
 * @example
 * ```ts
 * const n = new NetSpec();
 * n.data = L.Input({ shape: { dim: [1, 1, 100, 100] } });
 * n.pool = L.Pooling(n.data, { kernel_size: 4, stride: 4 });
 * n.up = L.Deconvolution(n.pool, { convolution_param: { num_output: 1, kernel_size: 8, stride: 4 } });
 * coordMapFromTo(n.up, n.data); // { axis: 1, scale: [1], shift: [-2] }
 * ```
 */
export function coordMapFromTo(from: Top, to: Top): CoordMap {
  const known = new Map([...mapsBack(from)]);
  for (const [top, map] of mapsBack(to)) {
    const other = known.get(top);
    if (other) return compose(map, inverse(other));
  }
  throw new MokaError("MOKA_BLOB", "no coordinates map from one top to the other: no spatial layers connect them");
}

/**
 * A Crop layer that cuts from `from` the part that corresponds to `to`, as pycaffe's `coord_map.crop`: the offset follows from the
 * layers between them.
 *
 * @returns the layer's top
 * @throws MokaError as `coordMapFromTo`, and `MOKA_SHAPE` if positions of one are not positions of the other, or lie outside
 * @example
 * ```ts
 * const n = new NetSpec();
 * n.data = L.Input({ shape: { dim: [1, 1, 100, 100] } });
 * n.conv = L.Convolution(n.data, { num_output: 1, kernel_size: 3, pad: 10 });
 * n.score = crop(n.conv, n.data); // crop_param { axis: 2 offset: 9 }
 * ```
 */
export function crop(from: Top, to: Top): Top {
  const { axis, scale, shift } = coordMapFromTo(from, to);
  const refuse = (fits: boolean, reason: string) => check(fits, "MOKA_SHAPE", `cannot crop: ${reason}`);
  refuse(
    scale.every((each) => each === 1),
    `a step of one top is ${scale.join(", ")} steps of the other`,
  );
  refuse(
    shift.every((each) => each <= 0),
    `the top to crop lies inside the other, by ${shift.join(", ")}`,
  );
  refuse(shift.every(Number.isInteger), `the top to crop is shifted by ${shift.join(", ")}, which is not whole`);
  refuse(axis !== undefined, "no layer between the tops says which axes are spatial");
  return L.Crop(from, to, { axis: (axis ?? 1) + 1, offset: shift.map((each) => Math.abs(each)) });
}

/** The tops from which this one is computed by layers with a map, itself first, each with the map from it to this one. */
function* mapsBack(start: Top): Generator<readonly [top: Top, map: CoordMap]> {
  const found = new Map([[start, identity]]);
  const frontier = [start];
  for (let top = frontier.pop(); top; top = frontier.pop()) {
    const map = found.get(top) ?? identity;
    yield [top, map];
    const { message, bottoms } = top.call;
    const own = mapOf(message);
    if (!own) continue;
    // The second bottom of a Crop gives only a size.
    const mapped = coordinatesOf.get(message.type) === "cut" ? bottoms.slice(0, 1) : bottoms;
    for (const bottom of mapped) {
      if (found.has(bottom)) continue;
      found.set(bottom, compose(map, own));
      frontier.push(bottom);
    }
  }
}

/** The map of one layer; undefined if it has none. */
function mapOf(message: LayerParameter): CoordMap | undefined {
  const kind = coordinatesOf.get(message.type);
  if (kind === "same") return identity;
  if (kind === "cut") {
    const { axis = 2, offset = [] } = message.cropParam ?? {};
    return { axis: axis - 1, scale: [1], shift: offset.length === 0 ? [0] : offset.map((each) => -each) };
  }
  if (kind === undefined) return undefined;
  const { axis, kernel, stride, pad } = windowOf(message);
  const reach = each([kernel], ([size = 1]) => (size - 1) / 2);
  if (kind === "spread") return { axis, scale: stride, shift: each([reach, pad], ([r = 0, p = 0]) => r - p) };
  return {
    axis,
    scale: each([stride], ([s = 1]) => 1 / s),
    shift: each([pad, reach, stride], ([p = 0, r = 0, s = 1]) => (p - r) / s),
  };
}

function windowOf({ type, poolingParam, convolutionParam }: LayerParameter) {
  const param: PoolingParameter | ConvolutionParameter | undefined = poolingParam ?? convolutionParam;
  const { field } = poolingParam ? PoolingParameterSchema : ConvolutionParameterSchema;
  const sides = ["kernelH", "kernelW", "strideH", "strideW", "padH", "padW"] as const;
  check(
    param && sides.every((side) => !isFieldSet(param, field[side])),
    "MOKA_FIELD",
    `a ${type} with kernel_h, stride_h and such has no map: give kernel_size, stride and pad, as lists if they differ`,
  );
  const list = (values: number | readonly number[], fallback: number) => {
    const given = [values].flat();
    return given.length === 0 ? [fallback] : given;
  };
  const { axis = 1, dilation = [] } = "dilation" in param ? param : {};
  const [size = 0, ...sizes] = [param.kernelSize].flat();
  check(size > 0, "MOKA_FIELD", `a ${type} without kernel_size has no map`);
  const kernel = each([[size, ...sizes], list(dilation, 1)], ([k = 1, d = 1]) => (k - 1) * d + 1);
  return { axis, kernel, stride: list(param.stride, 1), pad: list(param.pad, 0) };
}

function compose(base: CoordMap, next: CoordMap): CoordMap {
  check(
    base.axis === undefined || next.axis === undefined || base.axis === next.axis,
    "MOKA_SHAPE",
    `the layers between the tops work on other axes: behind axis ${base.axis} and behind axis ${next.axis}`,
  );
  return {
    axis: base.axis ?? next.axis,
    scale: each([base.scale, next.scale], ([a = 1, b = 1]) => a * b),
    shift: each([base.scale, next.shift, base.shift], ([a = 1, shift = 0, own = 0]) => a * shift + own),
  };
}

function inverse({ axis, scale, shift }: CoordMap): CoordMap {
  return {
    axis,
    scale: each([scale], ([a = 1]) => 1 / a),
    shift: each([scale, shift], ([a = 1, b = 0]) => -b / a),
  };
}

/** Computes each item from those of the lists; a list with one item has it for all. */
function each(lists: readonly (readonly number[])[], compute: (items: readonly number[]) => number): number[] {
  const count = Math.max(...lists.map(({ length }) => length));
  check(
    lists.every(({ length }) => length === 1 || length === count),
    "MOKA_FIELD",
    `sizes for ${lists.map(({ length }) => length).join(" and ")} axes in layers between the tops`,
  );
  // The sum turns −0 to 0.
  return Array.from(
    { length: count },
    (_, i) => compute(lists.map((list) => list[list.length === 1 ? 0 : i] ?? 0)) + 0,
  );
}

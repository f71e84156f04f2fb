import { countOf } from "../../util/shape.js";
import { type Constant, floatConstant } from "../tensor.js";
import { every } from "./along.js";
import { type AxisMap, axisMap, type Interpolation, interpolationOf, isIdentity } from "./interpolation.js";
import { filled } from "./net-builder.js";
import type { Imported, Scope } from "./scope.js";
import { permuted } from "./transpose.js";
import type { Blob } from "./value.js";

/**
 * Resize and Upsample of planes (N, C, H, W) with constant sizes, exact up to rounding. The first way that the target has:
 *
 * - nearest by a whole factor → Upsample, or a Deconvolution of each channel with ones; every nth value → Pooling with windows of one value;
 * - nearest, linear → ResizeNearestNeighbor, Interp (aligned corners), ResizeBilinear;
 * - linear by whole factors with half pixels → a bilinear Deconvolution, and a Scale that makes up for what it lacks at the edges;
 * - any other, cubic too → InnerProduct with the weights of each output, along W and H, by Permute; without that one for whole planes.
 */
export function resize(node: Scope): Imported {
  const x = node.blob(0);
  node.check(x.shape.length === 4, `it resizes ${x.shape.join(" × ")}; the layers that resize take (N, C, H, W)`);
  const how = interpolationOf(node);
  const { sizes, scales } = goalOf(node, x);
  node.check(sizes[0] === x.shape[0] && sizes[1] === x.shape[1], "it resizes batch or channels");
  node.budget.take(4 * ((sizes[2] ?? 0) + (sizes[3] ?? 0)));
  const [rows, columns] = [2, 3].map((axis) =>
    axisMap(node, how, x.shape[axis] ?? 1, sizes[axis] ?? 1, scales[axis] ?? 1),
  );
  if (!rows || !columns) throw new TypeError("two axes are wanted");
  if (isIdentity(rows) && isIdentity(columns)) return node.pass(x);
  const isByRatio = [2, 3].every(
    (axis) => Math.abs((scales[axis] ?? 1) * (x.shape[axis] ?? 1) - (sizes[axis] ?? 1)) < 1e-3,
  );
  return (
    byBlocks(node, x, rows, columns) ??
    byEvery(node, x, rows, columns) ??
    (isByRatio ? byLayer(node, x, how, rows, columns) : undefined) ??
    byDeconvolution(node, x, how, rows, columns) ??
    byMatrices(node, x, rows, columns)
  );
}

/** The sizes of the output, and the factors by which places are computed. */
function goalOf(node: Scope, x: Blob): { readonly sizes: readonly number[]; readonly scales: readonly number[] } {
  const isOld = node.node.type === "Upsample" || node.node.opset < 11;
  const scales = node.numbers(isOld ? 1 : 2, "scales") ?? node.node.floats("scales") ?? [];
  const given = isOld ? undefined : node.integers(3, "sizes");
  const axes = node.node.ints("axes")?.map((axis) => node.node.axis(x.shape, axis)) ?? [...x.shape.keys()];
  const spread = (list: readonly number[], rest: readonly number[]) => {
    if (list.length !== axes.length)
      throw node.node.error("MOKA_PARSE", `it has ${list.length} scales or sizes for ${axes.length} axes`);
    return x.shape.map((_, axis) => list[axes.indexOf(axis)] ?? rest[axis] ?? 1);
  };
  if (given && given.length > 0) {
    const sizes = spread(given, x.shape);
    checkSizes(node, sizes);
    return { sizes, scales: sizes.map((size, axis) => size / (x.shape[axis] ?? 1)) };
  }
  const factors = spread(
    scales,
    x.shape.map(() => 1),
  );
  // In single precision, as ONNX Runtime: 0.7 × 10 is 7.
  const sizes = factors.map((factor, axis) => Math.floor(Math.fround((x.shape[axis] ?? 1) * factor)));
  checkSizes(node, sizes);
  return { sizes, scales: factors };
}

function checkSizes(node: Scope, sizes: readonly number[]): void {
  const fits = sizes.every((size) => Number.isInteger(size) && size > 0) && countOf(sizes) < 2 ** 31;
  if (!fits) throw node.node.error("MOKA_PARSE", `its output would have the sizes ${sizes.join(" × ")}`);
}

/** The number of times that each value is repeated along an axis; undefined if that is not all. */
function repeats({ from, to, terms }: AxisMap): number | undefined {
  const times = to / from;
  const isBlock = terms.every(
    ([first, ...more], i) => more.length === 0 && first?.[0] === Math.floor(i / times) && first[1] === 1,
  );
  return Number.isInteger(times) && isBlock ? times : undefined;
}

function byBlocks(node: Scope, x: Blob, rows: AxisMap, columns: AxisMap): Blob | undefined {
  const [down, across] = [repeats(rows), repeats(columns)];
  if (!down || !across) return undefined;
  if (down === across && node.can("Upsample")) return node.layer("Upsample", [x], { upsampleParam: { scale: down } });
  if (node.can("ResizeNearestNeighbor")) {
    const fields = { outputHeight: rows.to, outputWidth: columns.to, dataFormat: "NCHW" };
    return node.layer("ResizeNearestNeighbor", [x], { resizeNearestNeighborParam: fields });
  }
  const [, channels = 1] = x.shape;
  node.budget.take(channels * down * across);
  const size =
    down === across
      ? { kernelSize: [down], stride: [down] }
      : { kernelH: down, kernelW: across, strideH: down, strideW: across };
  const fields = { convolutionParam: { numOutput: channels, group: channels, biasTerm: false, ...size } };
  return node.layer("Deconvolution", [x], fields, {
    parameters: [{ ...filled(channels * down * across, 1), shape: [channels, 1, down, across] }],
  });
}

/** Every nth value along both axes. */
function byEvery(node: Scope, x: Blob, rows: AxisMap, columns: AxisMap): Blob | undefined {
  const stepOf = ({ from, to, terms }: AxisMap) => {
    const step = from / to;
    const isStep = terms.every(([first, ...more], i) => more.length === 0 && first?.[0] === i * step);
    return Number.isInteger(step) && isStep ? step : undefined;
  };
  const [down, across] = [stepOf(rows), stepOf(columns)];
  if (!down || !across) return undefined;
  const thin = down === 1 ? x : every(node, x, 2, down, across === 1 ? undefined : "rows");
  return across === 1 ? thin : every(node, thin, 3, across);
}

function byLayer(node: Scope, x: Blob, how: Interpolation, rows: AxisMap, columns: AxisMap): Blob | undefined {
  const { mode, coordinates, rounding } = how;
  const size = { outputHeight: rows.to, outputWidth: columns.to, dataFormat: "NCHW" };
  if (mode === "linear" && coordinates === "align_corners" && node.can("Interp")) {
    return node.layer("Interp", [x], { interpParam: { height: rows.to, width: columns.to } });
  }
  const linear: Readonly<Record<string, object>> = {
    asymmetric: {},
    align_corners: { alignCorners: true },
    half_pixel: { halfPixelCenters: true },
    pytorch_half_pixel: { pytorchHalfPixel: true },
  };
  if (mode === "linear" && Object.hasOwn(linear, coordinates) && node.can("ResizeBilinear")) {
    return node.layer("ResizeBilinear", [x], { resizeBilinearParam: { ...size, ...linear[coordinates] } });
  }
  const nearest: Readonly<Record<string, object>> = {
    "asymmetric floor": {},
    "align_corners round_prefer_ceil": { alignCorners: true },
    "tf_half_pixel_for_nn floor": { halfPixelCenters: true },
    "half_pixel floor": { halfPixelOnnx: true },
  };
  const key = `${coordinates} ${rounding}`;
  if (mode !== "nearest" || !Object.hasOwn(nearest, key) || !node.can("ResizeNearestNeighbor")) return undefined;
  return node.layer("ResizeNearestNeighbor", [x], { resizeNearestNeighborParam: { ...size, ...nearest[key] } });
}

/** The weights of a bilinear Deconvolution along one axis, and what its outputs add up to where the input is 1. */
function hat({ from, to }: AxisMap):
  | {
      readonly factor: number;
      readonly pad: number;
      readonly weights: readonly number[];
      readonly sums: readonly number[];
    }
  | undefined {
  const factor = to / from;
  if (!Number.isInteger(factor) || factor < 1) return undefined;
  const size = 2 * factor - (factor % 2);
  const pad = Math.ceil((factor - 1) / 2);
  const weights = Array.from({ length: size }, (_, i) => 1 - Math.abs(i - (size - 1) / 2) / factor);
  const sums = new Array<number>(to).fill(0);
  for (let place = 0; place < from; place++) {
    weights.forEach((weight, i) => {
      const output = place * factor + i - pad;
      if (output >= 0 && output < to) sums[output] = (sums[output] ?? 0) + weight;
    });
  }
  return { factor, pad, weights, sums };
}

function byDeconvolution(node: Scope, x: Blob, how: Interpolation, rows: AxisMap, columns: AxisMap): Blob | undefined {
  const isHalf = ["half_pixel", "pytorch_half_pixel"].includes(how.coordinates) && rows.to > 1 && columns.to > 1;
  const [down, across] = [hat(rows), hat(columns)];
  if (how.mode !== "linear" || !isHalf || !down || !across || !node.can("Deconvolution") || !node.can("Scale"))
    return undefined;
  const [, channels = 1] = x.shape;
  const kernel = down.weights.flatMap((weight) => across.weights.map((other) => weight * other));
  node.budget.take(channels * kernel.length + rows.to * columns.to);
  const weights = Float32Array.from({ length: channels * kernel.length }, (_, i) => kernel[i % kernel.length] ?? 0);
  const fields = {
    ...{ numOutput: channels, group: channels, biasTerm: false },
    ...{ kernelH: down.weights.length, kernelW: across.weights.length, strideH: down.factor, strideW: across.factor },
    ...{ padH: down.pad, padW: across.pad },
  };
  const parameters = [floatConstant([channels, 1, down.weights.length, across.weights.length], weights)];
  const y = node.layer("Deconvolution", [x], { convolutionParam: fields }, { parameters, suffix: "bilinear" });
  const edges = floatConstant(
    [rows.to, columns.to],
    down.sums.flatMap((row) => across.sums.map((column) => 1 / (row * column))),
  );
  return node.layer("Scale", [y], { scaleParam: { axis: 2, numAxes: 2 } }, { parameters: [edges], inPlace: true });
}

function byMatrices(node: Scope, x: Blob, rows: AxisMap, columns: AxisMap): Blob {
  const along = (from: Blob, map: AxisMap, suffix?: string) =>
    node.layer(
      "InnerProduct",
      [from],
      { innerProductParam: { numOutput: map.to, axis: 3, biasTerm: false } },
      {
        parameters: [matrixOf(node, map)],
        suffix,
      },
    );
  if (isIdentity(rows)) return along(x, columns);
  if (node.can("Permute")) {
    const wide = isIdentity(columns) ? x : along(x, columns, "columns");
    const turned = permuted(node, wide, [0, 1, 3, 2], "turned");
    return permuted(node, along(turned, rows, "rows"), [0, 1, 3, 2]);
  }
  const [n = 1, channels = 1] = x.shape;
  const [outputs, inputs] = [rows.to * columns.to, rows.from * columns.from];
  node.budget.take(outputs * inputs);
  const weights = new Float32Array(outputs * inputs);
  rows.terms.forEach((down, i) => {
    columns.terms.forEach((across, j) => {
      for (const [row, a] of down)
        for (const [column, b] of across) weights[(i * columns.to + j) * inputs + row * columns.from + column] = a * b;
    });
  });
  const fields = { innerProductParam: { numOutput: outputs, axis: 2, biasTerm: false } };
  const y = node.layer("InnerProduct", [x], fields, {
    parameters: [floatConstant([outputs, inputs], weights)],
    suffix: "planes",
  });
  return node.reshape(y, [n, channels, rows.to, columns.to]);
}

/** The weights of each output along an axis as a matrix. */
function matrixOf(node: Scope, { from, to, terms }: AxisMap): Constant {
  node.budget.take(from * to);
  const values = new Float32Array(from * to);
  terms.forEach((each, i) => {
    for (const [place, weight] of each) values[i * from + place] = weight;
  });
  return floatConstant([to, from], values);
}

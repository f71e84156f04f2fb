import type { ConvGeometry } from "../../../core/kernels.js";
import { type Bind, type Call, call } from "../call.js";
import * as plainConv from "../conv.js";
import { geometryTable, manyStrips, sharesRows, sizesOf } from "../conv-geometry.js";
import { gemm as plainGemm } from "../gemm.js";
import { winogradCalls as packedCalls, transposed } from "../winograd.js";
import { gradientSuits, planForward, planPacked, winogradCalls, winogradGradient } from "./winograd.js";

/** The number of values of the column matrix made at a time: they should stay in the cache until they are multiplied. */
const blockValues = 2 ** 18;

export const gemm: Bind<"gemm"> = (args, at, reserve, panels) => {
  const { a, b, c, m, n, k, transA, transB, alpha, beta } = args;
  if (!pays(m, n, k)) return plainGemm(args, at, reserve, panels);
  const byRows = m > n;
  const numbers = [byRows, at(a, m * k), at(b, k * n), at(c, m * n), m, n, k, transA, transB, alpha, beta];
  return call("gemmBlas", Math.ceil(Math.max(m, n) / 8), numbers);
};

export const conv: Bind<"conv"> = (args, ...rest) =>
  convFused({ ...args, multiplier: undefined, negativeSlope: 1 }, ...rest);

export const convFused: Bind<"convFused"> = (args, at, reserve, panels) => {
  const { x, w, multiplier, bias, y, negativeSlope, ...geometry } = args;
  const size = sizesOf(geometry);
  if (!suits(geometry)) return plainConv.convFused(args, at, reserve, panels);
  const [xAt, wAt, yAt] = [at(x, size.input), at(w, size.weights), at(y, size.output)];
  const [multiplierAt, biasAt] = [at(multiplier, geometry.outputs), at(bias, geometry.outputs)];
  const spans = { x: xAt, w: wAt, multiplier: multiplierAt, bias: biasAt, y: yAt, negativeSlope };
  const packed = planPacked(geometry, panels, (bytes) => reserve(w, bytes));
  if (packed) return packedCalls({ ...geometry, ...spans, plan: packed }, panels);
  const plan = planForward(geometry, (bytes) => reserve(w, bytes));
  if (plan) return winogradCalls({ ...geometry, ...spans, plan });
  const columns = columnsOf(geometry);
  const byRows = geometry.n === 1 && sharesRows(geometry);
  const pieces = byRows ? geometry.outputs / 16 : (geometry.n * size.positions) / 8;
  const numbers = [xAt, wAt, multiplierAt, biasAt, yAt, negativeSlope, columns, byRows];
  return convCall("convBlas", Math.ceil(pieces), numbers, geometry, columns, byRows ? undefined : manyStrips);
};

export const convBackwardData: Bind<"convBackwardData"> = (args, at, reserve, panels) => {
  const { dy, w, dx, ...geometry } = args;
  const size = sizesOf(geometry);
  if (!suits(geometry)) return plainConv.convBackwardData(args, at, reserve, panels);
  const [dyAt, wAt, dxAt] = [at(dy, size.output), at(w, size.weights), at(dx, size.input)];
  const spans = { ...transposed(geometry), x: dyAt, w: wAt, y: dxAt, isTransposed: true };
  const packed = planPacked(transposed(geometry), panels);
  if (packed) return packedCalls({ ...spans, plan: packed }, panels);
  const plan = planForward(transposed(geometry));
  if (plan) return winogradCalls({ ...spans, plan });
  const images = Math.max(1, Math.floor(columnsOf(geometry) / size.positions));
  const columns = images > 1 ? images * size.positions : columnsOf(geometry);
  const pieces = Math.ceil(geometry.n / images) * geometry.channels;
  const numbers = [dyAt, wAt, dxAt, images, columns];
  return convCall("convBlasBackwardData", pieces, numbers, geometry, columns, geometry.channels);
};

export const convBackwardWeights: Bind<"convBackwardWeights"> = (args, at, reserve, panels) => {
  const { x, dy, dw, ...geometry } = args;
  const size = sizesOf(geometry);
  if (!suits(geometry)) return plainConv.convBackwardWeights(args, at, reserve, panels);
  const [xAt, dyAt, dwAt] = [at(x, size.input), at(dy, size.output), at(dw, size.weights)];
  if (gradientSuits(geometry)) return winogradGradient({ ...geometry, x: xAt, dy: dyAt, dw: dwAt });
  const columns = columnsOf(geometry);
  return convCall("convBlasBackwardWeights", Math.ceil(size.depth / 4), [xAt, dyAt, dwAt, columns], geometry, columns);
};

/** Whether a call of the library saves time. A product with a vector does not: memory limits its speed anyway. */
function pays(m: number, n: number, k: number): boolean {
  return Math.min(m, n) > 1 && m * n * k >= 8192;
}

function suits(geometry: ConvGeometry): boolean {
  const { positions, depth, isThin } = sizesOf(geometry);
  return !isThin && pays(geometry.outputs / geometry.group, geometry.n * positions, depth);
}

/** The number of columns in a block: those of one image, of a part of a large image, or of several small images. */
function columnsOf(geometry: ConvGeometry): number {
  const { depth, positions } = sizesOf(geometry);
  const wanted = Math.min(2048, Math.max(256, Math.floor(blockValues / depth)));
  if (positions >= 128) return Math.min(wanted, positions);
  return Math.max(1, Math.min(geometry.n, Math.floor(wanted / positions))) * positions;
}

function convCall(
  name: string,
  pieces: number,
  numbers: readonly (number | boolean)[],
  geometry: ConvGeometry,
  columns: number,
  grain?: number,
): Call {
  const values = columns * (sizesOf(geometry).depth + geometry.outputs / geometry.group);
  return call(name, pieces, numbers, { table: geometryTable(geometry), scratchBytes: 4 * values + 192, grain });
}

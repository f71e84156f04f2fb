import type { ConvGeometry } from "../../core/kernels.js";
import { type Bind, type Call, call, grainOf } from "./call.js";
import { geometryTable, manyStrips, sharesRows, sizesOf } from "./conv-geometry.js";
import { gradientSuits, planForward, transposed, winogradCalls, winogradGradient } from "./winograd.js";

/** With fewer images than this, threads do not share them. */
const fewImages = 8;

/** With this many positions, packing the weights takes almost no time compared to the products. */
const manyPositions = 2048;

/** The least number of strips of 8 positions that is worth a call, if weights are packed already. */
const fewStrips = 4;

export const conv: Bind<"conv"> = (args, ...rest) =>
  convFused({ ...args, multiplier: undefined, negativeSlope: 1 }, ...rest);

export const convFused: Bind<"convFused"> = (
  { x, w, multiplier, bias, y, negativeSlope, ...geometry },
  at,
  reserve,
  panels,
) => {
  const size = sizesOf(geometry);
  const [xAt, wAt, yAt] = [at(x, size.input), at(w, size.weights), at(y, size.output)];
  const [multiplierAt, biasAt] = [at(multiplier, geometry.outputs), at(bias, geometry.outputs)];
  const plan = planForward(geometry, panels, (bytes) => reserve(w, bytes));
  const spans = { x: xAt, w: wAt, multiplier: multiplierAt, bias: biasAt, y: yAt, negativeSlope };
  if (plan) return winogradCalls({ ...geometry, ...spans, plan }, panels);
  const numbers = [xAt, wAt, multiplierAt, biasAt, yAt, negativeSlope];
  if (suitsDepthwise(geometry) || suitsDilated(geometry)) {
    return depthwiseCall("convDepthwise", geometry.n * geometry.outputs, [...numbers, false], geometry);
  }
  if (size.isThin) return directCall("convDirect", geometry.n * geometry.outputs, numbers, geometry);
  const byRows = sharesRows(geometry);
  const { group, outputs } = geometry;
  const count = panels.count(outputs / group);
  const pieces = byRows ? count : Math.ceil((geometry.n * size.positions) / 8);
  const bytes = 4 * group * panels.filled(outputs / group) * size.depth;
  const prepared = geometry.n * size.positions < manyPositions ? reserve(w, bytes) : undefined;
  const grain = byRows ? undefined : prepared ? fewStrips : manyStrips;
  const product = convCall("conv", pieces, [...numbers, byRows, prepared?.address ?? 0], geometry, grain);
  if (!prepared) return product;
  const packing = [wAt, outputs / group, size.depth, prepared.address];
  return [call("convWeights", group * count, packing, { prepares: prepared.constant }), product];
};

export const convBackwardData: Bind<"convBackwardData"> = ({ dy, w, dx, ...geometry }, at, _keep, panels) => {
  const size = sizesOf(geometry);
  const plan = planForward(transposed(geometry), panels);
  if (plan) {
    const spans = { x: at(dy, size.output), w: at(w, size.weights), y: at(dx, size.input) };
    return winogradCalls({ ...transposed(geometry), ...spans, isTransposed: true, plan }, panels);
  }
  const numbers = [at(dy, size.output), at(w, size.weights), at(dx, size.input)];
  const [dyAt = 0, wAt = 0, dxAt = 0] = numbers;
  if (geometry.outputs === geometry.group && (suitsDepthwise(geometry) || suitsDilated(geometry))) {
    const planes = geometry.n * geometry.channels;
    const other = transposed(geometry);
    if (geometry.stride.every((step) => step === 1) && (suitsDepthwise(other) || suitsDilated(other))) {
      return depthwiseCall("convDepthwise", planes, [dyAt, wAt, 0, 0, dxAt, 1, true], other);
    }
    if (geometry.stride.every((step) => step === 2) && geometry.pad.every((size) => size === 1)) {
      return depthwiseCall("convDepthwiseBackwardData", planes, numbers, geometry);
    }
  }
  if (size.isThin) return directCall("convDirectBackwardData", geometry.n * geometry.channels, numbers, geometry);
  const { n, channels, group } = geometry;
  // With few images, or more weights than positions, threads share the channels instead of the images.
  const byChannels = n < fewImages || n * size.positions < size.depth;
  const pieces = byChannels ? group * Math.ceil(channels / group / 8) : n;
  const grain = byChannels ? undefined : Math.ceil((8 * manyStrips) / size.positions);
  return convCall("convBackwardData", pieces, [...numbers, byChannels], geometry, grain);
};

export const convBackwardWeights: Bind<"convBackwardWeights"> = ({ x, dy, dw, ...geometry }, at) => {
  const size = sizesOf(geometry);
  if (gradientSuits(geometry)) {
    return winogradGradient({ ...geometry, x: at(x, size.input), dy: at(dy, size.output), dw: at(dw, size.weights) });
  }
  const numbers = [at(x, size.input), at(dy, size.output), at(dw, size.weights)];
  if (suitsDepthwise(geometry)) {
    return depthwiseCall("convDepthwiseBackwardWeights", geometry.outputs, numbers, geometry);
  }
  return size.isThin
    ? directCall("convDirectBackwardWeights", geometry.outputs, numbers, geometry)
    : convCall("convBackwardWeights", Math.ceil(size.depth / 8), numbers, geometry);
};

/** Whether assembly/conv-depthwise.ts has kernels for it. */
function suitsDepthwise(geometry: ConvGeometry): boolean {
  return geometry.dilation.every((step) => step === 1) && isDepthwise(geometry);
}

/** Whether its kernel of forward computes it with dilation. */
function suitsDilated(geometry: ConvGeometry): boolean {
  const { stride, dilation } = geometry;
  const [step = 1] = dilation;
  return step > 1 && step === dilation[1] && stride.every((each) => each === 1) && isDepthwise(geometry);
}

function isDepthwise(geometry: ConvGeometry): boolean {
  const { channels, group, output, kernel, stride, pad } = geometry;
  return (
    channels === group &&
    sizesOf(geometry).isThin &&
    kernel.length === 2 &&
    kernel.every((size) => size === 3) &&
    pad.every((size) => size >= 0) &&
    [1, 2].includes(stride[0] ?? 0) &&
    stride[0] === stride[1] &&
    (output[1] ?? 0) >= 4
  );
}

/** Bytes that fit into a first-level cache together with the rows that are written. */
const bandBytes = 16_384;

/** A call whose last numbers are the padding above, and the number of output rows to process at a time. */
function depthwiseCall(
  name: string,
  pieces: number,
  numbers: readonly (number | boolean)[],
  geometry: ConvGeometry,
): Call {
  const { input, output, pad, stride, dilation } = geometry;
  const reach = 2 * (dilation[0] ?? 1);
  const rowBytes = 4 * ((input[1] ?? 0) + 2 * (pad[1] ?? 0) + 8);
  const rowsThatFit = Math.floor(bandBytes / rowBytes / (stride[0] ?? 1)) - reach;
  const band = Math.max(1, Math.min(rowsThatFit, output[0] ?? 0, 64));
  const rows = (band - 1) * (stride[0] ?? 1) + 1 + reach;
  const scratchBytes = 256 + rows * rowBytes;
  const grain = grainOf(sizesOf(geometry).positions);
  return call(name, pieces, [...numbers, pad[0] ?? 0, band], { table: geometryTable(geometry), grain, scratchBytes });
}

/** A piece is a plane. */
function directCall(name: string, planes: number, numbers: readonly number[], geometry: ConvGeometry): Call {
  return convCall(name, planes, numbers, geometry, grainOf(sizesOf(geometry).positions));
}

function convCall(
  name: string,
  pieces: number,
  numbers: readonly (number | boolean)[],
  geometry: ConvGeometry,
  grain?: number,
): Call {
  return call(name, pieces, numbers, { table: geometryTable(geometry), scratch: "convScratch", grain });
}

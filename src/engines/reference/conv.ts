import type { ConvGeometry } from "../../core/kernels.js";
import type { FloatArray } from "../../core/span.js";
import type { Arguments } from "./kernel.js";

/** The uses of one position of the kernel: input indices, and for each the index of the output it is added to. */
interface Meeting {
  readonly from: Int32Array;
  readonly to: Int32Array;
}

/** For each position of the kernel, every output position whose input there lies in the image, not in the padding. */
function meetings({ input, output, kernel, stride, pad, dilation }: ConvGeometry): Meeting[] {
  return Array.from({ length: sizeOf(kernel) }, (_, tap) => {
    const pairs: [number, number][] = [];
    for (let to = 0; to < sizeOf(output); to++) {
      let from = 0;
      let inside = true;
      let [restOfTap, restOfTo, step] = [tap, to, 1];
      for (let axis = input.length - 1; axis >= 0; axis--) {
        const at = (restOfTo % output[axis]) * stride[axis] - pad[axis] + (restOfTap % kernel[axis]) * dilation[axis];
        inside &&= at >= 0 && at < input[axis];
        from += at * step;
        step *= input[axis];
        restOfTap = Math.floor(restOfTap / kernel[axis]);
        restOfTo = Math.floor(restOfTo / output[axis]);
      }
      if (inside) pairs.push([from, to]);
    }
    return { from: Int32Array.from(pairs, ([from]) => from), to: Int32Array.from(pairs, ([, to]) => to) };
  });
}

/**
 * All three convolution kernels use the same loop: over every weight, with its index `w`, and the planes of input and
 * output that it connects, with their first indices `x` and `y`.
 */
function walk(geometry: ConvGeometry, visit: (x: number, w: number, y: number, meeting: Meeting) => void): void {
  const { n, channels, outputs, group } = geometry;
  const taps = meetings(geometry);
  const groupChannels = channels / group;
  const groupOutputs = outputs / group;
  for (let image = 0; image < n; image++) {
    for (let out = 0; out < outputs; out++) {
      const firstChannel = Math.floor(out / groupOutputs) * groupChannels;
      for (let c = 0; c < groupChannels; c++) {
        const x = (image * channels + firstChannel + c) * sizeOf(geometry.input);
        const w = (out * groupChannels + c) * taps.length;
        const y = (image * outputs + out) * sizeOf(geometry.output);
        for (let tap = 0; tap < taps.length; tap++) visit(x, w + tap, y, taps[tap]);
      }
    }
  }
}

export function conv({ x, w, bias, y, ...geometry }: Arguments<"conv">): void {
  const sums = new Float64Array(y.length);
  const size = sizeOf(geometry.output);
  for (let i = 0; bias && i < y.length; i++) sums[i] = bias[Math.floor(i / size) % geometry.outputs];
  walk(geometry, (xi, wi, yi, { from, to }) => {
    const weight = w[wi];
    for (let i = 0; i < from.length; i++) sums[yi + to[i]] += weight * x[xi + from[i]];
  });
  y.set(sums);
}

export function convBackwardData({ dy, w, dx, ...geometry }: Arguments<"convBackwardData">): void {
  const sums = new Float64Array(dx.length);
  walk(geometry, (xi, wi, yi, { from, to }) => {
    const weight = w[wi];
    for (let i = 0; i < from.length; i++) sums[xi + from[i]] += weight * dy[yi + to[i]];
  });
  dx.set(sums);
}

export function convBackwardWeights({ x, dy, dw, ...geometry }: Arguments<"convBackwardWeights">): void {
  const sums: FloatArray = new Float64Array(dw);
  walk(geometry, (xi, wi, yi, { from, to }) => {
    let sum = 0;
    for (let i = 0; i < from.length; i++) sum += x[xi + from[i]] * dy[yi + to[i]];
    sums[wi] += sum;
  });
  dw.set(sums);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

import { Geometry } from "./conv-geometry";
import { Finish } from "./finish";
import { Lanes } from "./lanes";
import { dotRun, scatterRun } from "./run";

// Convolution with few outputs in a group, depthwise above all: a matrix product would have too few rows. The table of
// each call is its geometry.

/** y = act(multiplier·(w ∗ x) + bias), as `Finish` has it. A piece is an output plane of an image. */
export function convDirect(
  from: i32,
  to: i32,
  x: usize,
  w: usize,
  multiplier: usize,
  bias: usize,
  y: usize,
  negativeSlope: f32,
): void {
  const g = Geometry.current;
  const outputs = g.group * g.outputs;
  const taps = g.channels * g.taps;
  for (let plane = from; plane < to; ++plane) {
    const output = plane % outputs;
    const channel = (plane / outputs) * g.group * g.channels + (output / g.outputs) * g.channels;
    const weights = w + ((<usize>(output * taps)) << 2);
    const input = x + g.inputPlane * <usize>channel;
    const target = y + g.outputPlane * <usize>plane;
    if (g.stride == 1) forwardPlane<Dense>(g, input, weights, target);
    else forwardPlane<EverySecond>(g, input, weights, target);
    if (multiplier || bias || negativeSlope != 1) {
      // The plane is finished while it is still in the cache.
      Finish.run(
        target,
        g.positions,
        Finish.multiplierOf(multiplier, output),
        Finish.biasOf(bias, output),
        negativeSlope,
      );
    }
  }
}

/** The input values of four neighbouring outputs; `EverySecond` is for vectors at stride 2 only. */
@unmanaged
class Dense {
  @inline
  load(p: usize): v128 {
    return v128.load(p);
  }
}

@unmanaged
class EverySecond {
  @inline
  load(p: usize): v128 {
    return Lanes.evens(p);
  }
}

function forwardPlane<Columns>(g: Geometry, x: usize, w: usize, y: usize): void {
  const width = g.outputWidth;
  // Between these columns all inner taps lie inside the input.
  const first = g.first(g.shift(0));
  const end = g.stride <= 2 ? max(first, g.end(g.shift(g.innerTaps - 1))) : first;
  for (let row = 0; row < g.outputRows; ++row) {
    let column = first;
    for (; column + 16 <= end; column += 16) sixteenInside<Columns>(g, x, w, row, column, y);
    for (; column + 4 <= end; column += 4) fourInside<Columns>(g, x, w, row, column, y);
    if (column < end && end - first >= 4) {
      // Some outputs are computed twice, with the same result.
      fourInside<Columns>(g, x, w, row, end - 4, y);
      column = end;
    }
    for (let i = 0; i < first; ++i) oneAnywhere(g, x, w, row, i, y);
    for (; column < width; ++column) oneAnywhere(g, x, w, row, column, y);
    y += (<usize>width) << 2;
  }
}

function sixteenInside<Columns>(g: Geometry, x: usize, w: usize, row: i32, column: i32, y: usize): void {
  const columns = changetype<Columns>(0);
  const innerTaps = g.innerTaps;
  const next = (<usize>g.stride) << 4;
  const dilation = (<usize>g.dilation) << 2;
  const offset = x + ((<usize>(column * g.stride - g.pad)) << 2);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (let channel: usize = 0; channel < <usize>g.channels; ++channel) {
    for (let outerTap = 0; outerTap < g.outerTaps; ++outerTap) {
      const inputRow = g.inputRow(outerTap, row);
      if (inputRow < 0) {
        w += (<usize>innerTaps) << 2;
        continue;
      }
      let p = offset + channel * g.inputPlane + ((<usize>(inputRow * g.inputWidth)) << 2);
      for (let tap = innerTaps; tap > 0; --tap) {
        const v = v128.load32_splat(w);
        s0 = f32x4.add(s0, f32x4.mul(v, columns.load(p)));
        s1 = f32x4.add(s1, f32x4.mul(v, columns.load(p + next)));
        s2 = f32x4.add(s2, f32x4.mul(v, columns.load(p + 2 * next)));
        s3 = f32x4.add(s3, f32x4.mul(v, columns.load(p + 3 * next)));
        p += dilation;
        w += 4;
      }
    }
  }
  y += (<usize>column) << 2;
  v128.store(y, s0);
  v128.store(y, s1, 16);
  v128.store(y, s2, 32);
  v128.store(y, s3, 48);
}

function fourInside<Columns>(g: Geometry, x: usize, w: usize, row: i32, column: i32, y: usize): void {
  const columns = changetype<Columns>(0);
  const innerTaps = g.innerTaps;
  const dilation = (<usize>g.dilation) << 2;
  const offset = x + ((<usize>(column * g.stride - g.pad)) << 2);
  let sum = f32x4.splat(0);
  for (let channel: usize = 0; channel < <usize>g.channels; ++channel) {
    for (let outerTap = 0; outerTap < g.outerTaps; ++outerTap) {
      const inputRow = g.inputRow(outerTap, row);
      if (inputRow < 0) {
        w += (<usize>innerTaps) << 2;
        continue;
      }
      let p = offset + channel * g.inputPlane + ((<usize>(inputRow * g.inputWidth)) << 2);
      for (let tap = innerTaps; tap > 0; --tap) {
        sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(w), columns.load(p)));
        p += dilation;
        w += 4;
      }
    }
  }
  v128.store(y + ((<usize>column) << 2), sum);
}

/** One output, some of whose taps may lie in the padding. */
function oneAnywhere(g: Geometry, x: usize, w: usize, row: i32, column: i32, y: usize): void {
  const inputWidth = g.inputWidth;
  const innerTaps = g.innerTaps;
  let sum: f32 = 0;
  for (let channel: usize = 0; channel < <usize>g.channels; ++channel) {
    for (let outerTap = 0; outerTap < g.outerTaps; ++outerTap) {
      const inputRow = g.inputRow(outerTap, row);
      if (inputRow < 0) {
        w += (<usize>innerTaps) << 2;
        continue;
      }
      const input = x + channel * g.inputPlane + ((<usize>(inputRow * inputWidth)) << 2);
      let at = column * g.stride - g.pad;
      for (let tap = innerTaps; tap > 0; --tap) {
        if (at >= 0 && at < inputWidth) sum += load<f32>(w) * load<f32>(input + ((<usize>at) << 2));
        at += g.dilation;
        w += 4;
      }
    }
  }
  store<f32>(y + ((<usize>column) << 2), sum);
}

/** dx = wᵀ ∗ dy. A piece is an input plane of an image. */
export function convDirectBackwardData(from: i32, to: i32, dy: usize, w: usize, dx: usize): void {
  const g = Geometry.current;
  const channels = g.group * g.channels;
  const taps = (<usize>g.taps) << 2;
  for (let plane = from; plane < to; ++plane) {
    const target = dx + g.inputPlane * <usize>plane;
    memory.fill(target, 0, g.inputPlane);
    const channel = plane % channels;
    const output = (channel / g.channels) * g.outputs;
    const outputPlane = (plane / channels) * g.group * g.outputs + output;
    let source = dy + g.outputPlane * <usize>outputPlane;
    let weights = w + taps * <usize>(output * g.channels + (channel % g.channels));
    for (let i = 0; i < g.outputs; ++i) {
      backwardPlane(g, source, weights, target);
      source += g.outputPlane;
      weights += taps * <usize>g.channels;
    }
  }
}

function backwardPlane(g: Geometry, dy: usize, w: usize, dx: usize): void {
  for (let outerTap = 0; outerTap < g.outerTaps; ++outerTap) {
    for (let row = 0; row < g.outputRows; ++row) {
      const inputRow = g.inputRow(outerTap, row);
      if (inputRow < 0) continue;
      const target = dx + ((<usize>(inputRow * g.inputWidth)) << 2);
      const source = dy + ((<usize>(row * g.outputWidth)) << 2);
      for (let tap = 0; tap < g.innerTaps; ++tap) {
        const shift = g.shift(tap);
        const first = g.first(shift);
        const count = g.end(shift) - first;
        const start = target + ((<usize>(first * g.stride + shift)) << 2);
        scatterRun(start, g.stride, source + ((<usize>first) << 2), count, load<f32>(w + ((<usize>tap) << 2)));
      }
    }
    w += (<usize>g.innerTaps) << 2;
  }
}

/** dw += the gradient for w. A piece is an output. */
export function convDirectBackwardWeights(from: i32, to: i32, x: usize, dy: usize, dw: usize): void {
  const g = Geometry.current;
  const outputs = g.group * g.outputs;
  for (let output = from; output < to; ++output) {
    for (let channel = 0; channel < g.channels; ++channel) {
      const inputChannel = (output / g.outputs) * g.channels + channel;
      for (let tap = 0; tap < g.taps; ++tap) {
        let sum: f64 = 0;
        for (let image = 0; image < g.n; ++image) {
          const input = x + g.inputPlane * <usize>(image * g.group * g.channels + inputChannel);
          sum += weightGradient(g, input, tap, dy + g.outputPlane * <usize>(image * outputs + output));
        }
        const target = dw + ((<usize>((output * g.channels + channel) * g.taps + tap)) << 2);
        store<f32>(target, <f32>(<f64>load<f32>(target) + sum));
      }
    }
  }
}

function weightGradient(g: Geometry, x: usize, tap: i32, dy: usize): f64 {
  const shift = g.shift(tap % g.innerTaps);
  const first = g.first(shift);
  const count = g.end(shift) - first;
  let sum: f64 = 0;
  for (let row = 0; row < g.outputRows; ++row) {
    const inputRow = g.inputRow(tap / g.innerTaps, row);
    if (inputRow < 0) continue;
    const start = inputRow * g.inputWidth + first * g.stride + shift;
    const source = dy + ((<usize>(row * g.outputWidth + first)) << 2);
    sum += <f64>dotRun(x + ((<usize>start) << 2), g.stride, source, count);
  }
  return sum;
}

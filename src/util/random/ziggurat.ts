/**
 * Normal numbers by the ziggurat method, draw for draw and rounding for rounding those of
 * `boost::normal_distribution<float>` on a 32-bit generator, which is what Caffe fills with.
 *
 * The area under a falling density is covered by layers of equal area, numbered from the tail (0) to the
 * peak. A draw picks a layer and a place in it; nearly always the place lies in the part of the layer that
 * is wholly under the curve, and is the answer. G. Marsaglia, W. W. Tsang, "The Ziggurat Method for
 * Generating Random Variables", Journal of Statistical Software 5 (8), 2000.
 *
 * Where a sum has a product in it, only the sum is rounded: the reference's compiler fuses the two.
 */

/** Where the random bits come from. */
export interface Bits {
  /** The next 32 random bits, unsigned. */
  next(): number;
}

/** Layer `i` reaches from the axis to `x[i]` and from the height `y[i]` to `y[i + 1]`. */
export interface Ziggurat {
  readonly x: Float64Array;
  /** The same rounded to float32, as all arithmetic below needs it; so are `y`, `width` and `height`. */
  readonly x32: Float32Array;
  readonly y: Float32Array;
  /** How much farther layer `i` reaches than the next: x[i] - x[i + 1]. */
  readonly width: Float32Array;
  /** y[i + 1] - y[i] */
  readonly height: Float32Array;
}

/**
 * Stacks `layers` layers of the area `base · density(start)` under `density`, of which `inverse` is the
 * inverse. `start` is where the tail begins; the bottom layer, tail included, counts as wide as `base`.
 * The topmost layer ends at height 1 only if `start` and `base` are those that belong to `layers`.
 */
function stack(
  layers: number,
  start: number,
  base: number,
  density: (x: number) => number,
  inverse: (y: number) => number,
): Ziggurat {
  const x = new Float64Array(layers + 1);
  const y = new Float64Array(layers + 1);
  const area = base * density(start);
  let edge = start;
  let top = density(start);
  x[0] = base;
  for (let i = 1; i < layers; i++) {
    x[i] = edge;
    y[i] = top;
    top += area / edge;
    edge = inverse(top);
  }
  y[layers] = 1; // and x is 0: the sums above come within rounding of it
  return {
    x,
    x32: Float32Array.from(x),
    y: Float32Array.from(y),
    width: Float32Array.from({ length: layers }, (_, i) => at(x, i) - at(x, i + 1)),
    height: Float32Array.from({ length: layers }, (_, i) => at(y, i + 1) - at(y, i)),
  };
}

/** exp(-x²/2) in 128 layers. */
export const normal = /* @__PURE__ */ stack(
  128,
  3.4426198558966523,
  3.7130862467403634,
  (x) => Math.exp((-x * x) / 2),
  (y) => Math.sqrt(-2 * Math.log(y)),
);

/** exp(-x) in 256 layers; its tail has the area of a strip of width 1. */
export const exponential = /* @__PURE__ */ stack(
  256,
  7.69711747013105,
  8.69711747013105,
  (x) => Math.exp(-x),
  (y) => -Math.log(y),
);

const f32 = Math.fround;

/** A number of mean 0 and standard deviation 1, rounded to float32 at each step as the reference does. */
export function unitNormal(bits: Bits): number {
  for (;;) {
    const drawn = bits.next();
    const i = (drawn & 255) >> 1;
    const x = f32((drawn >>> 8) * 2 ** -24 * at(normal.x32, i));
    if (x < at(normal.x, i + 1) || (i > 0 && underBell(bits, i, x))) return drawn & 1 ? x : -x;
    if (i === 0) return drawn & 1 ? normalTail(bits) : -normalTail(bits);
  }
}

/**
 * Whether a random height in layer `i` lies under the bell at `x`, which is beyond the next layer's edge. Most
 * heights are above or below both the bell's chord and its tangent in this layer; only the others need the bell
 * itself. Where it is convex, beyond 1, it lies between tangent (below) and chord (above), else the other way
 * around.
 */
function underBell(bits: Bits, i: number, x: number): boolean {
  const { x32, y, width, height } = normal;
  const part = unitUniform(bits);
  const heightAtPart = f32(at(y, i) + part * at(height, i));
  const inward = f32(at(x32, i) - x);
  const overChord = f32(at(width, i) * part - inward);
  const overTangent = f32(heightAtPart - f32(at(y, i) + f32(inward * at(y, i)) * at(x32, i)));
  const convex = at(normal.x, i) >= 1;
  if ((convex ? overChord : overTangent) >= 0) return false;
  return (convex ? overTangent : overChord) < 0 || heightAtPart < f32(Math.exp(-f32(f32(x * x) / 2)));
}

/** The bell's tail, by rejection from an exponential one (Marsaglia 1964). */
function normalTail(bits: Bits): number {
  const start = at(normal.x32, 1);
  for (;;) {
    const x = f32(unitExponential(bits) / start);
    const y = unitExponential(bits);
    if (2 * y > f32(x * x)) return f32(x + start);
  }
}

/** A number of the density exp(-x), x ≥ 0. Its tail looks like the whole, so it starts over from there. */
function unitExponential(bits: Bits): number {
  const { x32, y, width, height } = exponential;
  let shift = 0;
  for (;;) {
    const drawn = bits.next();
    const i = drawn & 255;
    const x = f32((drawn >>> 8) * 2 ** -24 * at(x32, i));
    if (x < at(x32, i + 1)) return f32(shift + x);
    if (i === 0) {
      shift = f32(shift + at(x32, 1));
      continue;
    }
    const part = unitUniform(bits);
    const heightAtPart = f32(at(y, i) + part * at(height, i));
    const overChord = f32(at(width, i) * part - f32(at(x32, i) - x));
    const yNext = at(y, i + 1);
    const overTangent = f32(heightAtPart - f32(yNext + f32(at(x32, i + 1) - x) * yNext));
    if (overChord < 0 && (overTangent < 0 || heightAtPart < f32(Math.exp(-x)))) return f32(x + shift);
  }
}

/** A float32 in [0, 1). The largest draws round to 1 and are drawn again. */
function unitUniform(bits: Bits): number {
  for (;;) {
    const value = f32(bits.next()) * 2 ** -32;
    if (value < 1) return value;
  }
}

function at(values: Float32Array | Float64Array, index: number): number {
  return values[index] ?? 0;
}

/**
 * Normal numbers by the ziggurat method, with the same draws and the same rounding as
 * `boost::normal_distribution<float>` on a 32-bit generator, which Caffe's fillers use.
 *
 * The area under a falling density is covered by layers of equal area, numbered from the tail (0) to the
 * peak. A draw chooses a layer and a place in it. Nearly always the place is in the part of the layer that
 * is completely below the curve, and is the result. G. Marsaglia, W. W. Tsang, "The Ziggurat Method for
 * Generating Random Variables", Journal of Statistical Software 5 (8), 2000.
 *
 * In a sum with a product, only the sum is rounded: the reference's compiler fuses the two operations.
 */

/** A source of random bits. */
interface BitSource {
  /** The next 32 random bits, unsigned. */
  next(): number;
}

/** Layer `i` reaches from the axis to `x[i]` and from the height `y[i]` to `y[i + 1]`. */
interface Ziggurat {
  readonly x: Float64Array;
  /** `x` rounded to float32, for the arithmetic below. `y`, `width` and `height` are rounded too. */
  readonly x32: Float32Array;
  readonly y: Float32Array;
  /** x[i] - x[i + 1] */
  readonly width: Float32Array;
  /** y[i + 1] - y[i] */
  readonly height: Float32Array;
}

/**
 * Covers the area under `density`, whose inverse is `inverse`, with `layers` layers of area `base · density(start)`.
 * The tail begins at `start`; the lowest layer, which includes the tail, has the area of a layer of width `base`.
 * The top layer ends at height 1 only if `start` and `base` fit the number of layers.
 */
function buildLayers(
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
  y[layers] = 1; // and x is 0: the sums above differ from it by rounding only
  return {
    x,
    x32: Float32Array.from(x),
    y: Float32Array.from(y),
    width: Float32Array.from({ length: layers }, (_, i) => at(x, i) - at(x, i + 1)),
    height: Float32Array.from({ length: layers }, (_, i) => at(y, i + 1) - at(y, i)),
  };
}

/** exp(-x²/2) in 128 layers. */
export const normal = /* @__PURE__ */ buildLayers(
  128,
  3.4426198558966523,
  3.7130862467403634,
  (x) => Math.exp((-x * x) / 2),
  (y) => Math.sqrt(-2 * Math.log(y)),
);

/** exp(-x) in 256 layers; its tail has the area of a strip of width 1. */
export const exponential = /* @__PURE__ */ buildLayers(
  256,
  7.69711747013105,
  8.69711747013105,
  (x) => Math.exp(-x),
  (y) => -Math.log(y),
);

const f32 = Math.fround;

/** A number of mean 0 and standard deviation 1, rounded to float32 at each step as the reference does. */
export function unitNormal(bits: BitSource): number {
  for (;;) {
    const drawn = bits.next();
    const i = (drawn & 255) >> 1;
    const x = f32((drawn >>> 8) * 2 ** -24 * at(normal.x32, i));
    if (x < at(normal.x, i + 1) || (i > 0 && isBelowBell(bits, i, x))) return drawn & 1 ? x : -x;
    if (i === 0) return drawn & 1 ? normalTail(bits) : -normalTail(bits);
  }
}

/**
 * Whether a random height in layer `i` is below the bell curve at `x`, which is beyond the next layer's edge. Most
 * heights are above or below both the curve's chord and its tangent in this layer; only the others need the curve
 * itself. Beyond 1 the curve is convex, above its tangent and below its chord; before 1 it is below its tangent and
 * above its chord.
 */
function isBelowBell(bits: BitSource, i: number, x: number): boolean {
  const { x32, y, width, height } = normal;
  const part = unitUniform(bits);
  const heightAtPart = f32(at(y, i) + part * at(height, i));
  const inward = f32(at(x32, i) - x);
  const aboveChord = f32(at(width, i) * part - inward);
  const aboveTangent = f32(heightAtPart - f32(at(y, i) + f32(inward * at(y, i)) * at(x32, i)));
  const convex = at(normal.x, i) >= 1;
  if ((convex ? aboveChord : aboveTangent) >= 0) return false;
  return (convex ? aboveTangent : aboveChord) < 0 || heightAtPart < f32(Math.exp(-f32(f32(x * x) / 2)));
}

/** The tail of the bell curve, by rejection from an exponential tail (Marsaglia 1964). */
function normalTail(bits: BitSource): number {
  const start = at(normal.x32, 1);
  for (;;) {
    const x = f32(unitExponential(bits) / start);
    const y = unitExponential(bits);
    if (2 * y > f32(x * x)) return f32(x + start);
  }
}

/** A number with density exp(-x), x ≥ 0. Its tail has the shape of the whole curve, so a tail starts the loop again. */
function unitExponential(bits: BitSource): number {
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
    const aboveChord = f32(at(width, i) * part - f32(at(x32, i) - x));
    const yNext = at(y, i + 1);
    const aboveTangent = f32(heightAtPart - f32(yNext + f32(at(x32, i + 1) - x) * yNext));
    if (aboveChord < 0 && (aboveTangent < 0 || heightAtPart < f32(Math.exp(-x)))) return f32(x + shift);
  }
}

/** A float32 in [0, 1). A draw that rounds to 1 is repeated. */
function unitUniform(bits: BitSource): number {
  for (;;) {
    const value = f32(bits.next()) * 2 ** -32;
    if (value < 1) return value;
  }
}

function at(values: Float32Array | Float64Array, index: number): number {
  return values[index] ?? 0;
}

import { entryOf } from "./affine.js";
import type { Fold } from "./plan.js";

/** A layer's weights after folding, and a bound on the rounding errors of its outputs. */
export interface FoldedWeights {
  readonly weights: Float32Array;
  readonly bias: Float32Array | undefined;
  readonly bound: Bound;
}

/**
 * For each output channel: if no input is larger than X in magnitude, folded and unfolded outputs differ by at most
 * slope·X + constant, in whatever order the sums are computed.
 *
 * Each rounding has a relative error of at most u = 2⁻²⁴, and n of them of at most γ = n·u/(1 − n·u) (Higham 2002, lemma
 * 3.1), relative to the result with all terms taken positive, A = slope₁·X + constant₁. A sum of K products and a bias
 * has K + 1 roundings before folding and K + 2 after it, the rounded weights included; a BatchNorm, Scale or Bias has 8
 * at most. So n = 2·K + 8·layers + 4.
 */
export interface Bound {
  readonly slope: Float64Array;
  readonly constant: Float64Array;
}

/** The unit roundoff of single precision. */
const unit = 2 ** -24;

/**
 * Computes W' and b' with W'·x + b' = after(W·before(x) + b), in double precision, rounded once.
 *
 * @returns the reason if a weight would not be finite
 */
export function foldLinear(fold: Fold): FoldedWeights | string {
  const { linear, beforeMap: before, afterMap: after, shifts: needsBias } = fold;
  const { weights: old, rows, columns, inner, group, outputsFirst, outputs, inputs } = linear;
  const weights = new Float32Array(old.length);
  const shifts = new Float64Array(outputs);
  const sizes = { slope: new Float64Array(outputs), constant: new Float64Array(outputs) };
  const perChannel = inputs / before.scale.length;
  for (let row = 0, at = 0; row < rows; row++) {
    const first = Math.floor(row / (rows / group)) * columns;
    for (let column = 0; column < columns; column++) {
      const output = outputsFirst ? row : first + column;
      const channel = Math.floor((outputsFirst ? first + column : row) / perChannel);
      const inScale = entryOf(before.scale, channel);
      const scale = entryOf(after.scale, output) * inScale;
      let sum = 0;
      let size = 0;
      for (const end = at + inner; at < end; at++) {
        const weight = old[at] ?? 0;
        weights[at] = weight * scale;
        sum += weight;
        size += Math.abs(weight);
      }
      add(sizes.slope, output, size * Math.abs(inScale));
      add(shifts, output, sum * entryOf(before.shift, channel));
      add(sizes.constant, output, size * entryOf(before.size, channel));
    }
  }

  const count = 2 * linear.terms + 8 * (fold.before.length + fold.after.length) + 4;
  const gamma = (count * unit) / Math.max(0, 1 - count * unit);
  const biases = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const own = linear.bias?.[output] ?? 0;
    const scale = entryOf(after.scale, output);
    biases[output] = scale * (own + (shifts[output] ?? 0)) + entryOf(after.shift, output);
    const size = (sizes.constant[output] ?? 0) + Math.abs(own);
    sizes.constant[output] = gamma * (Math.abs(scale) * size + entryOf(after.size, output));
    sizes.slope[output] = gamma * Math.abs(scale) * (sizes.slope[output] ?? 0);
  }
  if (!(weights.every(Number.isFinite) && biases.every(Number.isFinite))) {
    return "would get weights that are no finite numbers in single precision";
  }
  return { weights, bias: linear.bias || needsBias ? biases : undefined, bound: sizes };
}

function add(values: Float64Array, index: number, value: number): void {
  values[index] = (values[index] ?? 0) + value;
}

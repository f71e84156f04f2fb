// Connectionist temporal classification (Graves et al. 2006), in logarithms.
import type { FloatArray } from "../../core/span.js";

/** The frames of one sequence in scores (T, N, C). */
export interface Frames {
  readonly scores: FloatArray;
  /** The place of its first score, and how far its frames are apart. */
  readonly start: number;
  readonly stride: number;
  readonly length: number;
  readonly classes: number;
}

/** log(eᵃ + eᵇ) */
function add(a: number, b: number): number {
  const [most, least] = a > b ? [a, b] : [b, a];
  return least === -Infinity ? most : most + Math.log1p(Math.exp(least - most));
}

/**
 * The cost −ln P(labels) of a sequence, whose probabilities are the softmax of its scores. Writes the gradient of the scores to `gradient`, at
 * the same places. Labels that do not fit into the frames have cost 0 and gradient 0.
 */
export function ctc(frames: Frames, labels: readonly number[], blank: number, gradient: FloatArray): number {
  const { scores, start, stride, length, classes } = frames;
  const repeats = labels.filter((label, i) => i > 0 && label === labels[i - 1]).length;
  const states = 2 * labels.length + 1;
  if (labels.length + repeats > length || length === 0) return 0;
  const classOf = Int32Array.from({ length: states }, (_, s) => (s % 2 === 0 ? blank : (labels[(s - 1) / 2] ?? blank)));
  const logs = new Float64Array(length * classes);
  for (let t = 0; t < length; t++) {
    const row = scores.subarray(start + t * stride, start + t * stride + classes);
    let most = -Infinity;
    for (const score of row) most = Math.max(most, score);
    let sum = 0;
    for (const score of row) sum += Math.exp(score - most);
    for (let c = 0; c < classes; c++) logs[t * classes + c] = (row[c] ?? 0) - most - Math.log(sum);
  }
  const log = (t: number, s: number) => logs[t * classes + (classOf[s] ?? 0)] ?? 0;
  /** Whether a path may go from state s − 2 to s. */
  const skips = (s: number) => s >= 2 && s % 2 === 1 && classOf[s] !== classOf[s - 2];
  const ahead = new Float64Array(length * states).fill(-Infinity);
  for (let s = 0; s < Math.min(2, states); s++) ahead[s] = log(0, s);
  for (let t = 1; t < length; t++) {
    const before = ahead.subarray((t - 1) * states, t * states);
    for (let s = 0; s < states; s++) {
      let sum = before[s] ?? -Infinity;
      if (s >= 1) sum = add(sum, before[s - 1] ?? -Infinity);
      if (skips(s)) sum = add(sum, before[s - 2] ?? -Infinity);
      ahead[t * states + s] = sum + log(t, s);
    }
  }
  const last = ahead.subarray((length - 1) * states);
  const total = add(last[states - 1] ?? -Infinity, states > 1 ? (last[states - 2] ?? -Infinity) : -Infinity);
  /** ln of the probability of what follows each state. */
  let behind = new Float64Array(states).fill(-Infinity);
  for (let s = Math.max(states - 2, 0); s < states; s++) behind[s] = 0;
  for (let t = length - 1; t >= 0; t--) {
    const to = start + t * stride;
    for (let c = 0; c < classes; c++) gradient[to + c] = Math.exp(logs[t * classes + c] ?? 0);
    for (let s = 0; s < states; s++) {
      const share = Math.exp((ahead[t * states + s] ?? -Infinity) + (behind[s] ?? -Infinity) - total);
      const place = to + (classOf[s] ?? 0);
      gradient[place] = (gradient[place] ?? 0) - share;
    }
    const next = behind;
    const from = (s: number) => (s < states ? (next[s] ?? -Infinity) + log(t, s) : -Infinity);
    behind = Float64Array.from(next, (_, s) =>
      add(add(from(s), from(s + 1)), s + 2 < states && skips(s + 2) ? from(s + 2) : -Infinity),
    );
  }
  return -total;
}

import type { Node } from "./backward-plan.js";
import type { Learnable } from "./params.js";
import type { Step } from "./program.js";
import type { Span } from "./span.js";
import { usesOf } from "./uses.js";

/** Gradients that are summed over all ranks in one message. */
export interface Bucket {
  readonly learnables: readonly Learnable[];
  /** The size of the message: 4 bytes for each gradient. */
  readonly bytes: number;
  /** The index of the layer whose backward completes the last of these gradients. */
  readonly after: number;
}

/** (N−1)·α/β of 4 ranks, 20 µs and 25 Gbit/s: the bytes that links carry while a message of no bytes goes round. */
const bytesInLatency = 187_500;

/**
 * The default size of a bucket, for gradients of so many bytes in all: √(S·187.5 kB).
 *
 * Of S bytes of gradients in buckets of n bytes, N ranks pay the latency α of a ring (S/n)·2(N−1) times, and n·2β of the last
 * bucket stay outside backward, at β seconds a byte. The sum is least at n = √(S·(N−1)·α/β). The default is that of 4 ranks,
 * 25 Gbit/s and 20 µs: 0.45 MB for the 1.1 MB of a ResNet-20, 4.4 MB for the 102 MB of a ResNet-50, 10 MB for the 553 MB of a
 * VGG-16. With a bucket of twice or half the best size, the sum is a quarter larger.
 */
export function defaultBucketBytes(gradientBytes: number): number {
  return Math.round(Math.sqrt(gradientBytes * bytesInLatency));
}

/**
 * Divides the gradients of a net into messages, in the order in which backward completes them: from the top of the net down.
 * A parameter that several layers share is complete when the lowest of them has run. A parameter takes no part if no layer's
 * backward adds to its gradient; one with `lr_mult` 0 may get one by `force_backward`, and then counts in `clip_gradients`.
 *
 * The gradients of one layer stay together. A bucket holds as many layers as fit into `bytes` (see `defaultBucketBytes`), and
 * at least one.
 *
 * The result depends on the net alone, so it is the same on all ranks. Where passes fuse steps of several layers, a step of a
 * lower layer may write the gradients of a higher one: `completedBy` finds the step.
 */
export function bucketsOf(
  nodes: readonly Pick<Node, "layer" | "learns" | "needsBackward">[],
  learnables: readonly Learnable[],
  bytes?: number,
): readonly Bucket[] {
  const lowest = new Map<Span, number>();
  for (const [index, { layer, learns, needsBackward }] of nodes.entries()) {
    layer.params.forEach(({ diff }, i) => {
      if (needsBackward && learns[i] && !lowest.has(diff.root)) lowest.set(diff.root, index);
    });
  }
  const completed = new Map<number, Learnable[]>();
  for (const learnable of learnables) {
    const after = lowest.get(learnable.tensor.diff.root);
    if (after === undefined) continue;
    completed.set(after, [...(completed.get(after) ?? []), learnable]);
  }
  const most = bytes ?? defaultBucketBytes(bytesOf([...completed.values()].flat()));
  const buckets: Bucket[] = [];
  for (const [after, own] of [...completed].sort(([a], [b]) => b - a)) {
    const size = bytesOf(own);
    const last = buckets.at(-1);
    if (last && last.bytes + size <= most) {
      buckets[buckets.length - 1] = { learnables: [...last.learnables, ...own], bytes: last.bytes + size, after };
    } else {
      buckets.push({ learnables: own, bytes: size, after });
    }
  }
  return buckets;
}

function bytesOf(learnables: readonly Learnable[]): number {
  return learnables.reduce((sum, { tensor }) => sum + 4 * tensor.count, 0);
}

/**
 * For each bucket, the index of the step of backward that completes its gradients: the last one that writes any of them, or that
 * writes any of a bucket before it, as buckets are sent in their order; −1 if no step does.
 */
export function completedBy(buckets: readonly Bucket[], backward: readonly Step[]): readonly number[] {
  const writers = new Map<Span, number>();
  backward.forEach((step, index) => {
    for (const { span } of usesOf(step).writes) writers.set(span.root, index);
  });
  let last = -1;
  return buckets.map(({ learnables }) => {
    last = learnables.reduce((step, { tensor }) => Math.max(step, writers.get(tensor.diff.root) ?? -1), last);
    return last;
  });
}

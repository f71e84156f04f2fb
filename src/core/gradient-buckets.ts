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

/**
 * The default size of a bucket, in bytes: 4 MiB.
 *
 * Of S bytes of gradients in buckets of n bytes, N ranks pay the latency α of a ring (S/n)·2(N−1) times, and n·2β of the last
 * bucket stay outside backward, at β seconds a byte. The sum is least at n = √(S·(N−1)·α/β). For 100 MB, 25 Gbit/s and 20 µs,
 * this is 2.5 MB for 2 ranks, 4.3 MB for 4 and 6.6 MB for 8; within a factor of 2 of the best size, the sum grows by at most a
 * quarter.
 */
export const defaultBucketBytes: number = 4 * 2 ** 20;

/**
 * Divides the gradients of a net into messages, in the order in which backward completes them: from the top of the net down.
 * A parameter that several layers share is complete when the lowest of them has run. A parameter takes no part if no layer's
 * backward adds to its gradient; one with `lr_mult` 0 may get one by `force_backward`, and then counts in `clip_gradients`.
 *
 * The gradients of one layer stay together. A bucket holds as many layers as fit into `bytes`, and at least one.
 *
 * The result depends on the net alone, so it is the same on all ranks. Where passes fuse steps of several layers, a step of a
 * lower layer may write the gradients of a higher one: `completedBy` finds the step.
 */
export function bucketsOf(
  nodes: readonly Pick<Node, "layer" | "learns" | "needsBackward">[],
  learnables: readonly Learnable[],
  bytes: number = defaultBucketBytes,
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
  const buckets: Bucket[] = [];
  for (const [after, own] of [...completed].sort(([a], [b]) => b - a)) {
    const size = own.reduce((sum, { tensor }) => sum + 4 * tensor.count, 0);
    const last = buckets.at(-1);
    if (last && last.bytes + size <= bytes) {
      buckets[buckets.length - 1] = { learnables: [...last.learnables, ...own], bytes: last.bytes + size, after };
    } else {
      buckets.push({ learnables: own, bytes: size, after });
    }
  }
  return buckets;
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

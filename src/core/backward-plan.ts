import type { Layer } from "./layer.js";
import type { Tensor } from "./tensor.js";

/** A layer in its place in the net. */
export interface Node {
  readonly layer: Layer;
  readonly bottom: readonly Tensor[];
  readonly top: readonly Tensor[];
  /** The weight of each top in the net's loss; 0 for most. */
  readonly lossWeights: readonly number[];
  /** Which bottoms' diffs `backward` must write. */
  wanted: boolean[];
  /** Which parameters' diffs `backward` must add to. */
  learns: boolean[];
  needsBackward: boolean;
}

/** One line of a log, and its place in Caffe's source. */
export interface LogLine {
  readonly origin: string;
  readonly text: string;
}

/**
 * Decides, as Caffe does, which layers run backward and which diffs they write: those between a parameter
 * that learns (or a bottom whose `propagate_down` is true) and a loss.
 *
 * On entry, `wanted`, `learns` and `needsBackward` say which gradients are needed if all tops lead to a loss; this
 * function clears those that lead to none. Returns Caffe's log lines.
 */
export function planBackward(nodes: readonly Node[], forceBackward: boolean): LogLine[] {
  const lines: LogLine[] = [];
  const underLoss = new Set<Tensor>();
  const skipped = new Set<Tensor>();
  for (const node of [...nodes].reverse()) {
    const contributes = node.top.some((top, i) => node.lossWeights[i] !== 0 || underLoss.has(top));
    // Vacuously true for a layer without tops, as in Caffe.
    const skips = !contributes || node.top.every((top) => skipped.has(top));
    if (node.needsBackward && skips) {
      node.needsBackward = false;
      node.wanted = node.wanted.map(() => false);
    }
    lines.push(
      node.needsBackward
        ? { origin: "net.cpp:200", text: `${node.layer.name} needs backward computation.` }
        : { origin: "net.cpp:202", text: `${node.layer.name} does not need backward computation.` },
    );
    node.bottom.forEach((bottom, i) => {
      if (contributes) underLoss.add(bottom);
      else node.wanted[i] = false;
      if (!node.wanted[i]) skipped.add(bottom);
    });
  }
  if (forceBackward) {
    for (const node of nodes) {
      node.needsBackward = true;
      node.wanted = node.wanted.map((wanted, i) => wanted || node.layer.allowForceBackward(i));
      node.learns = node.learns.map(() => true);
    }
  }
  return lines;
}

/**
 * Makes every layer run backward whose backward computes something in `caffe time`, which calls the backward of all layers.
 * These are the layers whose parameters learn, even under no loss, and those that ignore which gradients are wanted.
 */
export function planEveryBackward(nodes: readonly Node[]): void {
  for (const node of nodes) {
    if (node.layer.ignoresPropagateDown) node.wanted = node.wanted.map(() => true);
    node.needsBackward = node.wanted.includes(true) || node.learns.includes(true);
  }
}

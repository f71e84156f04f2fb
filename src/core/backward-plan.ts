import { counted } from "../util/words.js";
import type { Layer } from "./layer.js";
import { paramSpec } from "./params.js";
import type { Tensor } from "./tensor.js";

/** A layer in its place in the net. */
export interface Node {
  readonly layer: Layer;
  readonly bottom: readonly Tensor[];
  readonly top: readonly Tensor[];
  /** The weight of each top in the net's loss; 0 for most. */
  readonly lossWeights: readonly number[];
  /** The number of param specs in the prototxt. The layer itself may add others to its message. */
  readonly givenSpecs: number;
  /** Which bottoms' diffs `backward` must write. */
  wanted: boolean[];
  /**
   * Which parameters' diffs `backward` must add to. As in Caffe, a parameter without a spec in the prototxt learns, even one of
   * a BatchNorm, which gives it `lr_mult: 0` itself.
   */
  learns: boolean[];
  needsBackward: boolean;
}

/** One line of a log, and its place in Caffe's source. */
export interface LogLine {
  readonly origin: string;
  readonly text: string;
}

/** What the plan must know of a layer. Blobs are objects of any kind, the same for each layer that has them. */
interface Linked<T> {
  readonly bottom: readonly T[];
  readonly top: readonly T[];
  readonly lossWeights: readonly number[];
  wanted: boolean[];
  needsBackward: boolean;
}

/**
 * On entry, `wanted` and `needsBackward` say which gradients are needed if all tops lead to a loss. Clears those that lead to
 * none, as Caffe does. Values with several readers must have their splits.
 */
export function cutBackward<T>(nodes: readonly Linked<T>[]): void {
  const underLoss = new Set<T>();
  const skipped = new Set<T>();
  for (const node of [...nodes].reverse()) {
    const contributes = node.top.some((top, i) => (node.lossWeights[i] ?? 0) !== 0 || underLoss.has(top));
    // Vacuously true for a layer without tops, as in Caffe.
    const skips = !contributes || node.top.every((top) => skipped.has(top));
    if (node.needsBackward && skips) {
      node.needsBackward = false;
      node.wanted = node.wanted.map(() => false);
    }
    node.bottom.forEach((bottom, i) => {
      if (contributes) underLoss.add(bottom);
      else node.wanted[i] = false;
      if (!node.wanted[i]) skipped.add(bottom);
    });
  }
}

/**
 * Decides, as Caffe does, which layers run backward and which diffs they write: those between a parameter
 * that learns (or a bottom whose `propagate_down` is true) and a loss. See `cutBackward` for what must be known on entry.
 * Returns Caffe's log lines.
 */
export function planBackward(nodes: readonly Node[], forceBackward: boolean): LogLine[] {
  cutBackward(nodes);
  const lines = [...nodes].reverse().map(({ layer, needsBackward }) => {
    return needsBackward
      ? { origin: "net.cpp:200", text: `${layer.name} needs backward computation.` }
      : { origin: "net.cpp:202", text: `${layer.name} does not need backward computation.` };
  });
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

/**
 * Why the node at `index` is asked for the gradients of these bottoms although nothing below learns: a layer lacks specs.
 * Undefined if something below does learn, or `propagate_down` asks for the gradient.
 */
export function missingSpecsBelow(
  nodes: readonly Node[],
  index: number,
  bottoms: readonly Tensor[],
): string | undefined {
  const reached = new Set(bottoms);
  let cause: Node | undefined;
  for (const node of nodes.slice(0, index).reverse()) {
    const { layer, bottom, top, learns, givenSpecs } = node;
    if (!top.some((tensor) => reached.has(tensor))) continue;
    for (const tensor of bottom) reached.add(tensor);
    if (learns.some((does, i) => does && paramSpec(layer, i).lrMult !== 0)) return undefined;
    if (givenSpecs < layer.params.length) cause ??= node;
  }
  if (!cause) return undefined;
  const { layer, givenSpecs } = cause;
  const count = layer.params.length;
  return (
    `Nothing below it learns, but layer "${layer.name}" (${layer.type}) has ${counted(givenSpecs, "param spec")} for ` +
    `${counted(count, "parameter")}: as in Caffe, a missing one counts as lr_mult 1 here, so give it ${count} of lr_mult: 0`
  );
}

import { type Change, intoScaleBefore, intoScaleBehind, outOfAverages } from "./fold-renormalized.js";
import type { LintLayer } from "./layer.js";
import type { LintNet } from "./net.js";
import { exchange, removeChain } from "./remove-layers.js";
import type { Renormalized } from "./renormalized.js";
import type { Fix } from "./rule.js";

/**
 * Removes the layers that do nothing, or, where a Scale stands before its BatchNorm, lets the two change places. Weights that are
 * given are changed so that the net computes in TEST what it did; where they cannot be, there is no repair.
 */
export function undoRenormalized(net: LintNet, found: Renormalized): Fix | undefined {
  const { first, affine, norm } = found;
  const [moved, ...others] = affine;
  const removed = first ? (norm.scale ? [...affine, norm.layer] : [norm.layer]) : norm.scale ? affine : [];
  const swaps = removed.length === 0 && moved?.type === "Scale" && others.length === 0;
  const edits = swaps ? exchange(net, moved, norm.layer) : removed.length > 0 ? removeChain(net, removed) : undefined;
  if (!edits) return undefined;
  if (!net.weights?.of(norm.layer).length) return { edits };
  const weights = changeOf(net, found);
  return weights && { edits, weights };
}

function changeOf(net: LintNet, { norm, first, affine }: Renormalized): Change | undefined {
  const { view, layer, scale } = norm;
  const before = affine.at(-1);
  const isOwn = ({ name, message }: LintLayer) => {
    return (
      net.layers.every((each) => each.name !== name || each.message === message) &&
      !message.param.some((spec) => spec.name)
    );
  };
  if (!net.weights || ![layer, ...affine, ...(scale ? [scale] : [])].every(isOwn)) return undefined;
  if (scale) {
    if (view.readers(layer).length !== 1) return undefined;
    return first
      ? intoScaleBehind(net.weights, affine, layer, scale)
      : outOfAverages(net.weights, affine, layer, scale);
  }
  if (before?.type !== "Scale") return undefined;
  return first ? intoScaleBefore(net.weights, before, layer) : outOfAverages(net.weights, affine, layer, before);
}

import { blobShape, blobValues } from "../proto/binary/blob.js";
import type { BlobProto } from "../proto/gen/caffe_pb.js";
import { checkShape, countOf, formatShape, type Shape } from "../util/shape.js";
import { counted } from "../util/words.js";
import type { Fill } from "./catalog.js";
import type { Arity, Layer } from "./layer.js";
import { blobFits } from "./weights.js";

/** A parameter of a layer: its shape, and where its first values come from. */
export interface FirstValues {
  readonly shape: Shape;
  /** The values in the layer's message. */
  readonly blob: BlobProto | undefined;
  /** Writes the values of the filler, which was checked; undefined if there is a blob. */
  readonly fill: ReturnType<Fill> | undefined;
}

/** The facts of a layer that is set up. */
interface LayerSetup {
  readonly top: readonly Shape[];
  readonly params: readonly FirstValues[];
  /** One weight for each top; 0 where it is not given. */
  readonly lossWeights: readonly number[];
}

/**
 * Sets up a layer for bottoms of these shapes, and checks all that can be checked of it alone: its message, its bottoms,
 * its fillers. A net that is built and lint both call it, so that they refuse the same layers in the same words.
 *
 * @throws MokaError about the layer, which the caller completes with `Layer.explain`
 */
export function setUpLayer(layer: Layer, bottom: readonly Shape[], fill: Fill): LayerSetup {
  layer.setup(bottom);
  const top = layer.topShapes(bottom);
  for (const shape of top) checkShape(shape);
  return { top, params: firstValues(layer, bottom, fill), lossWeights: lossWeightsOf(layer) };
}

function firstValues(layer: Layer, bottom: readonly Shape[], fill: Fill): readonly FirstValues[] {
  const declared = layer.declareParams(bottom);
  layer.fillers = declared.map(({ filler }) => filler);
  const given = layer.adoptBlobs(layer.message.blobs, "its message");
  layer.check(
    given.length === 0 || given.length === declared.length,
    "MOKA_WEIGHTS",
    `has ${counted(given.length, "blob")} in its message, but needs ${declared.length}`,
  );
  return declared.map(({ shape, filler }, index) => {
    checkShape(shape);
    const blob = given[index];
    if (!blob) return { shape, blob, fill: fill(filler, shape) };
    layer.check(
      blobFits(blob, shape) && blobValues(blob).data.length === countOf(shape),
      "MOKA_WEIGHTS",
      `blob ${index} in its message has shape ${formatShape(blobShape(blob))}, but it needs ${formatShape(shape)}`,
    );
    return { shape, blob, fill: undefined };
  });
}

function lossWeightsOf(layer: Layer): readonly number[] {
  const given = layer.message.lossWeight;
  const tops = topsOf(layer);
  layer.check(
    given.length === 0 || given.length === tops,
    "MOKA_FIELD",
    `has ${given.length} loss_weight for ${counted(tops, "top")}; give none, or one each`,
  );
  return Array.from({ length: tops }, (_, index) => given[index] ?? 0);
}

/** The number of tops of a layer, with those that it does not name and the net adds. */
export function topsOf(layer: Layer): number {
  const { autoTops, topCount, message } = layer;
  const least = typeof topCount === "number" ? topCount : topCount[0];
  return Math.max(message.top.length, autoTops ? least : 0);
}

/** Throws for a layer with more or fewer bottoms, tops or propagate_down than its type allows. */
export function checkCounts(layer: Layer): void {
  const { propagateDown } = layer.message;
  const bottoms = layer.message.bottom.length;
  const tops = topsOf(layer);
  layer.check(
    propagateDown.length === 0 || propagateDown.length === bottoms,
    "MOKA_FIELD",
    `has ${propagateDown.length} propagate_down for ${counted(bottoms, "bottom")}; give none, or one each`,
  );
  checkCount(layer, "bottom", layer.bottomCount, bottoms);
  checkCount(layer, "top", layer.topCount, tops);
  layer.check(
    !layer.equalCounts || bottoms === tops,
    "MOKA_LAYER",
    `needs one top for each bottom, but has ${counted(bottoms, "bottom")} and ${counted(tops, "top")}`,
  );
}

function checkCount(layer: Layer, what: "bottom" | "top", arity: Arity, count: number): void {
  const [min, max] = typeof arity === "number" ? [arity, arity] : arity;
  const wanted = min === max ? `exactly ${min}` : max === Infinity ? `at least ${min}` : `${min} to ${max}`;
  layer.check(
    count >= min && count <= max,
    "MOKA_LAYER",
    `needs ${wanted} ${what}${min === max && max === 1 ? "" : "s"}, but has ${count}`,
  );
}

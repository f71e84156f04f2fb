import type { ProposalSettings } from "../../layers/detection/anchors.js";
import { column, onlyBest, suppressed } from "./detections.js";
import type { Value } from "./graph-writer.js";
import type { LayerWriter } from "./layer-writer.js";

const { fround } = Math;

export interface Proposals extends ProposalSettings {
  /** x1, y1, x2, y2 of the anchors at all places. */
  readonly anchors: Float64Array;
  /** Where im_info has the scales of x and y. */
  readonly scales: readonly [number, number];
  /** What becomes of a box with a side that is too short: it goes, or its score is 0. */
  readonly small: "goes" | "0";
  /** Which of two boxes of the same score comes first. */
  readonly ofEqual: "first" | "last";
}

/**
 * The regions of a layer of proposals, whose bottoms are the probabilities, the deltas and im_info: (R, 5) and the scores (R). Boxes in
 * pixels include both ends, so that a pixel is added where overlaps are computed.
 */
export function regionsOfProposals(w: LayerWriter, of: Proposals): { regions: Value; scores: Value } {
  const [{ value: given, dims, shape }, deltas, info] = [w.input(0), w.input(1), w.input(2)];
  const [images = 1] = dims;
  const [, channels = 0, height = 1, width = 1] = shape;
  const kinds = channels / 2;
  const total = height * width * kinds;
  const inOrder = (x: Value) => (of.ofEqual === "first" ? x : w.slice(x, [{ axis: 1, from: -1, step: -1 }]));

  const objects = w.transpose(w.slice(given, [{ axis: 1, from: kinds }]), [0, 2, 3, 1]);
  let scores = inOrder(w.reshaped(objects, [images, height, width, kinds], [images, total]));
  const parts = w.reshaped(deltas.value, deltas.dims, [images, kinds, 4, height, width]);
  const placed = w.transpose(parts, [0, 3, 4, 1, 2]);
  const moves = inOrder(w.reshaped(placed, [images, height, width, kinds, 4], [images, total, 4]));
  const values = w.reshape(info.value, [-1]);
  const pick = (at: readonly number[]) => w.node("Gather", [values, w.ints(at)]);
  const last = w.node("Sub", [pick([1, 0]), w.scalar(1)]);
  const [start, end] = moved(w, of, moves, last);

  const one = w.scalar(1);
  const least = w.node("Mul", [pick(of.scales), w.scalar(of.minSize)]);
  const side = w.node("Add", [w.node("Sub", [end, start]), one]);
  const isLarge = w.reduce("ReduceMin", w.cast(w.node("Not", [w.node("Less", [side, least])]), "float"), [2], false);
  const lowest = Number.NEGATIVE_INFINITY;
  if (of.small === "0" && of.minSize > 0) scores = w.node("Mul", [isLarge, scores]);
  if (of.small === "goes") scores = w.node("Where", [w.cast(isLarge, "bool"), scores, w.scalar(lowest)]);
  const best = of.most < total ? onlyBest(w, scores, 1, of.most) : scores;
  const selected = suppressed(w, {
    boxes: w.concat([start, w.node("Add", [end, one])], 2),
    scores: w.unsqueeze(best, [1]),
    most: Math.min(of.limit, total),
    overlap: of.overlap,
    above: best === scores && of.small === "0" ? undefined : lowest,
  });
  const image = column(w, selected, 0);
  const at = w.concat([image, column(w, selected, 2)], 1);
  const boxes = w.node("GatherND", [w.concat([start, end], 2), at]);
  return {
    regions: w.concat([w.cast(image, "float"), boxes], 1),
    scores: w.node("GatherND", [scores, at]),
  };
}

/** The starts and the ends (N, T, 2) of the anchors, moved by their deltas and cut to the image. */
function moved(w: LayerWriter, { anchors, ofEqual }: Proposals, deltas: Value, last: Value): readonly [Value, Value] {
  const total = anchors.length / 4;
  const sides = new Float32Array(2 * total);
  const centres = new Float32Array(2 * total);
  for (let i = 0; i < total; i++) {
    const from = 4 * (ofEqual === "first" ? i : total - 1 - i);
    for (let axis = 0; axis < 2; axis++) {
      const start = fround(anchors[from + axis] ?? 0);
      const side = fround(fround(fround(anchors[from + axis + 2] ?? 0) - start) + 1);
      sides[2 * i + axis] = side;
      centres[2 * i + axis] = start + fround(0.5 * side);
    }
  }
  const size = w.floats(sides, [1, total, 2], "sides");
  const [move = "", log = ""] = w.split(deltas, 2, [2, 2]);
  const centre = w.node("Add", [w.node("Mul", [move, size]), w.floats(centres, [1, total, 2], "centres")]);
  const half = w.node("Mul", [w.node("Mul", [w.node("Exp", [log]), size]), w.scalar(0.5)]);
  const cut = (x: Value) => w.node("Max", [w.node("Min", [x, last]), w.scalar(0)]);
  return [cut(w.node("Sub", [centre, half])), cut(w.node("Add", [centre, half]))];
}

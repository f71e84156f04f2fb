import { DetectionOutputLayer, type DetectionSettings } from "../../layers/detection/detection-output.js";
import { countOf } from "../../util/shape.js";
import { column, finite, onlyBest, orNothing, suppressed } from "./detections.js";
import type { Value } from "./graph-writer.js";
import type { LayerWriter } from "./layer-writer.js";
import { mapping } from "./mapping.js";
import type { Operators } from "./operators.js";

/**
 * DetectionOutput → the boxes decoded, `TopK` for `top_k` and `keep_top_k`, `NonMaxSuppression`, and the rows gathered: the same rows as
 * Caffe's in the same order, by image, by label, then by score; where nothing is found a row of −1 for each image. Exact but for the last
 * bits of `Exp`: two boxes whose overlap is the threshold up to these may part ways. ONNX names no order of the boxes that stay; it is that
 * of ONNX Runtime.
 *
 * Refused: `eta` below 1 where `nms_threshold` is above 0.5, because ONNX's threshold is one for all boxes. Not checked: sides of priors
 * that are 0 or less, which are an error in Moka, and undefined in Caffe.
 */
export const detectionOutput = mapping(
  DetectionOutputLayer,
  (w) => {
    const { settings } = w.layer;
    const { code, numClasses, background, shareLocation, threshold, topK, keepTopK, nmsThreshold, eta } = settings;
    if (eta < 1 && Math.fround(nmsThreshold) > 0.5) {
      throw w.error(
        `nms_param.eta below 1 lowers nms_threshold after each box, and NonMaxSuppression has one ` +
          `threshold for all boxes; leave the layer out (cut: "${w.layer.name}", or --cut ${w.layer.name})`,
      );
    }
    const confidences = w.input(1);
    const [images = 1] = confidences.dims;
    const count = countOf(w.input(2).shape) / 8;
    const every = Array.from({ length: numClasses }, (_, i) => i);
    const others = every.filter((label) => label !== background);
    // Where there is no class but the background, nothing is found.
    const labels = others.length > 0 ? others : every;
    const pick = (x: Value) => picked(w, x, labels, numClasses);

    const classes = w.reshaped(confidences.value, confidences.dims, [images, count, numClasses]);
    const scoresOf = pick(w.transpose(classes, [0, 2, 1]));
    const decoded = decode(w, settings, count);
    // With boxes of its own, each class of an image is a batch of NonMaxSuppression.
    const boxes = shareLocation ? decoded : w.reshape(pick(w.transpose(decoded, [0, 2, 1, 3])), [-1, count, 4]);
    const places = shareLocation ? [-1, labels.length, count] : [-1, 1, count];
    const scores = shareLocation ? scoresOf : w.reshape(scoresOf, places);
    const isLimited = topK > 0 && topK < count;
    let selected = suppressed(w, {
      boxes: code === "CENTER_SIZE" ? boxes : withoutTurned(w, boxes),
      scores: isLimited ? onlyBest(w, scores, 2, topK) : scores,
      most: topK === 0 || keepTopK === 0 || others.length === 0 ? 0 : count,
      overlap: nmsThreshold,
      above: isLimited || Number.isFinite(threshold) ? threshold : undefined,
    });
    const all = labels.length * count;
    if (keepTopK > 0 && keepTopK < all) {
      // The scores of all boxes that stay, an image in a row, and the best of each row.
      const kept = w.node("ScatterND", [
        w.filled(scores, Number.NEGATIVE_INFINITY),
        selected,
        w.node("GatherND", [scores, selected]),
      ]);
      const best = onlyBest(w, w.reshape(kept, [-1, all]), 1, keepTopK);
      selected = finite(w, selected, w.reshape(best, places));
    }

    const [batch, row] = [column(w, selected, 0), column(w, selected, 1)];
    const [image, index] = shareLocation
      ? [batch, row]
      : [w.node("Div", [batch, w.ints([labels.length])]), w.node("Mod", [batch, w.ints([labels.length])])];
    const rows = [
      w.cast(image, "float"),
      w.node("Gather", [w.floats(labels, [labels.length], "labels"), index]),
      w.unsqueeze(w.node("GatherND", [scores, selected]), [1]),
      w.node("GatherND", [boxes, w.concat([batch, column(w, selected, 2)], 1)]),
    ];
    w.set(0, orNothing(w, w.concat(rows, 1), images, confidences.value));
  },
  { liveAxes: [2] },
);

/** The boxes (N, P, 4), or (N, P, C, 4) where each class has its own. */
function decode(w: LayerWriter, settings: DetectionSettings, count: number): Value {
  const { code, shareLocation, numClasses, isScaled } = settings;
  const [locations, priors] = [w.input(0), w.input(2)];
  const [images = 1] = locations.dims;
  const own = shareLocation ? [] : [numClasses];
  const axis = 2 + own.length;
  const deltas = w.reshaped(locations.value, locations.dims, [images, count, ...own, 4]);
  const pairs = w.reshape(priors.value, [2, count, ...own.map(() => 1), 4]);
  const [prior = "", variances = ""] = w.split(pairs, 0, [1, 1]);
  const moved = isScaled ? deltas : w.node("Mul", [variances, deltas]);
  if (code === "CORNER") return w.node("Add", [prior, moved]);
  const [start = "", end = ""] = w.split(prior, axis, [2, 2]);
  const [first = "", second = ""] = w.split(moved, axis, [2, 2]);
  const side = w.node("Sub", [end, start]);
  const of = (x: Value) => w.node("Mul", [x, side]);
  if (code === "CORNER_SIZE") {
    return w.concat([w.node("Add", [start, of(first)]), w.node("Add", [end, of(second)])], axis);
  }
  const two = w.scalar(2);
  const center = w.node("Add", [of(first), w.node("Div", [w.node("Add", [start, end]), two])]);
  const half = w.node("Div", [of(w.node("Exp", [second])), two]);
  return w.concat([w.node("Sub", [center, half]), w.node("Add", [center, half])], axis);
}

/** Boxes of which those that end before they start have no area, as in Caffe; ONNX would turn them round. */
function withoutTurned(w: Operators, boxes: Value): Value {
  const [start = "", end = ""] = w.split(boxes, 2, [2, 2]);
  return w.concat([start, w.node("Max", [start, end])], 2);
}

/** The classes with these labels, along the second axis. */
function picked(w: Operators, x: Value, labels: readonly number[], classes: number): Value {
  if (labels.length === classes) return x;
  const [first = 0] = labels;
  const isRow = labels.every((label, i) => label === first + i);
  if (isRow) return w.slice(x, [{ axis: 1, from: first, to: first + labels.length }]);
  return w.node("Gather", [x, w.ints(labels)], { axis: 1 });
}

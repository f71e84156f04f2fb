import { create } from "@bufbuild/protobuf";
import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { FloatArray } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { EvalDetectionParameterSchema, EvalDetectionParameter_ScoreType as Score } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { iouOf } from "./yolo-boxes.js";
import { Candidates, checkMap, sigmoid, suppress } from "./yolo-output.js";
import { type Truth, truthForm, truthsOf } from "./yolo-truth.js";

const { fround, exp } = Math;
/** Scores below this one are left out, as by darknet. */
const leastScore = 0.005;

/**
 * Compares the detections of YOLOv2 with the true boxes.
 *
 * Bottoms: the map and the labels, as those of RegionLoss; a third one is not used. Top (N, K + S·S·B·4), K = `num_class`, B = `num_object`: for each
 * image the number of true boxes of each class, then a row for each detection: its class, score, and whether it is right (1, 0) or wrong
 * (0, 1), by class and from the highest score down; then zeros. No gradient.
 *
 * Boxes are decoded as by YoloDetectionOutput; each has its most probable class, and a score by `score_type`: OBJ the objectness, PROB the class's
 * probability, MULTIPLY (the default) their product. From the highest score down, whatever the class, a box is left out if its IoU with one that stays
 * is `nms` or more; then those with a score below 0.005. A detection whose best true box of its class, with an IoU of `threshold` or more, was
 * not found yet is right, and wrong if it was; or if the image has no true box of its class.
 *
 * `eval_detection_param`: `num_class` (20), `num_object` (2), `threshold` (0.5), `score_type` (MULTIPLY), `nms` (−1), `biases`: the anchors' widths and
 * heights in cells. Not used: `side`, which is the map's, `sqrt`, `constriant`.
 *
 * As in the fork, a detection that overlaps no true box of its class enough, though the image has some, is neither right nor wrong (0, 0); and with
 * `nms` below 0 there are no detections at all. The fork decodes five boxes a cell, whatever `num_object` is.
 *
 * Source: Intel Caffe, after gklz1982's caffe-yolov2. Dialect: intel.
 */
export class EvalDetectionLayer extends Layer {
  static readonly type = "EvalDetection";
  static override readonly group = "detection";
  static override readonly paramField = "eval_detection_param";
  override readonly bottomCount = [2, 3] as const;
  override readonly topCount = 1;
  override readonly spareTops = "all";
  readonly #param = this.message.evalDetectionParam ?? create(EvalDetectionParameterSchema);

  override setup(): void {
    const { numObject, biases, numClass } = this.#param;
    this.check(numClass > 0, "MOKA_FIELD", "eval_detection_param.num_class must be 1 or more");
    this.check(
      biases.length >= 2 * numObject,
      "MOKA_FIELD",
      `biases must have a width and a height for each of num_object ${numObject} anchors; it has ${biases.length} numbers`,
    );
  }

  override allowForceBackward(): boolean {
    return false;
  }

  override takesIndices(bottom: number): boolean {
    return bottom === 1;
  }

  override topShapes([map, labels]: readonly [Shape, Shape]): readonly Shape[] {
    const { numObject, numClass } = this.#param;
    checkMap(this, map, numObject * (5 + numClass), `num_object ${numObject} with 5 values and num_class ${numClass}`);
    const [images = 0, , side = 0, width] = map;
    this.check(side === width, "MOKA_SHAPE", `a map of predictions must be square; it is ${side} by ${width}`);
    truthForm(this, labels, images);
    return [[images, numClass + side * side * numObject * 4]];
  }

  override forward(k: Recorder, [map, labels]: [Tensor, Tensor], [top]: [Tensor]): void {
    const [images = 0, channels = 0, side = 0] = map.shape;
    const { numClass } = this.#param;
    const form = truthForm(this, labels.shape, images);
    const size = channels * side * side;
    const width = top.shape[1] ?? 0;
    const run = () => {
      const truths = truthsOf(this, labels.data.array, form, images, numClass);
      top.data.array.fill(0);
      for (const [image, boxes] of truths.entries()) {
        const found = this.#decode(map.data.array.subarray(image * size, (image + 1) * size), side);
        this.#compare(found, boxes, top.data.array.subarray(image * width, (image + 1) * width));
      }
    };
    k.host("compare detections", run, { reads: [map.data, labels.data], writes: [top.data] });
  }

  #decode(values: FloatArray, side: number): Candidates {
    const { numObject, numClass, biases, scoreType } = this.#param;
    const plane = side * side;
    const found = new Candidates();
    for (let cell = 0; cell < plane; cell++) {
      for (let n = 0; n < numObject; n++) {
        const value = (channel: number) => values[(n * (5 + numClass) + channel) * plane + cell] ?? 0;
        let best = 0;
        for (let i = 1; i < numClass; i++) if (value(5 + i) > value(5 + best)) best = i;
        let sum = 0;
        for (let i = 0; i < numClass; i++) sum = fround(sum + fround(exp(value(5 + i) - value(5 + best))));
        const [objectness, probability] = [sigmoid(value(4)), fround(1 / sum)];
        const both = fround(objectness * probability);
        const score = scoreType === Score.OBJ ? objectness : scoreType === Score.PROB ? probability : both;
        const x = fround(((cell % side) + sigmoid(value(0))) / side);
        const y = fround((Math.trunc(cell / side) + sigmoid(value(1))) / side);
        const w = fround((exp(value(2)) * (biases[2 * n] ?? 0)) / side);
        const h = fround((exp(value(3)) * (biases[2 * n + 1] ?? 0)) / side);
        found.push(x, y, w, h, score, best);
      }
    }
    return found;
  }

  #compare(found: Candidates, truths: readonly Truth[], to: FloatArray): void {
    const { numClass, nms, threshold } = this.#param;
    const { values, classes } = found;
    for (const { label } of truths) to[label] = (to[label] ?? 0) + 1;
    if (nms < 0) return;
    const kept = suppress(found, fround(nms));
    const rows = kept.filter((at) => !((values[5 * at + 4] ?? 0) < leastScore));
    rows.sort((a, b) => (classes[a] ?? 0) - (classes[b] ?? 0)); // Stable: scores stay in order.
    const seen = new Set<Truth>();
    for (const [i, at] of rows.entries()) {
      const label = classes[at] ?? 0;
      const row = to.subarray(numClass + 4 * i, numClass + 4 * i + 4);
      row.set([label, values[5 * at + 4] ?? 0]);
      const candidates = truths.filter((truth) => truth.label === label);
      if (candidates.length === 0) row[3] = 1;
      let [best, most]: [Truth | undefined, number] = [undefined, -1];
      for (const truth of candidates) {
        const iou = iouOf(values.subarray(5 * at, 5 * at + 4), truth.box);
        if (iou > most) [best, most] = [truth, iou];
      }
      if (!best || !(most >= fround(threshold))) continue;
      row[seen.has(best) ? 3 : 2] = 1;
      seen.add(best);
    }
  }
}

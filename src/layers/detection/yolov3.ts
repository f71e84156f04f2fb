import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { FloatArray, Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { Yolov3Parameter_IOU_LOSS as IouLoss, Yolov3ParameterSchema } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { LossLayer } from "../loss/loss.js";
import { type Likeness, likeness, towards } from "./yolo-boxes.js";
import { checkMap } from "./yolo-output.js";
import { cellOf, type Truth, truthForm, truthsOf } from "./yolo-truth.js";

const kinds: Partial<Record<IouLoss, Likeness>> = {
  [IouLoss.IOU]: "iou",
  [IouLoss.GIOU]: "giou",
  [IouLoss.DIOU]: "diou",
  [IouLoss.CIOU]: "ciou",
};

/**
 * The loss of one map of YOLOv3: boxes, objectness and classes of the anchors that fit the true boxes, no objectness elsewhere.
 *
 * Bottoms: the map (N, B·(5 + K), H, W), for each of B = `num` boxes x, y, w, h, objectness and K = `num_class` classes; labels (N, 1, T, 5), in
 * each row class, x, y, w, h in units of the image, up to the first row whose x or w is 0. Rows of SSD's form, (1, 1, G, 8), are taken too.
 * Top: the loss, a scalar.
 *
 * A delta d is made for each value of the map; σ is the sigmoid, s `anchors_scale`. The objectness of a predicted box has d = σ, or 0 if
 * its likeness to a true box is above `thresh`. Each true box then goes to the anchor that fits it best, and, for `iou_thresh` < 1, to each other
 * of this map with an IoU above it, at the cell of its centre: there d = σ − 1 for the objectness (times `object_scale` with
 * `use_logic_gradient`), `class_scale`·(σ − target) for the classes, with targets 1 − e/2 and e/2, e = `label_smooth_eps`, and for x, y, w, h
 * `iou_loss` MSE (the default): `coord_scale`·(2 − w·h)·(σ(x) − target, σ(y) − target, w − target, h − target);
 * IOU, GIOU, DIOU, CIOU: −`iou_normalizer`·the direction of darknet, within ±`max_delta`, added up over true boxes if `accumulate`.
 * Loss: Σ d²/N with MSE; else (Σ d² of objectness and classes + `iou_normalizer`·the mean of 1 − likeness)/N.
 * Gradient: d·dloss/N, times σ·(1 − σ) with `use_logic_gradient` for all but w and h. So it is half the derivative of the printed loss at most,
 * and with IoU losses it is not one; training depends on it.
 *
 * `yolov3_param`: `num_class` (20), `num` (5), `biases`: widths and heights of all anchors in pixels, `mask`: those of this map,
 * `anchors_scale` (32): its stride, `thresh` (0.2), `iou_thresh` (0.5), `object_scale` (1), `class_scale` (1), `coord_scale` (5), `iou_loss` (MSE),
 * `iou_normalizer` (0.25), `max_delta` (10), `accumulate` (true), `label_smooth_eps` (0.1), `use_logic_gradient` (false), `use_focal_loss` (false:
 * with it the classes' delta has no smoothing and is times −(1 − p)·(2·p·ln p + p − 1)/2). Not used: `side`, `noobject_scale`.
 *
 * As in the fork: where the delta of a true box's class is not 0 any more, only this one class is set again; the other anchors are told from
 * the best by the best's place in `mask`, so the best may be taken twice, which counts twice with IoU losses that accumulate. Other than
 * there: with an IoU loss and `use_logic_gradient` the fork takes x·(1 − x) for the gradient of σ(x) and σ(y); boxes outside the image and labels
 * that are no class are errors; averages are not logged.
 *
 * Source: eric612's MobileNet-YOLO; Redmon and Farhadi 2018. Dialect: eric612.
 */
export class Yolov3Layer extends LossLayer {
  static readonly type = "Yolov3";
  static override readonly paramField = "yolov3_param";
  readonly #param = this.message.yolov3Param ?? create(Yolov3ParameterSchema);
  #spans: { readonly active: Span; readonly delta: Span } | undefined;

  override setup(bottom: readonly Shape[]): void {
    super.setup(bottom);
    const { num, mask, biases, anchorsScale } = this.#param;
    this.check(
      mask.length >= num && mask.every((anchor) => 2 * anchor + 1 < biases.length),
      "MOKA_FIELD",
      `mask must name ${num} of the ${Math.trunc(biases.length / 2)} anchors in biases; it is [${mask.join(", ")}]`,
    );
    this.check(anchorsScale > 0, "MOKA_FIELD", "anchors_scale must be 1 or more, not 0");
  }

  override topShapes([map, labels]: readonly [Shape, Shape]): readonly Shape[] {
    const { num, numClass } = this.#param;
    checkMap(this, map, num * (5 + numClass), `num ${num} with 5 values and num_class ${numClass}`);
    truthForm(this, labels, map[0] ?? 0);
    return [[]];
  }

  override forward(k: Recorder, [map, labels]: [Tensor, Tensor], [loss]: [Tensor]): void {
    const { numClass } = this.#param;
    const { shape } = map;
    const images = shape[0] ?? 0;
    const active = k.span("active", map.count);
    const delta = k.span("delta", map.count);
    this.#spans = { active, delta };
    const form = truthForm(this, labels.shape, images);
    k.sigmoid({ x: map.data, y: active });
    const run = () => {
      const truths = truthsOf(this, labels.data.array, form, images, numClass);
      const sum = this.#deltas(map.data.array, active.array, delta.array, truths, shape);
      loss.data.array[0] = sum / Math.max(images, 1);
    };
    k.host("yolov3 loss", run, { reads: [map.data, labels.data, active], writes: [delta, loss.data] });
  }

  override backward(k: Recorder, [loss]: [Tensor], [wanted]: readonly boolean[], [map]: readonly [Tensor]): void {
    if (!this.#spans || !wanted) return;
    const { active, delta } = this.#spans;
    const [images = 0, channels = 0, height = 0, width = 0] = map.shape;
    const [logic, each, plane] = [this.#param.useLogicGradient, channels / this.#param.num, height * width];
    const run = () => {
      const [d, a, dx] = [delta.array, active.array, map.diff.array];
      const share = (loss.diff.array[0] ?? 0) / Math.max(images, 1);
      for (let i = 0; i < dx.length; i++) {
        const channel = Math.trunc(i / plane) % each;
        const sigma = a[i] ?? 0;
        const slope = logic && channel !== 2 && channel !== 3 ? (1 - sigma) * sigma : 1;
        dx[i] = share * slope * (d[i] ?? 0);
      }
    };
    k.host("yolov3 loss gradient", run, { reads: [delta, active, loss.diff], writes: [map.diff] });
  }

  /** Writes the delta of each value of the map, and returns the sum of the losses. */
  #deltas(
    raw: FloatArray,
    active: FloatArray,
    delta: FloatArray,
    truths: readonly (readonly Truth[])[],
    [, channels = 0, height = 0, width = 0]: Shape,
  ): number {
    const { num, numClass, biases, mask, anchorsScale, thresh, iouThresh, iouLoss } = this.#param;
    const kind = kinds[iouLoss];
    const [plane, each] = [height * width, 5 + numClass];
    const [netWidth, netHeight] = [width * anchorsScale, height * anchorsScale];
    const box = new Float64Array(4);
    /** The predicted box whose x is value number `at`. */
    const predict = (at: number, cell: number, anchor: number) => {
      box[0] = ((cell % width) + (active[at] ?? 0)) / width;
      box[1] = (Math.trunc(cell / width) + (active[at + plane] ?? 0)) / height;
      box[2] = (Math.exp(raw[at + 2 * plane] ?? 0) * (biases[2 * anchor] ?? 0)) / netWidth;
      box[3] = (Math.exp(raw[at + 3 * plane] ?? 0) * (biases[2 * anchor + 1] ?? 0)) / netHeight;
      return box;
    };
    const tally = { matches: 0, distance: 0 };
    delta.fill(0);
    for (const [image, boxes] of truths.entries()) {
      for (let n = 0; n < num; n++) {
        const first = (image * channels + n * each) * plane;
        for (let cell = 0; cell < plane; cell++) {
          const at = first + cell;
          if (boxes.length > 0) predict(at, cell, mask[n] ?? 0);
          const found = boxes.some((truth) => likeness(box, truth.box, kind ?? "iou") > Math.max(thresh, 0));
          delta[at + 4 * plane] = found ? 0 : (active[at + 4 * plane] ?? 0);
        }
      }
      for (const truth of boxes) {
        const [x = 0, y = 0, w = 0, h = 0] = Array.from(truth.box);
        const [column, row] = [cellOf(x, width), cellOf(y, height)];
        const cell = row * width + column;
        const fits = Array.from({ length: Math.trunc(biases.length / 2) }, (_, n) => {
          const anchor = [0, 0, (biases[2 * n] ?? 0) / netWidth, (biases[2 * n + 1] ?? 0) / netHeight];
          return likeness(anchor, [0, 0, w, h], kind ?? "iou");
        });
        const match = (place: number) => {
          const at = (image * channels + place * each) * plane + cell;
          const anchor = mask[place] ?? 0;
          predict(at, cell, anchor);
          tally.matches++;
          if (kind === undefined) {
            const scale = this.#param.coordScale * (2 - w * h);
            const targets = [
              x * width - column,
              y * height - row,
              Math.log((w * netWidth) / (biases[2 * anchor] ?? 0)),
              Math.log((h * netHeight) / (biases[2 * anchor + 1] ?? 0)),
            ];
            for (const [i, target] of targets.entries()) {
              delta[at + i * plane] = scale * (((i < 2 ? active : raw)[at + i * plane] ?? 0) - target);
            }
          } else {
            // What the fork reports for IOU is DIoU.
            tally.distance += 1 - likeness(box, truth.box, kind === "iou" ? "diou" : kind);
            this.#pull(raw, delta, at, plane, towards(box, truth.box, kind));
          }
          const scale = this.#param.useLogicGradient ? this.#param.objectScale : 1;
          delta[at + 4 * plane] = scale * ((active[at + 4 * plane] ?? 0) - 1);
          this.#classes(active, delta, at + 5 * plane, plane, truth.label);
        };
        const best = fits.reduce((most, fit, n) => (fit > (fits[most] ?? 0) ? n : most), -1);
        const place = mask.indexOf(best);
        const isHere = place >= 0 && place < num;
        if (isHere) match(place);
        if (!(iouThresh < 1)) continue;
        const skipped = isHere ? place : best;
        for (const [n, fit] of fits.entries()) {
          const other = mask.indexOf(n);
          if (other >= 0 && other < num && n !== skipped && fit > iouThresh) match(other);
        }
      }
    }
    let sum = 0;
    for (let i = 0; i < delta.length; i++) {
      const d = delta[i] ?? 0;
      if (kind === undefined || Math.trunc(i / plane) % each >= 4) sum += d * d;
    }
    return tally.matches > 0 && kind ? sum + (this.#param.iouNormalizer * tally.distance) / tally.matches : sum;
  }

  /** The deltas of a box with an IoU loss. */
  #pull(raw: FloatArray, delta: FloatArray, at: number, plane: number, direction: readonly number[]): void {
    const { iouNormalizer, maxDelta, accumulate } = this.#param;
    for (const [i, value] of direction.entries()) {
      const place = at + i * plane;
      const moved = iouNormalizer * value * (i < 2 ? 1 : Math.exp(raw[place] ?? 0));
      const finite = Number.isFinite(moved) ? Math.min(Math.max(moved, -maxDelta), maxDelta) : 0;
      delta[place] = (accumulate ? (delta[place] ?? 0) : 0) - finite;
    }
  }

  /** The deltas of the classes of one box, from value number `first` on. */
  #classes(active: FloatArray, delta: FloatArray, first: number, plane: number, label: number): void {
    const { numClass, classScale, useFocalLoss, labelSmoothEps } = this.#param;
    const taken = delta[first + label * plane] !== 0;
    const p = (active[first + label * plane] ?? 0) + 1e-15;
    const focus = -(1 - p) * (2 * p * Math.log(p) + p - 1) * 0.5;
    for (let i = taken ? label : 0; i < (taken ? label + 1 : numClass); i++) {
      const place = first + i * plane;
      const truth = i === label ? 1 : 0;
      const target = truth * (1 - labelSmoothEps) + labelSmoothEps / 2;
      const focal = useFocalLoss && !taken;
      const d = classScale * ((active[place] ?? 0) - (focal ? truth : target)) * (focal ? focus : 1);
      if (focal || Number.isFinite(d)) delta[place] = d;
    }
  }
}

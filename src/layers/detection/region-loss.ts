import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { FloatArray, Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { RegionLossParameterSchema } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { LossLayer } from "../loss/loss.js";
import { iouOf } from "./yolo-boxes.js";
import { checkMap } from "./yolo-output.js";
import { cellOf, type Truth, truthForm, truthsOf } from "./yolo-truth.js";

/**
 * The loss of YOLOv2: boxes, objectness and classes of the anchors that fit the true boxes, no objectness elsewhere.
 *
 * Bottoms: the map (N, B·(5 + K), S, S), for each of B = `num` boxes x, y, w, h, objectness and K = `num_class` classes; labels, by whose shape the
 * fork is told: (N, 1, T, 5), in each row class, x, y, w, h in units of the image, up to the first row whose x or w is 0 (eric612); or
 * (1, 1, G, 8), SSD's rows with classes from 1 (Intel). Top: the loss, a scalar.
 *
 * A delta d is made for each value of the map; σ is the sigmoid, σ' = σ·(1 − σ), p the softmax of a box's classes. The objectness of a predicted box
 * has d = `noobject_scale`·σ·σ', or 0 if its IoU with a true box is above `thresh`. Each true box then goes to the anchor with the highest IoU in
 * the cell of its centre; there, with c = `coord_scale`, without `rescore` times 2 − w·h: x, y: c·(σ − target)·σ'; w, h: c·(w − target), target
 * ln(true size·S/anchor); objectness: `object_scale`·(σ − IoU)·σ', without `rescore` (σ − 1); classes: `class_scale`·(p − target).
 * Intel's: the differences for x, y, w, h are kept within ±1, c = `coord_scale` alone, objectness −2·`object_scale`·(1 − σ)³·σ'.
 * Loss: Σ d²/N; Intel's Σ d². Gradient: d·dloss/N, which is not the derivative of the printed loss; training depends on it.
 *
 * `region_loss_param`: `num_class` (20), `num` (5), `biases`: the anchors' widths and heights in cells, `thresh` (0.2), `rescore` (1), `bias_match` (1:
 * the anchor is chosen by its size; 0: by the predicted size), `object_scale` (1), `noobject_scale` (0.5), `class_scale` (1), `coord_scale` (5),
 * `coords` (4, the only one possible). Not used: `side`, which is the map's, `softmax`, `jitter`, `absolute`, `random`, and, as in eric612's fork,
 * `softmax_tree` and `class_map`; with Intel's labels these two are refused.
 *
 * Boxes outside the image and labels that are no class are errors, the averages are not logged.
 *
 * Source: eric612's MobileNet-YOLO and Intel Caffe, after gklz1982's caffe-yolov2; Redmon and Farhadi 2017. Dialects: eric612, intel.
 */
export class RegionLossLayer extends LossLayer {
  static readonly type = "RegionLoss";
  static override readonly paramField = "region_loss_param";
  readonly #param = this.message.regionLossParam ?? create(RegionLossParameterSchema);
  #delta: Span | undefined;

  override setup(bottom: readonly Shape[]): void {
    super.setup(bottom);
    const { num, biases, coords } = this.#param;
    this.check(
      biases.length >= 2 * num && biases.slice(0, 2 * num).every((size) => size > 0),
      "MOKA_FIELD",
      `biases must have a width and a height above 0 for each of num ${num} anchors; it is [${biases.join(", ")}]`,
    );
    this.check(coords === 4, "MOKA_FIELD", `coords must be 4, for x, y, w and h, not ${coords}`);
  }

  override topShapes([map, labels]: readonly [Shape, Shape]): readonly Shape[] {
    const { num, numClass, softmaxTree, classMap } = this.#param;
    checkMap(this, map, num * (5 + numClass), `num ${num} with 5 values and num_class ${numClass}`);
    this.check(map[2] === map[3], "MOKA_SHAPE", `a map of predictions must be square; it is ${map[2]} by ${map[3]}`);
    this.check(
      truthForm(this, labels, map[0] ?? 0) === "image" || (softmaxTree === "" && classMap === ""),
      "MOKA_UNSUPPORTED",
      "softmax_tree and class_map of Intel Caffe are not supported",
    );
    return [[]];
  }

  override forward(k: Recorder, [map, labels]: [Tensor, Tensor], [loss]: [Tensor]): void {
    const { numClass } = this.#param;
    const { shape } = map;
    const images = shape[0] ?? 0;
    const delta = k.span("delta", map.count);
    this.#delta = delta;
    const form = truthForm(this, labels.shape, images);
    const run = () => {
      const truths = truthsOf(this, labels.data.array, form, images, numClass);
      this.#deltas(map.data.array, delta.array, truths, shape, form === "batch");
      let sum = 0;
      for (const d of delta.array) sum += d * d;
      loss.data.array[0] = form === "batch" ? sum : sum / Math.max(images, 1);
    };
    k.host("region loss", run, { reads: [map.data, labels.data], writes: [delta, loss.data] });
  }

  override backward(k: Recorder, [loss]: [Tensor], [wanted]: readonly boolean[], [map]: readonly [Tensor]): void {
    const delta = this.#delta;
    if (!delta || !wanted) return;
    k.scaleBy({ x: delta, multiplier: loss.diff, y: map.diff, alpha: 1 / Math.max(map.shape[0] ?? 0, 1) });
  }

  /** Writes the delta of each value of the map. */
  #deltas(
    raw: FloatArray,
    delta: FloatArray,
    truths: readonly (readonly Truth[])[],
    [, channels = 0, side = 0]: Shape,
    isIntel: boolean,
  ): void {
    const { num, numClass, biases, thresh, rescore, biasMatch } = this.#param;
    const { objectScale, noobjectScale, classScale, coordScale } = this.#param;
    const [plane, each] = [side * side, 5 + numClass];
    const sigma = (at: number) => 1 / (1 + Math.exp(-(raw[at] ?? 0)));
    const box = new Float64Array(4);
    const predict = (at: number, cell: number, anchor: number) => {
      box[0] = ((cell % side) + sigma(at)) / side;
      box[1] = (Math.trunc(cell / side) + sigma(at + plane)) / side;
      box[2] = (Math.exp(raw[at + 2 * plane] ?? 0) * (biases[2 * anchor] ?? 0)) / side;
      box[3] = (Math.exp(raw[at + 3 * plane] ?? 0) * (biases[2 * anchor + 1] ?? 0)) / side;
      return box;
    };
    const limit = (difference: number) => (isIntel ? Math.min(Math.max(difference, -1), 1) : difference);
    delta.fill(0);
    for (const [image, boxes] of truths.entries()) {
      const start = (n: number) => (image * channels + n * each) * plane;
      for (let n = 0; n < num; n++) {
        for (let cell = 0; cell < plane; cell++) {
          const at = start(n) + cell;
          if (boxes.length > 0) predict(at, cell, n);
          const found = boxes.some((truth) => iouOf(box, truth.box) > Math.max(thresh, 0));
          const s = sigma(at + 4 * plane);
          delta[at + 4 * plane] = found ? 0 : noobjectScale * s * s * (1 - s);
        }
      }
      for (const truth of boxes) {
        const [x = 0, y = 0, w = 0, h = 0] = Array.from(truth.box);
        const [column, row] = [cellOf(x, side), cellOf(y, side)];
        const cell = row * side + column;
        let [best, most] = [0, 0];
        for (let n = 0; n < num; n++) {
          const size = biasMatch
            ? [0, 0, (biases[2 * n] ?? 0) / side, (biases[2 * n + 1] ?? 0) / side]
            : [0, 0, ...predict(start(n) + cell, cell, n).subarray(2)];
          const fit = iouOf(size, [0, 0, w, h]);
          if (fit > most) [best, most] = [n, fit];
        }
        const at = start(best) + cell;
        const iou = iouOf(predict(at, cell, best), truth.box);
        const c = coordScale * (isIntel || rescore ? 1 : 2 - w * h);
        for (const [i, target] of [x * side - column, y * side - row].entries()) {
          const s = sigma(at + i * plane);
          delta[at + i * plane] = c * limit(s - target) * s * (1 - s);
        }
        for (const [i, size] of [w, h].entries()) {
          const place = at + (2 + i) * plane;
          delta[place] = c * limit((raw[place] ?? 0) - Math.log((size * side) / (biases[2 * best + i] ?? 0)));
        }
        const s = sigma(at + 4 * plane);
        const miss = isIntel ? -2 * (1 - s) ** 3 : s - (rescore ? iou : 1);
        delta[at + 4 * plane] = objectScale * miss * s * (1 - s);
        const logit = (i: number) => raw[at + (5 + i) * plane] ?? 0;
        let [largest, total] = [-Infinity, 0];
        for (let i = 0; i < numClass; i++) largest = Math.max(largest, logit(i));
        for (let i = 0; i < numClass; i++) total += Math.exp(logit(i) - largest);
        for (let i = 0; i < numClass; i++) {
          const p = Math.exp(logit(i) - largest) / total;
          delta[at + (5 + i) * plane] = classScale * (p - (i === truth.label ? 1 : 0));
        }
      }
    }
  }
}

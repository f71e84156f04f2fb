import { create, isFieldSet } from "@bufbuild/protobuf";
import type { Tensor } from "../../core/tensor.js";
import { YoloDetectionOutputParameterSchema } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { type Candidates, checkMap, sigmoid, YoloOutputLayer } from "./yolo-output.js";

const { fround, exp } = Math;

/**
 * The detections of YOLOv2: decodes the predictions of one or two maps and leaves out boxes that overlap better ones.
 *
 * Bottoms: one or two maps (N, B·(5 + K), S, S), for each of B boxes x, y, w, h, objectness and K classes. Both use the same anchors.
 * Top: as that of Yolov3DetectionOutput. No gradient.
 *
 * With σ the sigmoid: centre ((column + σ(x))/S, (row + σ(y))/S), size (e^w·anchor/S, e^h·anchor/S). Each box stands for its most
 * probable class by softmax, the first of equal ones, with the score probability·σ(objectness), if that is `confidence_threshold` or more.
 * Its label is the class + 1. Then, from the highest score down, a box is left out if its IoU with one that stays is `nms_threshold` or more.
 *
 * `yolo_detection_output_param`: `num_classes` (K, must be given), `num_box` (B, 5), `confidence_threshold` (0.01), `nms_threshold` (0.45),
 * `biases`: the anchors' widths and heights in cells. Not used: `side`, which is the map's, `coords` and `label_map_file`.
 *
 * As in the fork, suppression is over all classes, and all images of a batch together, whose image is written as 0: use batches of one
 * image. The map must be square; the fork reads other cells than it decodes if it is not.
 *
 * Source: eric612's MobileNet-YOLO; Redmon and Farhadi 2017. Dialect: eric612.
 */
export class YoloDetectionOutputLayer extends YoloOutputLayer {
  static readonly type = "YoloDetectionOutput";
  static override readonly group = "detection";
  static override readonly paramField = "yolo_detection_output_param";
  override readonly bottomCount = [1, 2] as const;
  readonly #param = this.message.yoloDetectionOutputParam ?? create(YoloDetectionOutputParameterSchema);
  override readonly settings = {
    numBox: this.#param.numBox,
    numClasses: this.#param.numClasses,
    least: fround(this.#param.confidenceThreshold),
    overlap: fround(this.#param.nmsThreshold),
    /** Width and height of each anchor in cells, and perhaps of more. */
    anchors: this.#param.biases,
  };

  override setup(): void {
    const { numBox, biases } = this.#param;
    const given = isFieldSet(this.#param, YoloDetectionOutputParameterSchema.field.numClasses);
    this.check(
      given && this.#param.numClasses > 0,
      "MOKA_FIELD",
      "yolo_detection_output_param.num_classes must be given, and 1 or more",
    );
    this.check(
      biases.length >= 2 * numBox,
      "MOKA_FIELD",
      `biases must have a width and a height for each of num_box ${numBox} anchors; it has ${biases.length} numbers`,
    );
  }

  override topShapes(bottom: readonly Shape[]): readonly Shape[] {
    const { numBox, numClasses } = this.#param;
    for (const map of bottom) {
      checkMap(this, map, numBox * (5 + numClasses), `num_box ${numBox} with 5 values and num_classes ${numClasses}`);
      this.check(map[2] === map[3], "MOKA_SHAPE", `a map of predictions must be square; it is ${map[2]} by ${map[3]}`);
    }
    return super.topShapes(bottom);
  }

  protected override collect(bottom: readonly Tensor[], found: Candidates): void {
    for (const map of bottom) this.#decode(map, found);
  }

  #decode({ shape, data }: Tensor, found: Candidates): void {
    const { numBox, numClasses, anchors, least } = this.settings;
    const [images = 0, channels = 0, side = 0] = shape;
    const values = data.array;
    const plane = side * side;
    for (let image = 0; image < images; image++) {
      for (let cell = 0; cell < plane; cell++) {
        for (let box = 0; box < numBox; box++) {
          const at = (image * channels + box * (5 + numClasses)) * plane + cell;
          const value = (channel: number) => values[at + channel * plane] ?? 0;
          let best = 0;
          for (let i = 1; i < numClasses; i++) if (value(5 + i) > value(5 + best)) best = i;
          let sum = 0;
          for (let i = 0; i < numClasses; i++) sum = fround(sum + fround(exp(fround(value(5 + i) - value(5 + best)))));
          const score = fround(sigmoid(value(4)) * fround(1 / sum));
          if (!(score >= least)) continue;
          const x = fround(fround((cell % side) + sigmoid(value(0))) / side);
          const y = fround(fround(Math.trunc(cell / side) + sigmoid(value(1))) / side);
          const w = fround(fround(fround(exp(value(2))) * (anchors[2 * box] ?? 0)) / side);
          const h = fround(fround(fround(exp(value(3))) * (anchors[2 * box + 1] ?? 0)) / side);
          found.push(x, y, w, h, score, best);
        }
      }
    }
  }
}

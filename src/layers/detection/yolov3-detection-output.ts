import { create, isFieldSet } from "@bufbuild/protobuf";
import type { Tensor } from "../../core/tensor.js";
import { Yolov3DetectionOutputParameterSchema } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { type Candidates, checkMap, sigmoid, YoloOutputLayer } from "./yolo-output.js";

const { fround, exp } = Math;

/**
 * The detections of YOLOv3: decodes the predictions of its maps and leaves out boxes that overlap better ones.
 *
 * Bottoms: one map for each group of anchors, (N, B·(5 + K), H, W), for each of B boxes x, y, w, h, objectness and K classes.
 * Top (1, 1, D, 7), a row for each detection, the highest score first: image, label, score, xmin, ymin, xmax, ymax, in units of
 * the image, not clipped. D changes with the values. Without a detection D is N, with the image in column 0 and −1 in the others.
 * No gradient.
 *
 * With σ the sigmoid and s = `anchors_scale`: centre ((column + σ(x))/W, (row + σ(y))/H), size (e^w·anchor/(W·s), e^h·anchor/(H·s)).
 * A box stands once for each class whose σ(class)·σ(objectness) is above `confidence_threshold`; its label is the class + 1. Then, from
 * the highest score down, a box is left out if its IoU with one that stays is `nms_threshold` or more.
 *
 * `yolov3_detection_output_param`: `num_classes` (K, must be given), `num_box` (B, 3), `confidence_threshold` (0.01),
 * `nms_threshold` (0.45), `biases`: the anchors' widths and heights in pixels; `mask`: which anchors the maps use, equally many for
 * each of the `mask_group_num` (2) maps, in their order; `anchors_scale`: the stride of each map in pixels; `gaussian_box` (false).
 *
 * As in the fork, suppression is over all classes, and all images of a batch together, whose image is written as 0: use batches of one
 * image. With `gaussian_box` a box has 9 + K channels, each of x, y, w, h followed by its uncertainty u, and objectness is multiplied by
 * (4 − 2·σ(u_x) − σ(u_y) − σ(u_w) − σ(u_h))/4. This is what the fork computes on a GPU, u_x twice; on a CPU it finds nothing.
 *
 * Source: eric612's MobileNet-YOLO; Redmon and Farhadi 2018. Dialect: eric612.
 */
export class Yolov3DetectionOutputLayer extends YoloOutputLayer {
  static readonly type = "Yolov3DetectionOutput";
  static override readonly group = "detection";
  static override readonly paramField = "yolov3_detection_output_param";
  override readonly bottomCount = [1, Number.POSITIVE_INFINITY] as const;
  readonly #param = this.message.yolov3DetectionOutputParam ?? create(Yolov3DetectionOutputParameterSchema);
  override readonly settings = {
    numBox: this.#param.numBox,
    numClasses: this.#param.numClasses,
    least: fround(this.#param.confidenceThreshold),
    overlap: fround(this.#param.nmsThreshold),
    isGaussian: this.#param.gaussianBox,
  };

  override setup(bottom: readonly Shape[]): void {
    const { numBox, biases, mask, anchorsScale, maskGroupNum } = this.#param;
    const given = isFieldSet(this.#param, Yolov3DetectionOutputParameterSchema.field.numClasses);
    this.check(given, "MOKA_FIELD", "yolov3_detection_output_param.num_classes must be given");
    this.check(
      bottom.length === maskGroupNum,
      "MOKA_LAYER",
      `needs one bottom for each group of anchors: mask_group_num is ${maskGroupNum}, but it has ${bottom.length}`,
    );
    const last = (bottom.length - 1) * this.#group + numBox;
    this.check(
      last <= mask.length,
      "MOKA_FIELD",
      `mask names ${mask.length} anchors, ${this.#group} for each map; ${numBox} boxes for the last need ${last}`,
    );
    const beyond = mask.find((anchor) => 2 * anchor + 1 >= biases.length);
    this.check(
      beyond === undefined,
      "MOKA_FIELD",
      `mask names anchor ${beyond}, but biases has ${biases.length / 2}: a width and a height for each`,
    );
    this.check(
      anchorsScale.length >= bottom.length && anchorsScale.every((scale) => scale > 0),
      "MOKA_FIELD",
      `anchors_scale must give a stride above 0 for each of ${bottom.length} maps; it is [${anchorsScale.join(", ")}]`,
    );
  }

  override topShapes(bottom: readonly Shape[]): readonly Shape[] {
    const { numBox, numClasses } = this.#param;
    for (const map of bottom) {
      const parts = `num_box ${numBox} with ${this.#first} values and num_classes ${numClasses}`;
      checkMap(this, map, numBox * (this.#first + numClasses), parts);
    }
    return super.topShapes(bottom);
  }

  /** The number of anchors of each map. */
  get #group(): number {
    return Math.trunc(this.#param.mask.length / this.#param.maskGroupNum);
  }

  /** The number of values of a box before its classes. */
  get #first(): number {
    return this.#param.gaussianBox ? 9 : 5;
  }

  protected override collect(bottom: readonly Tensor[], found: Candidates): void {
    bottom.forEach((map, t) => void this.#decode(map, t, found));
  }

  /** Width and height in pixels of each anchor of a map, and the map's stride. */
  anchorsOf(t: number): { sides: readonly (readonly [number, number])[]; stride: number } {
    const { numBox, biases, mask, anchorsScale } = this.#param;
    const anchors = mask.slice(t * this.#group, t * this.#group + numBox);
    const sides = anchors.map((anchor) => [biases[2 * anchor] ?? 0, biases[2 * anchor + 1] ?? 0] as const);
    return { sides, stride: anchorsScale[t] ?? 1 };
  }

  #decode({ shape, data }: Tensor, t: number, found: Candidates): void {
    const { numBox, numClasses, least, isGaussian } = this.settings;
    const { sides, stride } = this.anchorsOf(t);
    const [images = 0, channels = 0, height = 0, width = 0] = shape;
    const values = data.array;
    const [step, first] = [isGaussian ? 2 : 1, this.#first];
    const plane = height * width;
    for (let image = 0; image < images; image++) {
      for (let cell = 0; cell < plane; cell++) {
        for (let box = 0; box < numBox; box++) {
          const at = (image * channels + box * (first + numClasses)) * plane + cell;
          const activated = (channel: number) => sigmoid(values[at + channel * plane] ?? 0);
          let objectness = activated(first - 1);
          if (isGaussian) {
            const certain = fround(4 - 2 * activated(1) - activated(3) - activated(5) - activated(7));
            objectness = fround((objectness * certain) / 4);
          }
          if (!(objectness > least)) continue; // A score is at most the objectness.
          const [anchorWidth, anchorHeight] = sides[box] ?? [0, 0];
          const side = (channel: number, size: number, pixels: number) =>
            fround(fround(fround(exp(values[at + channel * plane] ?? 0)) * size) / pixels);
          for (let classIndex = 0; classIndex < numClasses; classIndex++) {
            const score = fround(activated(first + classIndex) * objectness);
            if (!(score > least)) continue;
            const x = fround(fround((cell % width) + activated(0)) / width);
            const y = fround(fround(Math.trunc(cell / width) + activated(step)) / height);
            const w = side(2 * step, anchorWidth, width * stride);
            const h = side(3 * step, anchorHeight, height * stride);
            found.push(x, y, w, h, score, classIndex);
          }
        }
      }
    }
  }
}

import { create } from "@bufbuild/protobuf";
import type { Tensor } from "../../core/tensor.js";
import { DetectionEvaluateParameterSchema, ResizeParameter_Resize_mode as Mode } from "../../proto/gen/caffe_pb.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { overlapOf } from "./boxes.js";
import { type Computed, LiveLayer } from "./live-layer.js";
import { type ImageSize, overlapOfPixels, type PixelBox, toPixels } from "./pixel-overlap.js";

/** The rows of one class in one image, by their indices in a bottom. */
type Classes = Map<number, number[]>;

/**
 * Compares detections with the true boxes, for the average precision of a test.
 *
 * Bottoms: detections (1, 1, K, 7), each image, class, score, xmin, ymin, xmax, ymax, and true boxes (1, 1, G, 8), each image, class, instance, xmin,
 * ymin, xmax, ymax, difficult. Top (1, 1, C + D, 5): for each of the C classes but the background −1, the class, the number of its true boxes, −1, −1;
 * then for each detection whose class is not −1 image, class, score, right, wrong, by image and class. No gradient.
 *
 * In an image with true boxes of its class, detections come from the highest score down, and each is compared with the true box it overlaps most: right
 * (1, 0) if the overlap is `overlap_threshold` or more and no earlier one was right with this box, else wrong (0, 1). With `evaluate_difficult_gt`
 * false a detection of a difficult box is neither (0, 0), and these boxes are not counted. Others are wrong, in the order of the bottom.
 *
 * `detection_evaluate_param`: `num_classes` (required), `background_label_id` (0; 4294967295, which is −1: none), `overlap_threshold` (0.5),
 * `evaluate_difficult_gt` (true), `name_size_file`: lines of name, height and width of the images, in the order of the data; with it overlaps are taken in whole
 * pixels. `resize_param` (none) tells with it how images were resized: `resize_mode`, `height`, `width`, `height_scale`, `width_scale`; its other fields are not used.
 *
 * A solver with `eval_type: "detection"` makes the mean average precision of these rows, and `moka test` does. A solver with another `eval_type` averages the
 * rows over the batches, which means nothing; its log warns of it, and `moka lint` does.
 *
 * As in the fork: true boxes end at the first row with image −1; the sizes of `name_size_file` are taken by images that have detections, so that one without
 * shifts those after it; in whole pixels boxes that lie apart share one pixel. A detection or true box of the background is an error. The ranks
 * of a training share the batches of a test, so that `name_size_file` needs one rank.
 *
 * Source: SSD. Dialects: ssd.
 */
export class DetectionEvaluateLayer extends LiveLayer {
  static readonly type = "DetectionEvaluate";
  static override readonly paramField = "detection_evaluate_param";
  override readonly bottomCount = 2;
  override readonly topCount = 1;
  override readonly evaluation = "detection";
  readonly #param = this.message.detectionEvaluateParam ?? create(DetectionEvaluateParameterSchema);
  readonly #background = this.#param.backgroundLabelId | 0;
  #sizes: readonly ImageSize[] = [];
  /** The image of `#sizes` that comes next. */
  #next = 0;

  override async open(): Promise<void> {
    const path = this.#param.nameSizeFile;
    if (path === "") return;
    const ranks = this.context.ranks?.communicator.size ?? 1;
    this.check(
      ranks === 1,
      "MOKA_FIELD",
      `name_size_file needs all images of a test in one process; here ${ranks} ranks share them`,
    );
    const words = (await this.context.files.readText(path)).split(/\s+/).filter((word) => word !== "");
    this.#sizes = Array.from({ length: Math.ceil(words.length / 3) }, (_, i) => {
      const [name = "", height, width] = words.slice(3 * i, 3 * i + 3);
      const size = [Number(height), Number(width)] as const;
      this.check(
        size.every((side) => Number.isInteger(side) && side > 0),
        "MOKA_DATA",
        `${path}: image ${i}, "${name}", needs a height and a width in pixels, not "${height ?? ""}" and "${width ?? ""}"`,
      );
      return size;
    });
  }

  override setup(): void {
    const { numClasses, overlapThreshold, resizeParam } = this.#param;
    const background = this.#background;
    this.check(numClasses >= 1, "MOKA_FIELD", "detection_evaluate_param.num_classes must be given, 1 or more");
    this.check(
      background >= -1 && background < numClasses,
      "MOKA_FIELD",
      `background_label_id must be below num_classes ${numClasses}, not ${background}`,
    );
    this.check(overlapThreshold > 0, "MOKA_FIELD", `overlap_threshold must be above 0, not ${overlapThreshold}`);
    const pads = resizeParam?.resizeMode === Mode.FIT_LARGE_SIZE_AND_PAD;
    this.check(
      !pads || (resizeParam.height > 0 && resizeParam.width > 0),
      "MOKA_FIELD",
      "resize_param needs a height and a width",
    );
  }

  override takesIndices(): boolean {
    return false;
  }

  override topShapes([detections, truths]: readonly [Shape, Shape]): readonly Shape[] {
    for (const [shape, width, what] of [
      [detections, 7, "detections"],
      [truths, 8, "true boxes"],
    ] as const) {
      this.check(
        shape.length === 4 && shape[0] === 1 && shape[1] === 1 && shape[3] === width,
        "MOKA_SHAPE",
        `${what} must have the shape 1 1 K ${width}; they are ${formatShape(shape)}`,
      );
    }
    return [[1, 1, this.#classes + (detections[2] ?? 0), 5]];
  }

  get #classes(): number {
    return this.#param.numClasses - (this.#background === -1 ? 0 : 1);
  }

  override saveState(): unknown {
    return { image: this.#next };
  }

  override restoreState(state: unknown): void {
    const image = (state as { image?: unknown } | null)?.image;
    const fits =
      Number.isInteger(image) && (image === 0 || ((image as number) > 0 && (image as number) < this.#sizes.length));
    this.check(fits, "MOKA_DATA", `the state of a run must name an image of name_size_file, not ${image}`);
    this.#next = image as number;
  }

  protected override compute([first, second]: readonly [Tensor, Tensor]): readonly Computed[] {
    const detections = Float32Array.from(first.data.array);
    const truths = Float32Array.from(second.data.array);
    const { numClasses, evaluateDifficultGt } = this.#param;
    const found = this.#byImage(detections, 7, "detection");
    const known = this.#byImage(truths, 8, "true box");
    let count = this.#classes;
    for (let at = 1; at < detections.length; at += 7) if (detections[at] !== -1) count++;
    const values = new Float32Array(5 * count);
    let to = 0;
    for (let label = 0; label < numClasses; label++) {
      if (label === this.#background) continue;
      let positives = 0;
      for (const classes of known.values()) {
        for (const at of classes.get(label) ?? []) if (evaluateDifficultGt || !truths[at + 7]) positives++;
      }
      values.set([-1, label, positives, -1, -1], to);
      to += 5;
    }
    for (const [image, classes] of inOrder(found)) {
      const size = this.#sizes[this.#next];
      for (const [label, rows] of inOrder(classes)) {
        if (label === -1) continue;
        const own = known.get(image)?.get(label);
        const marks = own && this.#compare(detections, rows, truths, own, size);
        rows.forEach((at, i) => {
          const [right, wrong] = marks?.[i] ?? [0, 1];
          values.set([image, label, detections[at + 2] as number, right, wrong], to);
          to += 5;
        });
      }
      if (size) this.#next = (this.#next + 1) % this.#sizes.length;
    }
    return [{ shape: [1, 1, count, 5], values }];
  }

  /** Sorts the rows of a class by their scores, and says of each whether it is right and whether it is wrong. */
  #compare(
    detections: Float32Array,
    rows: number[],
    truths: Float32Array,
    own: readonly number[],
    size: ImageSize | undefined,
  ): readonly (readonly [number, number])[] {
    const { overlapThreshold, evaluateDifficultGt, resizeParam } = this.#param;
    rows.sort((a, b) => (detections[b + 2] as number) - (detections[a + 2] as number));
    const pixels = size && own.map((at) => toPixels(truths, at + 3, size, resizeParam));
    const isFound = new Uint8Array(own.length);
    return rows.map((at) => {
      const box = size && toPixels(detections, at + 3, size, resizeParam);
      let [best, most] = [0, -1];
      for (const [j, truth] of own.entries()) {
        const overlap = box
          ? overlapOfPixels(box, pixels?.[j] as PixelBox)
          : overlapOf(detections, at + 3, truths, truth + 3);
        if (overlap > most) [best, most] = [j, overlap];
      }
      if (!(most >= Math.fround(overlapThreshold))) return [0, 1];
      if (!evaluateDifficultGt && truths[(own[best] as number) + 7]) return [0, 0];
      const isFirst = isFound[best] === 0;
      isFound[best] = 1;
      return isFirst ? [1, 0] : [0, 1];
    });
  }

  /** The rows by image and class. Detections of image −1 are left out; true boxes end at it. */
  #byImage(rows: Float32Array, width: number, what: string): Map<number, Classes> {
    const images = new Map<number, Classes>();
    for (let at = 0; at < rows.length; at += width) {
      const [image, label] = [Math.trunc(rows[at] as number), Math.trunc(rows[at + 1] as number)];
      if (image === -1 && width === 8) break;
      if (image === -1) continue;
      this.check(
        Number.isFinite(image) && Number.isFinite(label) && (label === -1 || label !== this.#background),
        "MOKA_DATA",
        `a ${what} must have an image and a class other than the background ${this.#background}; ` +
          `row ${at / width} has image ${rows[at]} and class ${rows[at + 1]}`,
      );
      const classes = images.get(image) ?? new Map<number, number[]>();
      images.set(image, classes);
      const list = classes.get(label);
      if (list) list.push(at);
      else classes.set(label, [at]);
    }
    return images;
  }
}

function inOrder<T>(map: ReadonlyMap<number, T>): (readonly [number, T])[] {
  return [...map].sort(([a], [b]) => a - b);
}

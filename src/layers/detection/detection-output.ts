import { create, isFieldSet } from "@bufbuild/protobuf";
import { refuseBeyondSsd } from "../../core/fork-fields.js";
import type { Tensor } from "../../core/tensor.js";
import {
  PriorBoxParameter_CodeType as Code,
  DetectionOutputParameterSchema,
  NonMaximumSuppressionParameterSchema,
} from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { type BoxCode, bestOf, decodeBox, isUsable, keepApart } from "./boxes.js";
import { type Computed, LiveLayer } from "./live-layer.js";

const { fround } = Math;
/** The values of a detection: image, label, score, xmin, ymin, xmax, ymax. */
const width = 7;

/** What `detection_output_param` says, with its defaults. */
export interface DetectionSettings {
  readonly numClasses: number;
  readonly shareLocation: boolean;
  /** The label that is left out; below 0: none. */
  readonly background: number;
  readonly code: BoxCode;
  /** Whether the locations hold the variances already. */
  readonly isScaled: boolean;
  /** Confidences must be above it; −∞: no threshold. */
  readonly threshold: number;
  /** The most boxes of a label that are compared, and of an image that stay; negative: all. */
  readonly topK: number;
  readonly keepTopK: number;
  readonly nmsThreshold: number;
  readonly eta: number;
}

/** Chosen boxes of one label of an image. */
interface Chosen {
  readonly label: number;
  readonly kept: readonly number[];
  /** Box i of the label at index 4·i. */
  readonly boxes: Float32Array;
}

/**
 * The detections of SSD: decodes the predictions for each prior box, and of boxes that overlap keeps the best.
 *
 * Bottoms: locations (N, P·4), or (N, P·C·4) without `share_location`; confidences (N, P·C), probabilities of each prior's classes; priors
 * (1, 2, P·4), boxes and variances as PriorBox makes them; optionally the image, which is not read. Further axes of a bottom are one with its
 * second. Top (1, 1, K, 7): image, label, score, xmin, ymin, xmax, ymax in units of the image, not clipped; by image, by label, then by score,
 * the highest first. K changes with the values. Nothing found in any image: K is N, with the image in column 0 and −1 in the others.
 * Without gradient: one that is asked for is 0.
 *
 * For each image and each class but the background: the priors whose confidence is above `confidence_threshold`, the best `top_k` of them, equal
 * ones in their order; then from the best down, a box stays if its overlap with all that stay is at most `nms_threshold`, which after each of
 * them is multiplied by `eta` while it is above 0.5. Then the best `keep_top_k` of all classes of the image; of equal ones, those of
 * the lower label (the fork takes any). A NaN confidence is never above.
 * Decoding a location d, with v its variances, or 1 with `variance_encoded_in_target`. CORNER: corner + v·d. CORNER_SIZE: corner + v·d·side of the prior.
 * CENTER_SIZE: centre + v·d·side, size side·exp(v·d).
 * Overlap is intersection over union without a last pixel; boxes that only touch do not overlap, invalid ones have area 0.
 *
 * `detection_output_param`: `num_classes` (C, must be given), `share_location` (true), `background_label_id` (0; −1: none), `nms_param`
 * (`nms_threshold` 0.3, `top_k` all, `eta` 1), `code_type` (CORNER), `variance_encoded_in_target` (false), `keep_top_k` (−1: all),
 * `confidence_threshold` (none). Ignored with a warning: `save_output_param`, as no files of detections are written, and `visualize`, as nothing
 * is drawn. Fields that SSD has not, but a fork made of it (`objectness_score`, `no_permute`, `tflite_detection` …), are an error.
 * A prior with a side of 0 or less is an error in CENTER_SIZE and CORNER_SIZE. The fork aborts with `share_location` and `background_label_id` −1;
 * here all classes are detected then.
 *
 * Source: weiliu89's SSD; Liu et al. 2016, "SSD: Single Shot MultiBox Detector". Dialect: ssd.
 */
export class DetectionOutputLayer extends LiveLayer {
  static readonly type = "DetectionOutput";
  static override readonly paramField = "detection_output_param";
  override readonly bottomCount = [3, 4] as const;
  override readonly topCount = 1;
  readonly #param = this.message.detectionOutputParam ?? create(DetectionOutputParameterSchema);
  readonly #nms = this.#param.nmsParam ?? create(NonMaximumSuppressionParameterSchema);

  override takesIndices(): boolean {
    return false;
  }

  override setup(): void {
    const schema = DetectionOutputParameterSchema.field;
    const has = (field: keyof typeof schema) => isFieldSet(this.#param, schema[field]);
    const isField = (holds: boolean, reason: string) =>
      this.check(holds, "MOKA_FIELD", `detection_output_param.${reason}`);
    refuseBeyondSsd(this, DetectionOutputParameterSchema, this.#param, "detection_output_param");
    isField(has("numClasses"), "num_classes must be given");
    isField(this.#param.numClasses > 0, "num_classes must be above 0");
    const { nmsThreshold, eta } = this.#nms;
    isField(nmsThreshold >= 0, `nms_param.nms_threshold must be at least 0; it is ${nmsThreshold}`);
    isField(eta > 0 && eta <= 1, `nms_param.eta must be above 0 and at most 1; it is ${eta}`);
    const ignored = [
      this.#param.saveOutputParam?.outputDirectory && "save_output_param: no files of detections are written",
      this.#param.visualize && "visualize: nothing is drawn",
    ];
    for (const text of ignored) if (text) this.context.log("warning", "moka:0", `${this.name} ignores ${text}`);
  }

  override topShapes([locations, scores, priors]: readonly Shape[]): readonly Shape[] {
    this.#counts(locations ?? [], scores ?? [], priors ?? []);
    return [[1, 1, 1, width]];
  }

  protected override compute(bottom: readonly Tensor[]): readonly Computed[] {
    const [locations, scores, priors] = bottom as [Tensor, Tensor, Tensor];
    const [images, count] = this.#counts(locations.shape, scores.shape, priors.shape);
    const { numClasses, code, keepTopK } = this.settings;
    const [loc, conf, prior] = [locations.data.array, scores.data.array, priors.data.array] as Float32Array[];
    if (!loc || !conf || !prior) return [];
    for (let i = 0; i < count; i++) {
      if (isUsable(code, prior, 4 * i)) continue;
      throw this.error("MOKA_DATA", `prior ${i} has a side of 0 or less: ${prior.slice(4 * i, 4 * i + 4).join(", ")}`);
    }
    const score = (image: number, label: number, box: number) =>
      conf[(image * count + box) * numClasses + label] as number;
    const rows: number[] = [];
    for (let image = 0; image < images; image++) {
      const chosen = this.#choose(image, count, loc, conf, prior);
      for (const { label, kept, boxes } of best(chosen, keepTopK, (label, box) => score(image, label, box))) {
        for (const i of kept) {
          rows.push(image, label, score(image, label, i));
          for (let side = 0; side < 4; side++) rows.push(boxes[4 * i + side] as number);
        }
      }
    }
    if (rows.length === 0) for (let image = 0; image < images; image++) rows.push(image, -1, -1, -1, -1, -1, -1);
    return [{ shape: [1, 1, rows.length / width, width], values: Float32Array.from(rows) }];
  }

  /** The boxes of each label of an image that stay. Only boxes that may stay are decoded. */
  #choose(image: number, count: number, loc: Float32Array, conf: Float32Array, prior: Float32Array): readonly Chosen[] {
    const { numClasses, shareLocation, background, code, isScaled, threshold, topK, nmsThreshold, eta } = this.settings;
    const variances = isScaled ? undefined : prior.subarray(4 * count);
    const classes = shareLocation ? 1 : numClasses;
    const chosen: Chosen[] = [];
    let boxes = new Float32Array(4 * count);
    const isDecoded = new Uint8Array(count);
    for (let label = 0; label < numClasses; label++) {
      if (label === background) continue;
      const order = bestOf(conf, image * count * numClasses + label, numClasses, count, threshold, topK);
      if (order.length === 0) continue;
      if (!shareLocation) {
        boxes = new Float32Array(4 * count);
        isDecoded.fill(0);
      }
      for (const i of order) {
        if (isDecoded[i]) continue;
        isDecoded[i] = 1;
        const from = 4 * ((image * count + i) * classes + (shareLocation ? 0 : label));
        decodeBox(code, prior, 4 * i, variances, loc, from, boxes, 4 * i);
      }
      chosen.push({ label, kept: keepApart(boxes, order, nmsThreshold, eta), boxes });
    }
    return chosen;
  }

  /** The numbers of images and priors, from shapes that are checked. */
  #counts(locations: Shape, scores: Shape, priors: Shape): [images: number, priors: number] {
    const { numClasses, shareLocation } = this.#param;
    const count = countOf(priors) / 8;
    const isPrior = priors[0] === 1 && priors[1] === 2 && Number.isInteger(count);
    this.check(isPrior, "MOKA_SHAPE", `priors must be (1, 2, P·4); they are ${formatShape(priors)}`);
    const [images = 1] = scores;
    const needs = (shape: Shape, values: number, what: string, parts: string) =>
      this.check(
        shape[0] === images && countOf(shape.slice(1)) === values,
        "MOKA_SHAPE",
        `${what} must be (${images}, ${values}), for ${count} priors ${parts}; they are ${formatShape(shape)}`,
      );
    needs(scores, count * numClasses, "confidences", `and num_classes ${numClasses}`);
    const classes = shareLocation ? 1 : numClasses;
    needs(locations, 4 * count * classes, "locations", shareLocation ? "" : `and num_classes ${numClasses}`);
    return [images, count];
  }

  get settings(): DetectionSettings {
    const { numClasses, shareLocation, backgroundLabelId, varianceEncodedInTarget } = this.#param;
    const { codeType, confidenceThreshold, keepTopK } = this.#param;
    const { nmsThreshold, topK, eta } = this.#nms;
    const { field } = DetectionOutputParameterSchema;
    return {
      numClasses,
      shareLocation,
      background: backgroundLabelId,
      code: Code[codeType] as BoxCode,
      isScaled: varianceEncodedInTarget,
      threshold: isFieldSet(this.#param, field.confidenceThreshold)
        ? fround(confidenceThreshold)
        : Number.NEGATIVE_INFINITY,
      topK: isFieldSet(this.#nms, NonMaximumSuppressionParameterSchema.field.topK) ? topK : -1,
      keepTopK: isFieldSet(this.#param, field.keepTopK) ? keepTopK : -1,
      nmsThreshold,
      eta,
    };
  }
}

/** The `limit` boxes of the highest scores, by label; negative: all. */
function best(
  chosen: readonly Chosen[],
  limit: number,
  score: (label: number, box: number) => number,
): readonly Chosen[] {
  const all = chosen.flatMap(({ label, kept }, at) => kept.map((box) => ({ at, box, score: score(label, box) })));
  if (limit < 0 || all.length <= limit) return chosen;
  all.sort((a, b) => b.score - a.score); // Stable.
  const kept = chosen.map((): number[] => []);
  for (const { at, box } of all.slice(0, limit)) kept[at]?.push(box);
  return chosen.map((each, at) => ({ ...each, kept: kept[at] ?? [] }));
}

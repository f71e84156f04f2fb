import { create, isFieldSet } from "@bufbuild/protobuf";
import { refuseBeyondSsd } from "../../core/fork-fields.js";
import type { Recorder } from "../../core/recorder.js";
import type { FloatArray, Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import {
  PriorBoxParameter_CodeType as Code,
  MultiBoxLossParameter_ConfLossType as ConfLoss,
  MultiBoxLossParameter_LocLossType as LocLoss,
  MultiBoxLossParameter_MatchType as Match,
  MultiBoxLossParameter_MiningType as Mining,
  MultiBoxLossParameterSchema,
  NonMaximumSuppressionParameterSchema,
} from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { labelOptions } from "../loss/labels.js";
import { LossLayer } from "../loss/loss.js";
import type { BoxCode } from "./boxes.js";
import { type MultiBox, multiBoxLoss } from "./multi-box.js";

/**
 * The loss of SSD: locations and classes of the priors that match true boxes, and classes of mined priors that match none.
 *
 * Bottoms: locations (N, P·4, with `share_location` false P·4·C), scores (N, P·C), priors (1, 2, P·4) and true boxes (1, 1, G, 8), each image,
 * class, instance, xmin, ymin, xmax, ymax, difficult. Rows of images outside the batch, as −1, are skipped. Top: the loss, a scalar.
 *
 * Matching: true boxes take their best priors, the pair that overlaps most first; with PER_PREDICTION each other prior takes the true box
 * it overlaps most, from `overlap_threshold` on. Mining: MAX_NEGATIVE takes of each image the ⌊`neg_pos_ratio`·positives⌋ negatives of the highest
 * loss of classes with an overlap below `neg_overlap`; HARD_EXAMPLE the `sample_size` priors of the highest loss, positive or not; NONE takes all priors. An
 * image without true boxes has no negatives, except with NONE. Equal losses: the first prior.
 *
 * Loss: (`loc_weight`·Σ location losses of the matches + Σ losses of classes)/normalizer. Gradients of locations and scores: its
 * derivative for the chosen priors, 0 for others; priors and true boxes have none. `propagate_down`: a part without it is left out.
 *
 * `multibox_loss_param`: `num_classes` (required), `share_location` (true), `background_label_id` (0), `loc_loss_type` (SMOOTH_L1; L2),
 * `conf_loss_type` (SOFTMAX; LOGISTIC), `loc_weight` (1), `match_type` (PER_PREDICTION; BIPARTITE), `overlap_threshold` (0.5),
 * `use_prior_for_matching` (true; false: the predicted boxes are matched), `use_difficult_gt` (true), `mining_type` (MAX_NEGATIVE), `do_neg_mining` (must
 * agree with it), `neg_pos_ratio` (3), `neg_overlap` (0.5), `sample_size` (64), `nms_param` (suppression before mining; without `top_k` nothing is chosen),
 * `use_prior_for_nms` (false), `code_type` (CORNER; CENTER_SIZE, CORNER_SIZE), `encode_variance_in_target` (false), `map_object_to_agnostic` (false: all
 * classes are background + 1), `ignore_cross_boundary_bbox` (false), `bp_inside` (false: with it coordinates where a prior lies outside have no gradient).
 * `loss_param`: `normalization` (VALID: matches; FULL: N·P; BATCH_SIZE: N; NONE: 1; PRE_FIXED: `pre_fixed_normalizer`), at least 1;
 * `normalize`, its old form.
 *
 * As in the fork, since training depends on it: with LOGISTIC the background's number is the target of what is not set, so it should be 0; with LOGISTIC
 * and NONE the targets of images after the first lie P instead of P·C apart; with `encode_variance_in_target` the gradient is not divided
 * by the variance. Not as in the fork: it keeps the matches of a forward without a backward for the next one; here each has its own.
 *
 * A class of a true box that is the background or not below `num_classes` is an error, except for a box without area, which matches nothing; so are
 * fields that SSD has not, but a fork made of it (`ignore_difficult_gt`, `objectness_score`).
 *
 * Source: SSD; Liu et al. 2016. Dialects: ssd.
 */
export class MultiBoxLossLayer extends LossLayer {
  static readonly type = "MultiBoxLoss";
  static override readonly forkFields = ["loss_param.pre_fixed_normalizer"];
  static override readonly paramField = "multibox_loss_param";
  override readonly bottomCount = 4;
  override readonly withoutGradient: Readonly<Record<number, string>> = { 2: "its priors", 3: "its true boxes" };
  readonly #param = this.message.multiboxLossParam ?? create(MultiBoxLossParameterSchema);
  #gradients: readonly [Span, Span] | undefined;

  override setup(bottom: readonly Shape[]): void {
    super.setup(bottom);
    const param = this.#param;
    refuseBeyondSsd(this, MultiBoxLossParameterSchema, param, "multibox_loss_param");
    const { field } = MultiBoxLossParameterSchema;
    const { numClasses, miningType, doNegMining, shareLocation, mapObjectToAgnostic, sampleSize, negPosRatio } = param;
    const mines = miningType !== Mining.NONE;
    this.check(numClasses >= 1, "MOKA_FIELD", "multibox_loss_param.num_classes must be given, 1 or more");
    this.check(
      !isFieldSet(param, field.doNegMining) || doNegMining === mines,
      "MOKA_FIELD",
      `do_neg_mining ${doNegMining} does not agree with mining_type ${Mining[miningType]}`,
    );
    this.check(shareLocation || !mines, "MOKA_FIELD", "mining needs share_location true; mining_type NONE does not");
    this.check(!mines || negPosRatio > 0, "MOKA_FIELD", `neg_pos_ratio must be above 0, not ${negPosRatio}`);
    const isHard = miningType === Mining.HARD_EXAMPLE;
    this.check(!isHard || sampleSize > 0, "MOKA_FIELD", `sample_size must be above 0, not ${sampleSize}`);
    this.check(
      !mapObjectToAgnostic || (numClasses === 2 && param.backgroundLabelId === 0),
      "MOKA_FIELD",
      `map_object_to_agnostic needs num_classes 2 and background_label_id 0, not ${numClasses} and ${param.backgroundLabelId}`,
    );
    const isSoftmax = param.confLossType === ConfLoss.SOFTMAX;
    this.check(
      !isSoftmax || param.backgroundLabelId < numClasses,
      "MOKA_FIELD",
      `background_label_id must be below num_classes ${numClasses}, not ${param.backgroundLabelId}`,
    );
  }

  override topShapes([loc, conf, prior, truth]: readonly [Shape, Shape, Shape, Shape]): readonly Shape[] {
    const tops = super.topShapes([loc, conf]);
    const { numClasses, shareLocation } = this.#param;
    this.check(
      prior.length > 2 && prior[1] === 2 && countOf(prior, 2) % 4 === 0,
      "MOKA_SHAPE",
      `priors must have the shape 1 2 P·4; it is ${formatShape(prior)}`,
    );
    const priors = countOf(prior, 2) / 4;
    const [places, scores] = [priors * 4 * (shareLocation ? 1 : numClasses), priors * numClasses];
    this.check(
      countOf(loc, 1) === places && countOf(conf, 1) === scores,
      "MOKA_SHAPE",
      `${priors} priors need ${places} locations and ${scores} scores an image; ` +
        `the bottoms are ${formatShape(loc)} and ${formatShape(conf)}`,
    );
    this.check(truth.at(-1) === 8, "MOKA_SHAPE", `true boxes need rows of 8 values; they are ${formatShape(truth)}`);
    return tops;
  }

  override forward(k: Recorder, bottom: [Tensor, Tensor, Tensor, Tensor], [loss]: [Tensor]): void {
    const [loc, conf] = bottom;
    const gradients = [k.span("loc gradient", loc.count), k.span("conf gradient", conf.count)] as const;
    this.#gradients = gradients;
    const box = this.#multiBox(bottom);
    const run = () => {
      const values = bottom.map(({ data }) => data.array) as [FloatArray, FloatArray, FloatArray, FloatArray];
      loss.data.array[0] = multiBoxLoss(box, values, gradients[0].array, gradients[1].array);
    };
    k.host("multibox loss", run, { reads: bottom.map(({ data }) => data), writes: [...gradients, loss.data] });
  }

  override backward(k: Recorder, [loss]: [Tensor], wanted: readonly boolean[], bottom: readonly Tensor[]): void {
    this.#gradients?.forEach((x, i) => {
      const y = bottom[i]?.diff;
      if (wanted[i] && y) k.scaleBy({ x, multiplier: loss.diff, y, alpha: 1 });
    });
  }

  #multiBox([loc, , prior]: readonly [Tensor, Tensor, Tensor, Tensor]): MultiBox {
    const param = this.#param;
    const { nmsParam } = param;
    const [images, priors] = [loc.shape[0] ?? 1, countOf(prior.shape, 2) / 4];
    const { normalization, fixed = 1 } = labelOptions(this.message.lossParam);
    const nms = nmsParam ?? create(NonMaximumSuppressionParameterSchema);
    const [usesLoc = true, usesConf = true] = this.message.propagateDown;
    return {
      locWeight: param.locWeight,
      shareLocation: param.shareLocation,
      usePriorForMatching: param.usePriorForMatching,
      usePriorForNms: param.usePriorForNms,
      useDifficultGt: param.useDifficultGt,
      encodeVarianceInTarget: param.encodeVarianceInTarget,
      mapObjectToAgnostic: param.mapObjectToAgnostic,
      bpInside: param.bpInside,
      images,
      priors,
      classes: param.numClasses,
      background: param.backgroundLabelId,
      code: Code[param.codeType] as BoxCode,
      isSmooth: param.locLossType === LocLoss.SMOOTH_L1,
      isSoftmax: param.confLossType === ConfLoss.SOFTMAX,
      mines: param.miningType !== Mining.NONE,
      match: {
        perPrediction: param.matchType === Match.PER_PREDICTION,
        threshold: param.overlapThreshold,
        ignoreCrossing: param.ignoreCrossBoundaryBbox,
      },
      mining: {
        isHard: param.miningType === Mining.HARD_EXAMPLE,
        ratio: param.negPosRatio,
        mostOverlap: param.negOverlap,
        sampleSize: param.sampleSize,
        nms: nmsParam && nms.nmsThreshold > 0 ? { threshold: nms.nmsThreshold, topK: nms.topK } : undefined,
      },
      usesLoc,
      usesConf,
      divisor: (matches) =>
        Math.max(1, { valid: matches, full: images * priors, batchSize: images, none: 1, fixed }[normalization]),
      refuse: (reason) => this.error("MOKA_DATA", reason),
    };
  }
}

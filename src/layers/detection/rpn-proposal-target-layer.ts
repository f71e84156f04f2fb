import type { Tensor } from "../../core/tensor.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { PythonParam } from "../common/python-param.js";
import { roundHalfEven } from "./anchors.js";
import { cfgOf } from "./cfg.js";
import { type Computed, LiveLayer } from "./live-layer.js";
import { bestMatches, deltasTo, drawSome } from "./targets.js";

/**
 * Draws regions to learn from, and says what the network should put out for them: a `Python` layer of py-faster-rcnn and R-FCN, with
 * `python_param { module: "rpn.proposal_target_layer" layer: "ProposalTargetLayer" }`.
 *
 * Bottoms: regions (R, 5), 0, x1, y1, x2, y2; objects (G, 5): x1, y1, x2, y2, class; both perhaps with axes of size 1. Tops: regions (S, 5),
 * their classes (S), 0 for background, and targets, inside and outside weights, (S, 4·num_classes) each, for SmoothL1Loss. S changes with
 * the values; before the first forward it is 1. With AGNOSTIC, as in R-FCN, the tops have four axes, the further ones of size 1.
 *
 * The objects are regions too. A region is an object if it overlaps one by at least FG_THRESH, of the class of the one that it overlaps
 * most, and background if its largest overlap is at least BG_THRESH_LO and below BG_THRESH_HI. Up to FG_FRACTION·BATCH_SIZE objects
 * are drawn, then background up to BATCH_SIZE; all are taken with BATCH_SIZE −1, as R-FCN has it for hard examples. The run's
 * generator draws: the distribution is numpy's, the draws are not. Targets are the deltas from a region to its object, in the four
 * columns of its class (with AGNOSTIC columns 4 to 7), where inside weights are BBOX_INSIDE_WEIGHTS, and outside weights 1 where these
 * are above 0. With BBOX_NORMALIZE_TARGETS_PRECOMPUTED targets lose BBOX_NORMALIZE_MEANS and are divided by BBOX_NORMALIZE_STDS.
 *
 * Gradient: none; one that is asked for is 0.
 *
 * `param_str`: `num_classes` (must be given; with the background). Settings of `cfg.TRAIN`, in TEST too: BATCH_SIZE (128), FG_FRACTION
 * (0.25), FG_THRESH (0.5), BG_THRESH_HI (0.5), BG_THRESH_LO (0.1), BBOX_INSIDE_WEIGHTS (1, 1, 1, 1), BBOX_NORMALIZE_TARGETS_PRECOMPUTED
 * (false), BBOX_NORMALIZE_MEANS (0, 0, 0, 0), BBOX_NORMALIZE_STDS (0.1, 0.1, 0.2, 0.2), AGNOSTIC (false).
 *
 * A class that is none of num_classes, and a region of another image than 0, are errors. Without objects, where the fork stops with an
 * error, all regions are background if BG_THRESH_LO is 0, else S = 0.
 *
 * Source: Ren, He, Girshick and Sun 2015; py-faster-rcnn's and py-R-FCN's lib/rpn/proposal_target_layer.py.
 */
export class RpnProposalTargetLayer extends LiveLayer {
  static readonly type = "rpn.proposal_target_layer.ProposalTargetLayer";
  static override readonly paramField = "python_param";
  override readonly bottomCount = 2;
  override readonly topCount = 5;
  #classes = 0;

  override setup(): void {
    this.#classes = new PythonParam(this, ["num_classes"]).number("num_classes", undefined, 2);
    cfgOf(this, this.context.cfg);
  }

  override topShapes([regions, objects]: readonly [Shape, Shape]): readonly Shape[] {
    for (const [shape, what] of [[regions, "regions"] as const, [objects, "objects"] as const]) {
      this.check(
        shape.length >= 2 && countOf(shape, 1) === 5,
        "MOKA_SHAPE",
        `its ${what} must have 5 values each, not ${formatShape(shape)}`,
      );
    }
    return this.#shapes(1);
  }

  #shapes(count: number): readonly Shape[] {
    const further = cfgOf(this, this.context.cfg).TRAIN.AGNOSTIC ? [1, 1] : [];
    const targets = [count, 4 * this.#classes, ...further];
    const labels = further.length > 0 ? [count, 1, 1, 1] : [count];
    return [[count, 5, ...further], labels, targets, targets, targets];
  }

  protected override compute([regions, objects]: readonly [Tensor, Tensor]): readonly Computed[] {
    const cfg = cfgOf(this, this.context.cfg).TRAIN;
    const known = objects.data.array;
    const count = objects.shape[0] ?? 0;
    const own = regions.shape[0] ?? 0;
    const all = new Float32Array(5 * (own + count));
    all.set(regions.data.array.subarray(0, 5 * own));
    for (let i = 0; i < count; i++) {
      all.set(known.subarray(5 * i, 5 * i + 4), 5 * (own + i) + 1);
      const label = known[5 * i + 4] ?? 0;
      this.check(
        Number.isInteger(label) && label >= 0 && label < this.#classes,
        "MOKA_LABEL",
        `object ${i} of "${objects.name}" has class ${label}, which is none of ${this.#classes}`,
      );
    }
    for (let i = 0; i < own; i++) {
      const image = all[5 * i];
      this.check(
        image === 0,
        "MOKA_DATA",
        `region ${i} of "${regions.name}" is of image ${image}; there may be one image, 0`,
      );
    }
    const boxes = { values: all, count: own + count, width: 5, start: 1 };
    const given = { values: known, count, width: 5, start: 0 };
    const { best, overlaps } = bestMatches(boxes, given);
    const most = cfg.BATCH_SIZE === -1 ? Number.POSITIVE_INFINITY : cfg.BATCH_SIZE;
    const where = (passes: (overlap: number) => boolean) =>
      [...overlaps.keys()].filter((i) => passes(overlaps[i] ?? 0));
    const { random } = this.context;
    const isObject = (overlap: number) => overlap >= cfg.FG_THRESH && count > 0;
    const chosen = drawSome(random, where(isObject), roundHalfEven(cfg.FG_FRACTION * most));
    const isBackground = (overlap: number) => overlap < cfg.BG_THRESH_HI && overlap >= cfg.BG_THRESH_LO;
    const drawn = [...chosen, ...drawSome(random, where(isBackground), most - chosen.length)];

    const [regionShape, labelShape, targetShape] = this.#shapes(drawn.length);
    const rois = new Float32Array(5 * drawn.length);
    const labels = new Float32Array(drawn.length);
    const columns = 4 * this.#classes;
    const targets = new Float32Array(columns * drawn.length);
    const inside = new Float32Array(targets.length);
    for (const [i, index] of drawn.entries()) {
      rois.set(all.subarray(5 * index, 5 * index + 5), 5 * i);
      const match = best[index] ?? -1;
      const label = i < chosen.length ? (known[5 * match + 4] ?? 0) : 0;
      labels[i] = label;
      if (label === 0) continue;
      const first = columns * i + 4 * (cfg.AGNOSTIC ? 1 : label);
      const deltas = deltasTo(boxes, index, given, match, "single");
      for (const [side, delta] of deltas.entries()) {
        const normalized = (delta - (cfg.BBOX_NORMALIZE_MEANS[side] ?? 0)) / (cfg.BBOX_NORMALIZE_STDS[side] ?? 1);
        targets[first + side] = cfg.BBOX_NORMALIZE_TARGETS_PRECOMPUTED ? normalized : delta;
        inside[first + side] = cfg.BBOX_INSIDE_WEIGHTS[side] ?? 0;
      }
    }
    const outside = inside.map((weight) => Number(weight > 0));
    const shape = targetShape ?? [];
    return [
      { shape: regionShape ?? [], values: rois },
      { shape: labelShape ?? [], values: labels },
      ...[targets, inside, outside].map((values) => ({ shape, values })),
    ];
  }
}

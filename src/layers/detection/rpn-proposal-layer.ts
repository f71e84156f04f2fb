import type { Tensor } from "../../core/tensor.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { PythonParam } from "../common/python-param.js";
import { anchorsAt, anchorsOf, type ProposalSettings } from "./anchors.js";
import { cfgOf } from "./cfg.js";
import { type Computed, LiveLayer } from "./live-layer.js";
import { moveBox, sideOf, suppress } from "./pixel-boxes.js";

/**
 * Makes regions of the scores and deltas of a region proposal network: a `Python` layer of py-faster-rcnn and R-FCN, with
 * `python_param { module: "rpn.proposal_layer" layer: "ProposalLayer" }`.
 *
 * Bottoms: probabilities (1, 2·A, H, W), the second A are those of objects; deltas (1, 4·A, H, W); im_info (1, 3): height, width and
 * scale of the image. Tops: regions (R, 5), 0, x1, y1, x2, y2; optionally their scores (R, 1). R changes with the values; before the
 * first forward it is 1.
 *
 * Each place has A anchors (see `scales`). Deltas move their centers by dx, dy times width, height, and multiply these by exp(dw),
 * exp(dh). The boxes are cut to the image; those with a side shorter than RPN_MIN_SIZE·scale are left out; the best
 * RPN_PRE_NMS_TOP_N (all, if not above 0) by score go on. From the best on, a box stays if its overlap with each that stays is at most
 * RPN_NMS_THRESH; the first RPN_POST_NMS_TOP_N of these (all, if not above 0) are the regions. All of this in single precision; sides
 * are x2 − x1 + 1, but a box that is moved ends at its center plus half of its side, a pixel further. Of equal scores the last comes first, as with a stable sort in Python; numpy's own sort is not stable.
 *
 * Gradient: none; one that is asked for is 0.
 *
 * `param_str`: `feat_stride` (must be given), `scales` (8, 16, 32), `ratios` (0.5, 1, 2; of some forks). Anchors are made for 16 pixels
 * whatever the stride. The settings are those of `cfg`, TRAIN or TEST by the phase, with py-faster-rcnn's defaults: RPN_PRE_NMS_TOP_N
 * (12000; in TEST 6000), RPN_POST_NMS_TOP_N (2000; in TEST 300), RPN_NMS_THRESH (0.7), RPN_MIN_SIZE (16); R-FCN's
 * RPN_NORMALIZE_TARGETS multiplies the deltas by RPN_NORMALIZE_STDS and adds RPN_NORMALIZE_MEANS, in TRAIN.
 *
 * A box that is no number is left out. If no box stays, there is no region, R = 0. A batch of several images is an error. Faster
 * R-CNN's Cython NMS suppresses also at an overlap of exactly the threshold; the Python and GPU forms, as here, do not.
 *
 * Source: Ren, He, Girshick and Sun 2015; py-faster-rcnn's lib/rpn/proposal_layer.py.
 */
export class RpnProposalLayer extends LiveLayer {
  static readonly type = "rpn.proposal_layer.ProposalLayer";
  static override readonly paramField = "python_param";
  override readonly bottomCount = 3;
  override readonly topCount = [1, 2] as const;
  override readonly spareTops = "extra";
  #anchors: Float64Array = new Float64Array();
  #stride = 0;

  override setup(): void {
    const param = new PythonParam(this, ["feat_stride", "scales", "ratios"]);
    this.#stride = param.number("feat_stride", undefined);
    this.#anchors = anchorsOf(param.numbers("ratios", [0.5, 1, 2]), param.numbers("scales", [8, 16, 32]));
    cfgOf(this, this.context.cfg);
  }

  /** The settings of a run. */
  get settings(): ProposalSettings {
    const cfg = cfgOf(this, this.context.cfg)[this.phase];
    const all = (limit: number) => (limit > 0 ? limit : Number.POSITIVE_INFINITY);
    return {
      minSize: cfg.RPN_MIN_SIZE,
      most: all(cfg.RPN_PRE_NMS_TOP_N),
      limit: all(cfg.RPN_POST_NMS_TOP_N),
      overlap: cfg.RPN_NMS_THRESH,
    };
  }

  /** The anchors at all places of a map: by row, column, then anchor; x1, y1, x2, y2 each. */
  anchorsOn(rows: number, columns: number): Float64Array {
    return anchorsAt(this.#anchors, [rows, columns], this.#stride);
  }

  override topShapes([scores, deltas, info]: readonly [Shape, Shape, Shape]): readonly Shape[] {
    const count = this.#anchors.length / 4;
    const [images, channels, height, width] = scores;
    this.check(
      scores.length === 4 && images === 1 && channels === 2 * count,
      "MOKA_SHAPE",
      `its scores must be (1, ${2 * count}, H, W) for ${count} anchors, not ${formatShape(scores)}`,
    );
    const isSame = deltas.length === 4 && deltas[0] === 1 && deltas[2] === height && deltas[3] === width;
    this.check(
      isSame && deltas[1] === 4 * count,
      "MOKA_SHAPE",
      `its deltas must be (1, ${4 * count}, ${height}, ${width}), not ${formatShape(deltas)}`,
    );
    this.check(
      info.length === 2 && info[0] === 1 && (info[1] ?? 0) >= 3,
      "MOKA_SHAPE",
      `im_info, its third bottom, must be (1, 3): height, width and scale, not ${formatShape(info)}`,
    );
    return [
      [1, 5],
      [1, 1],
    ];
  }

  protected override compute([scores, deltas, info]: readonly [Tensor, Tensor, Tensor]): readonly Computed[] {
    const { minSize, most, limit, overlap } = this.settings;
    const { TRAIN } = cfgOf(this, this.context.cfg);
    const { RPN_NORMALIZE_STDS: stds, RPN_NORMALIZE_MEANS: means, RPN_NORMALIZE_TARGETS } = TRAIN;
    const isNormalized = this.phase === "TRAIN" && RPN_NORMALIZE_TARGETS;
    const [height = 0, width = 0, scale = 0] = info.data.array;
    const [, , rows = 0, columns = 0] = scores.shape;
    const anchors = this.anchorsOn(rows, columns);
    const count = this.#anchors.length / 4;
    const area = rows * columns;
    const boxes = new Float32Array(4 * area * count);
    const score = new Float32Array(area * count);
    const order: number[] = [];
    const least = Math.fround(minSize * scale);
    const moved: [number, number, number, number] = [0, 0, 0, 0];
    const anchor: [number, number, number, number] = [0, 0, 0, 0];
    for (let i = 0; i < score.length; i++) {
      const place = Math.floor(i / count);
      const kind = i % count;
      score[i] = scores.data.array[(count + kind) * area + place] ?? 0;
      for (let side = 0; side < 4; side++) {
        const delta = deltas.data.array[(4 * kind + side) * area + place] ?? 0;
        moved[side] = isNormalized
          ? Math.fround(Math.fround(delta * (stds[side] ?? 0)) + (means[side] ?? 0))
          : Math.fround(delta);
        anchor[side] = anchors[4 * i + side] ?? 0;
      }
      moveBox(anchor, moved, [width, height], boxes, 4 * i);
      if (sideOf(boxes, 4 * i) >= least && sideOf(boxes, 4 * i + 1) >= least) order.push(i);
    }
    order.sort((a, b) => compareScores(score[b] ?? 0, score[a] ?? 0) || b - a);
    order.length = Math.min(order.length, most);
    const sorted = new Float32Array(4 * order.length);
    order.forEach((index, i) => void sorted.set(boxes.subarray(4 * index, 4 * index + 4), 4 * i));
    const kept = suppress(sorted, order.length, overlap, limit, false);
    const regions = new Float32Array(5 * kept.length);
    kept.forEach((index, i) => void regions.set(sorted.subarray(4 * index, 4 * index + 4), 5 * i + 1));
    return [
      { shape: [kept.length, 5], values: regions },
      { shape: [kept.length, 1], values: Float32Array.from(kept, (index) => score[order[index] ?? 0] ?? 0) },
    ];
  }
}

/** What is no number counts as the largest, as in numpy. */
function compareScores(a: number, b: number): number {
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || a - b;
}

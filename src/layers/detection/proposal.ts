import { create } from "@bufbuild/protobuf";
import type { Tensor } from "../../core/tensor.js";
import { ProposalParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { anchorsAt, type ProposalSettings } from "./anchors.js";
import { type Computed, LiveLayer } from "./live-layer.js";
import { moveBox, sideOf, suppress } from "./pixel-boxes.js";

const f32 = Math.fround;

/**
 * Makes regions of the scores and deltas of a region proposal network, in the form that is written in C++.
 *
 * Bottoms: probabilities (N, 2·A, H, W), the second A are those of objects; deltas (N, 4·A, H, W); im_info, 4 or more values: height and
 * width of all images, and the scales of both. Tops: regions (R, 5), image, x1, y1, x2, y2; optionally their scores (R). R changes with
 * the values; before the first forward it is N·post_nms_topn.
 *
 * Each place has an anchor for each ratio of height to width and each scale, around the middle of a square of `base_size`: its width is
 * 2·½·r(base_size/√ratio · scale/base_size − 1) + 1, r adding ½ and cutting off the fraction. Deltas move centers by dx, dy times
 * width, height, and multiply these by exp(dw), exp(dh). The boxes are cut to the image. A box with a side shorter than
 * `min_size`·scale gets the score 0, but stays. The best `pre_nms_topn` by score go on; from the best on, a box stays if its
 * overlap with each that stays is at most `nms_thresh`; the first `post_nms_topn` of these are the image's regions. All of this is in
 * single precision. Boxes of equal scores are ordered by the fork's own quicksort, which decides among the boxes of score 0.
 *
 * Gradient: none; one that is asked for is 0, where the fork aborts.
 *
 * `proposal_param`: `ratio` and `scale` (one or more of each; a scale is the side in pixels of an anchor of ratio 1), `feat_stride` (16),
 * `base_size` (16), `min_size` (16), `pre_nms_topn` (6000), `post_nms_topn` (300), `nms_thresh` (0.7).
 *
 * A box that is no number becomes 0, 0, 0, 0, as in the fork. All images are taken to have the size of the first, as in the fork.
 * Synopsys's and Vitis AI's layers of this name, which have other fields, are not known: they are an error.
 *
 * Source: Ren, He, Girshick and Sun 2015, in happynear's caffe-windows (as in PVANet's Caffe).
 */
export class ProposalLayer extends LiveLayer {
  static readonly type = "Proposal";
  override readonly bottomCount = 3;
  override readonly topCount = [1, 2] as const;
  override readonly spareTops = "extra";
  readonly #param = this.message.proposalParam ?? create(ProposalParameterSchema);
  #anchors: Float64Array = new Float64Array();

  override setup(): void {
    const { ratio, scale, featStride, baseSize, postNmsTopn, preNmsTopn } = this.#param;
    const { anchor, strideH } = this.#param;
    this.check(
      anchor.length === 0 && strideH === 0,
      "MOKA_UNSUPPORTED",
      "proposal_param is that of Vitis AI's Caffe (anchor, stride_h); Moka knows the one with ratio and scale",
    );
    this.check(
      ratio.length > 0 && scale.length > 0,
      "MOKA_UNSUPPORTED",
      "proposal_param must give ratio and scale; Synopsys's layer, which has neither, is not known",
    );
    this.check(
      [...ratio, ...scale].every((value) => value > 0),
      "MOKA_FIELD",
      "proposal_param: ratio and scale must be greater than 0",
    );
    this.check(
      featStride > 0 && baseSize > 0 && postNmsTopn > 0 && preNmsTopn >= 0,
      "MOKA_FIELD",
      "proposal_param: feat_stride, base_size and post_nms_topn must be greater than 0, pre_nms_topn at least 0",
    );
    this.#anchors = anchorsOfSides(ratio, scale, baseSize);
  }

  /** The settings of a run. */
  get settings(): ProposalSettings {
    const { minSize, preNmsTopn, postNmsTopn, nmsThresh } = this.#param;
    return { minSize, most: preNmsTopn, limit: postNmsTopn, overlap: nmsThresh };
  }

  /** The anchors at all places of a map: by row, column, then anchor; x1, y1, x2, y2 each. */
  anchorsOn(rows: number, columns: number): Float64Array {
    return anchorsAt(this.#anchors, [rows, columns], this.#param.featStride);
  }

  override topShapes([scores, deltas, info]: readonly [Shape, Shape, Shape]): readonly Shape[] {
    const count = this.#anchors.length / 4;
    const [images = 0, channels, height, width] = scores;
    this.check(
      scores.length === 4 && channels === 2 * count,
      "MOKA_SHAPE",
      `its scores must be (N, ${2 * count}, H, W) for ${count} anchors, not ${formatShape(scores)}`,
    );
    const isSame = deltas.length === 4 && deltas[0] === images && deltas[2] === height && deltas[3] === width;
    this.check(
      isSame && deltas[1] === 4 * count,
      "MOKA_SHAPE",
      `its deltas must be (${images}, ${4 * count}, ${height}, ${width}), not ${formatShape(deltas)}`,
    );
    this.check(
      countOf(info) >= 4,
      "MOKA_SHAPE",
      `im_info, its third bottom, must have 4 values: height, width, and the scales of both; not ${formatShape(info)}`,
    );
    const most = images * this.#param.postNmsTopn;
    return [[most, 5], [most]];
  }

  protected override compute([scores, deltas, info]: readonly [Tensor, Tensor, Tensor]): readonly Computed[] {
    const { minSize, most, limit, overlap } = this.settings;
    const [height = 0, width = 0, scaleY = 0, scaleX = 0] = info.data.array;
    const least = [f32(minSize * scaleX), f32(minSize * scaleY)] as const;
    const [images = 0, , rows = 0, columns = 0] = scores.shape;
    const anchors = this.anchorsOn(rows, columns);
    const count = this.#anchors.length / 4;
    const area = rows * columns;
    const total = area * count;
    const boxes = new Float32Array(4 * total);
    const score = new Float32Array(total);
    const regions: number[] = [];
    const values: number[] = [];
    const moved: [number, number, number, number] = [0, 0, 0, 0];
    const anchor: [number, number, number, number] = [0, 0, 0, 0];
    for (let image = 0; image < images; image++) {
      for (let i = 0; i < total; i++) {
        const place = Math.floor(i / count);
        const kind = i % count;
        for (let side = 0; side < 4; side++) {
          moved[side] = deltas.data.array[image * 4 * total + (4 * kind + side) * area + place] ?? 0;
          anchor[side] = anchors[4 * i + side] ?? 0;
        }
        moveBox(anchor, moved, [width, height], boxes, 4 * i);
        for (let side = 4 * i; side < 4 * i + 4; side++) if (Number.isNaN(boxes[side])) boxes[side] = 0;
        const isLarge = sideOf(boxes, 4 * i) >= least[0] && sideOf(boxes, 4 * i + 1) >= least[1];
        score[i] = Number(isLarge) * (scores.data.array[(image * 2 + 1) * total + kind * area + place] ?? 0);
      }
      const order = Int32Array.from(score.keys());
      sortBest(order, score, most);
      const best = order.subarray(0, most);
      const sorted = new Float32Array(4 * best.length);
      best.forEach((index, i) => void sorted.set(boxes.subarray(4 * index, 4 * index + 4), 4 * i));
      for (const i of suppress(sorted, best.length, overlap, limit, true)) {
        regions.push(image, ...sorted.subarray(4 * i, 4 * i + 4));
        values.push(score[best[i] ?? 0] ?? 0);
      }
    }
    return [
      { shape: [values.length, 5], values: Float32Array.from(regions) },
      { shape: [values.length], values: Float32Array.from(values) },
    ];
  }
}

/** The anchors at the first place, for each ratio and then each scale. */
function anchorsOfSides(ratios: readonly number[], scales: readonly number[], base: number): Float64Array {
  const center = f32(0.5 * (base - 1));
  const halfOf = (side: number, scale: number) => 0.5 * Math.trunc(f32(side * scale) / base - 1 + 0.5);
  return Float64Array.from(
    ratios.flatMap((ratio) => {
      const width = f32(Math.sqrt(f32((base * base) / ratio)));
      const height = f32(width * ratio);
      return scales.flatMap((scale) => {
        const [x, y] = [halfOf(width, scale), halfOf(height, scale)];
        return [center - x, center - y, center + x, center + y].map(f32);
      });
    }),
  );
}

/** Sorts the indices so that the first `most` are the best, from the best on: a quicksort around the first score of a part. */
function sortBest(order: Int32Array, scores: Float32Array, most: number): void {
  const swap = (a: number, b: number) => {
    [order[a], order[b]] = [order[b] ?? 0, order[a] ?? 0];
  };
  const at = (i: number) => scores[order[i] ?? 0] ?? 0;
  const parts: [number, number][] = [[0, order.length - 1]];
  for (let part = parts.pop(); part; part = parts.pop()) {
    const [start, end] = part;
    if (start >= end) continue;
    const pivot = at(start);
    let left = start + 1;
    let right = end;
    while (left <= right) {
      while (left <= end && at(left) >= pivot) left++;
      while (right > start && at(right) <= pivot) right--;
      if (left <= right) swap(left++, right--);
    }
    if (left > end && right === start) continue; // all are equal
    swap(start, right);
    if (right + 1 < most) parts.push([right + 1, end]);
    parts.push([start, right - 1]);
  }
}

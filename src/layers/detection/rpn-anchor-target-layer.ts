import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { PythonParam } from "../common/python-param.js";
import { anchorsAt, anchorsOf } from "./anchors.js";
import { cfgOf } from "./cfg.js";
import { type Boxes, bestMatches, deltasTo, drawSome } from "./targets.js";
import { ZeroGradientLayer } from "./zero-gradient.js";

/**
 * Says what a region proposal network should put out for an image: a `Python` layer of py-faster-rcnn and R-FCN, with
 * `python_param { module: "rpn.anchor_target_layer" layer: "AnchorTargetLayer" }`.
 *
 * Bottoms: any map (1, …, H, W) of the network, as its scores; objects (G, 5), perhaps with axes of size 1: x1, y1, x2, y2, class; im_info,
 * 2 or more values: height and width of the image; more are not read. Tops: labels (1, 1, A·H, W), 1 object, 0 background, −1 neither;
 * targets, inside and outside weights, (1, 4·A, H, W) each, for SmoothL1Loss.
 *
 * Of the A anchors at each place those within the image, give or take `allowed_border` pixels, take part. One is an object if no other
 * overlaps some object more, or if its largest overlap is at least RPN_POSITIVE_OVERLAP; it is background if that is below
 * RPN_NEGATIVE_OVERLAP (and not an object, unless RPN_CLOBBER_POSITIVES). At most RPN_FG_FRACTION·RPN_BATCHSIZE objects, and with these
 * at most RPN_BATCHSIZE, keep their label, drawn at random by the run's generator: the distribution is numpy's, the draws are not.
 * Targets of each anchor that takes part are its deltas to the object that it overlaps most: differences of centers by width and
 * height, logarithms of the ratios of widths and heights. Inside weights are RPN_BBOX_INSIDE_WEIGHTS for objects. Outside weights are
 * 1/(objects and background), or p/objects and (1 − p)/background with RPN_POSITIVE_WEIGHT p.
 *
 * Gradient: none; one that is asked for is 0.
 *
 * `param_str`: `feat_stride` (must be given), `scales` (8, 16, 32), `ratios` (0.5, 1, 2), `allowed_border` (0). Settings of `cfg.TRAIN`, in
 * TEST too: RPN_POSITIVE_OVERLAP (0.7), RPN_NEGATIVE_OVERLAP (0.3), RPN_CLOBBER_POSITIVES (false), RPN_FG_FRACTION (0.5), RPN_BATCHSIZE
 * (256), RPN_BBOX_INSIDE_WEIGHTS (1, 1, 1, 1), RPN_POSITIVE_WEIGHT (−1: none), and R-FCN's RPN_NORMALIZE_TARGETS (false), by which targets
 * lose RPN_NORMALIZE_MEANS and are divided by RPN_NORMALIZE_STDS.
 *
 * As in the fork, an object that overlaps no anchor makes an object of each anchor that does not overlap it: none overlaps it more.
 * Without objects, or without an anchor in the image, the fork stops with an error; here all are background, or none takes part.
 *
 * Source: Ren, He, Girshick and Sun 2015; py-faster-rcnn's lib/rpn/anchor_target_layer.py.
 */
export class RpnAnchorTargetLayer extends ZeroGradientLayer {
  static readonly type = "rpn.anchor_target_layer.AnchorTargetLayer";
  static override readonly paramField = "python_param";
  override readonly bottomCount = [3, 4] as const;
  override readonly topCount = 4;
  #anchors: Float64Array = new Float64Array();
  #stride = 0;
  #border = 0;

  override setup(): void {
    const param = new PythonParam(this, ["feat_stride", "scales", "ratios", "allowed_border"]);
    this.#stride = param.number("feat_stride", undefined);
    this.#border = param.number("allowed_border", 0, Number.NEGATIVE_INFINITY);
    this.#anchors = anchorsOf(param.numbers("ratios", [0.5, 1, 2]), param.numbers("scales", [8, 16, 32]));
    const { RPN_POSITIVE_WEIGHT: weight } = cfgOf(this, this.context.cfg).TRAIN;
    this.check(
      weight < 1 && weight !== 0,
      "MOKA_USAGE",
      `cfg.TRAIN.RPN_POSITIVE_WEIGHT must be −1, or between 0 and 1`,
    );
  }

  override topShapes([map, objects, info]: readonly [Shape, Shape, Shape]): readonly Shape[] {
    this.check(
      map.length >= 3 && map[0] === 1,
      "MOKA_SHAPE",
      `its map must be (1, …, H, W), one image, not ${formatShape(map)}`,
    );
    this.check(
      objects.length >= 2 && countOf(objects, 1) === 5,
      "MOKA_SHAPE",
      `its objects must have 5 values each (x1, y1, x2, y2, class), not ${formatShape(objects)}`,
    );
    this.check(countOf(info) >= 2, "MOKA_SHAPE", `im_info must have height and width, not ${formatShape(info)}`);
    const [height = 0, width = 0] = map.slice(-2);
    const count = this.#anchors.length / 4;
    const targets = [1, 4 * count, height, width];
    return [[1, 1, count * height, width], targets, targets, targets];
  }

  override forward(k: Recorder, bottom: readonly Tensor[], top: readonly Tensor[]): void {
    const [map, objects, info] = bottom as [Tensor, Tensor, Tensor];
    const [height = 0, width = 0] = map.shape.slice(-2);
    const run = () => {
      const values = top.map(({ data }) => data.array);
      values.forEach((array, i) => void array.fill(i === 0 ? -1 : 0));
      const count = objects.shape[0] ?? 0;
      const given = { values: objects.data.array, count, width: 5, start: 0 };
      this.#target([height, width], given, info.data.array, values);
    };
    k.host("anchor targets", run, { reads: [objects.data, info.data], writes: top.map(({ data }) => data) });
  }

  #target(
    [height, width]: readonly [number, number],
    objects: Boxes,
    info: ArrayLike<number>,
    [labels = [], targets = [], inside = [], outside = []]: readonly Out[],
  ): void {
    const cfg = cfgOf(this, this.context.cfg).TRAIN;
    const kinds = this.#anchors.length / 4;
    const all = anchorsAt(this.#anchors, [height, width], this.#stride);
    const border = this.#border;
    const [imageHeight = 0, imageWidth = 0] = [info[0], info[1]];
    const taking: number[] = [];
    for (let i = 0; i < all.length; i += 4) {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = all.subarray(i, i + 4);
      const isInside = x1 >= -border && y1 >= -border && x2 < imageWidth + border && y2 < imageHeight + border;
      if (isInside) taking.push(i / 4);
    }
    const inImage = new Float64Array(4 * taking.length);
    taking.forEach((index, i) => void inImage.set(all.subarray(4 * index, 4 * index + 4), 4 * i));
    const anchors = { values: inImage, count: taking.length, width: 4, start: 0 };
    const matches = bestMatches(anchors, objects);
    const label = this.#label(matches, objects.count);
    const keep = (which: number, most: number) => {
      const some = [...label.keys()].filter((i) => label[i] === which);
      if (some.length <= most) return;
      for (const i of drawSome(this.context.random, some, some.length - most)) label[i] = -1;
    };
    const countOfLabel = (which: number) => label.reduce((count, each) => count + Number(each === which), 0);
    keep(1, Math.trunc(cfg.RPN_FG_FRACTION * cfg.RPN_BATCHSIZE));
    keep(0, Math.max(0, cfg.RPN_BATCHSIZE - countOfLabel(1)));

    const [positives, negatives] = [countOfLabel(1), countOfLabel(0)];
    const share = cfg.RPN_POSITIVE_WEIGHT;
    const weights =
      share < 0
        ? [1 / (positives + negatives), 1 / (positives + negatives)]
        : [(1 - share) / negatives, share / positives];
    const place = height * width;
    for (const [i, index] of taking.entries()) {
      const at = Math.floor(index / kinds);
      const kind = index % kinds;
      const value = label[i] ?? -1;
      labels[kind * place + at] = value;
      const best = matches.best[i] ?? -1;
      const deltas = best < 0 ? [0, 0, 0, 0] : deltasTo(anchors, i, objects, best, "double");
      for (let side = 0; side < 4; side++) {
        const to = (4 * kind + side) * place + at;
        const delta = deltas[side] ?? 0;
        const mean = cfg.RPN_NORMALIZE_MEANS[side] ?? 0;
        const std = cfg.RPN_NORMALIZE_STDS[side] ?? 1;
        targets[to] = cfg.RPN_NORMALIZE_TARGETS && best >= 0 ? Math.fround(delta - mean) / std : delta;
        if (value === 1) inside[to] = cfg.RPN_BBOX_INSIDE_WEIGHTS[side] ?? 0;
        if (value >= 0) outside[to] = weights[value] ?? 0;
      }
    }
  }

  /** The labels of the anchors before any is left out. */
  #label({ overlaps, all }: ReturnType<typeof bestMatches>, objects: number): Int8Array {
    const cfg = cfgOf(this, this.context.cfg).TRAIN;
    const label = new Int8Array(overlaps.length).fill(-1);
    const background = () => {
      for (const [i, overlap] of overlaps.entries()) if (overlap < cfg.RPN_NEGATIVE_OVERLAP) label[i] = 0;
    };
    if (!cfg.RPN_CLOBBER_POSITIVES) background();
    for (let j = 0; j < objects; j++) {
      let most = 0;
      for (let i = 0; i < label.length; i++) most = Math.max(most, all[i * objects + j] ?? 0);
      for (let i = 0; i < label.length; i++) if (all[i * objects + j] === most) label[i] = 1;
    }
    for (const [i, overlap] of overlaps.entries()) if (overlap >= cfg.RPN_POSITIVE_OVERLAP && objects > 0) label[i] = 1;
    if (cfg.RPN_CLOBBER_POSITIVES) background();
    return label;
  }
}

type Out = { [index: number]: number };

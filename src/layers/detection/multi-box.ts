import type { FloatArray } from "../../core/span.js";
import { areaOf, type BoxCode, decodeBox, encodeBox, isUsable } from "./boxes.js";
import { type MatchRule, matchBoxes, type Truths, unmatched } from "./match-boxes.js";
import { type MiningRule, mineBoxes } from "./mine-boxes.js";

/** The settings of one MultiBoxLoss, for bottoms of fixed shapes. */
export interface MultiBox {
  readonly images: number;
  readonly priors: number;
  readonly classes: number;
  readonly background: number;
  readonly code: BoxCode;
  readonly isSmooth: boolean;
  readonly isSoftmax: boolean;
  readonly mines: boolean;
  readonly match: MatchRule;
  readonly mining: MiningRule;
  readonly usesLoc: boolean;
  readonly usesConf: boolean;
  readonly locWeight: number;
  readonly shareLocation: boolean;
  readonly usePriorForMatching: boolean;
  readonly usePriorForNms: boolean;
  readonly useDifficultGt: boolean;
  readonly encodeVarianceInTarget: boolean;
  readonly mapObjectToAgnostic: boolean;
  readonly bpInside: boolean;
  /** The divisor of the loss for a number of matches. */
  divisor(matches: number): number;
  refuse(reason: string): Error;
}

/** The matches of one image with the locations of one class, or with all. */
interface Found {
  readonly label: number;
  readonly matches: Int32Array;
  readonly overlaps: Float32Array;
}

const smallest = 2 ** -126;

/** The loss; writes its gradients for a top's diff of 1. */
export function multiBoxLoss(
  box: MultiBox,
  [loc, conf, prior, truth]: readonly [FloatArray, FloatArray, FloatArray, FloatArray],
  dloc: FloatArray,
  dconf: FloatArray,
): number {
  const { images, priors, classes, mines, background } = box;
  const priorBoxes = Float32Array.from(prior.subarray(0, 4 * priors));
  const variances = Float32Array.from(prior.subarray(4 * priors, 8 * priors));
  const all = truthsOf(box, truth);
  const width = 4 * (box.shareLocation ? 1 : classes);
  dloc.fill(0);
  dconf.fill(0);
  const targets = box.isSoftmax ? undefined : new Float32Array(priors * classes);
  const buffer = targets && !mines ? new Float32Array(images * priors * classes).fill(background) : undefined;
  let [count, locLoss, confLoss] = [0, 0, 0];
  const encoded = new Float32Array(4);
  const decoded = new Float32Array(4);
  const deltas = new Float32Array(4);

  /** Loss of one match's location; with `write` also its gradient. */
  const locate = (image: number, i: number, slot: number, truths: Truths, g: number, write: boolean) => {
    encodeBox(
      box.code,
      priorBoxes,
      4 * i,
      box.encodeVarianceInTarget ? undefined : variances,
      truths.boxes,
      4 * g,
      encoded,
      0,
    );
    const at = image * priors * width + i * width + 4 * slot;
    const place = box.bpInside && write ? (box.usePriorForMatching ? priorBoxes : decoded) : undefined;
    if (place === decoded) decode(i, at, decoded, 0);
    const side = place === decoded ? 0 : 4 * i;
    let loss = 0;
    for (let c = 0; c < 4; c++) {
      if (place && ((place[side + c] as number) < 0 || (place[side + c] as number) > 1)) continue;
      let d = (loc[at + c] as number) - (encoded[c] as number);
      if (box.encodeVarianceInTarget) d /= variances[4 * i + c] as number;
      const isLine = box.isSmooth && Math.abs(d) >= 1;
      loss += isLine ? Math.abs(d) - 0.5 : 0.5 * d * d;
      if (write) dloc[at + c] = box.locWeight * (isLine ? Math.sign(d) : d);
    }
    return loss;
  };

  const decode = (i: number, at: number, to: Float32Array, index: number) => {
    if (!isUsable(box.code, priorBoxes, 4 * i))
      throw box.refuse(`prior ${i} has no width or height; its code needs both`);
    for (let c = 0; c < 4; c++) deltas[c] = loc[at + c] as number;
    decodeBox(box.code, priorBoxes, 4 * i, box.encodeVarianceInTarget ? undefined : variances, deltas, 0, to, index);
  };
  const predictions = (image: number, slot: number) => {
    const boxes = new Float32Array(4 * priors);
    for (let i = 0; i < priors; i++) decode(i, image * priors * width + i * width + 4 * slot, boxes, 4 * i);
    return boxes;
  };

  const matched = (image: number, truths: Truths): Found[] => {
    const make = (label: number): Found => ({
      label,
      matches: new Int32Array(priors),
      overlaps: new Float32Array(priors),
    });
    const run = (found: Found, boxes: Float32Array) =>
      matchBoxes(truths, boxes, found.label, box.match, found.matches, found.overlaps);
    if (box.shareLocation || box.usePriorForMatching) {
      const shared = make(-1);
      run(shared, box.usePriorForMatching ? priorBoxes : predictions(image, 0));
      if (box.shareLocation) return [shared];
      return Array.from({ length: classes }, (_, label) => ({
        ...shared,
        label,
        matches: shared.matches.map((g) =>
          label !== background && g >= 0 && truths.labels[g] === label ? g : unmatched,
        ),
      }));
    }
    return Array.from({ length: classes }, (_, label) => {
      const found = make(label);
      if (label === background) found.matches.fill(unmatched);
      else run(found, predictions(image, label));
      return found;
    });
  };

  /** Loss of one prior's classes; with `write` also its gradient. */
  const classify = (image: number, i: number, label: number, write: boolean, own?: Float32Array, from = 0) => {
    const at = (image * priors + i) * classes;
    if (!box.isSoftmax) {
      let loss = 0;
      for (let c = 0; c < classes; c++) {
        const x = conf[at + c] as number;
        const isSet = c === label;
        const unset = write ? background : 0;
        const target = own ? (own[from + c] as number) : isSet ? 1 : unset;
        loss += Math.max(x, 0) - x * target + Math.log1p(Math.exp(-Math.abs(x)));
        if (write) dconf[at + c] = 1 / (1 + Math.exp(-x)) - target;
      }
      return loss;
    }
    let most = -Infinity;
    for (let c = 0; c < classes; c++) most = Math.max(most, conf[at + c] as number);
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += Math.exp((conf[at + c] as number) - most);
    if (write) {
      for (let c = 0; c < classes; c++) {
        dconf[at + c] = Math.exp((conf[at + c] as number) - most) / sum - (c === label ? 1 : 0);
      }
    }
    const p = Math.exp((conf[at + label] as number) - most) / sum;
    return -Math.log(Math.max(p, smallest));
  };

  const losses = new Float32Array(priors);
  const labels = new Int32Array(priors);
  for (let image = 0; image < images; image++) {
    labels.fill(background);
    const truths = all[image];
    if (!truths && mines) continue;
    const founds = truths ? matched(image, truths) : [];
    const labelOf = (g: number) =>
      box.mapObjectToAgnostic ? background + 1 : ((truths as Truths).labels[g] as number);
    let negatives: Uint32Array | undefined;
    const [found] = founds;
    if (mines && found && truths) {
      for (let i = 0; i < priors; i++) {
        const g = found.matches[i] as number;
        losses[i] = classify(image, i, g >= 0 ? labelOf(g) : background, false);
        if (box.mining.isHard && g >= 0) losses[i] = (losses[i] as number) + locate(image, i, 0, truths, g, false);
      }
      const boxes = box.mining.nms && (box.usePriorForNms ? priorBoxes : predictions(image, 0));
      negatives = mineBoxes(box.mining, found.matches, found.overlaps, losses, boxes);
    }
    for (const { label, matches } of founds) {
      for (let i = 0; i < priors; i++) {
        const g = matches[i] as number;
        if (g < 0 || !truths) continue;
        count++;
        locLoss += locate(image, i, box.shareLocation ? 0 : label, truths, g, true);
        labels[i] = labelOf(g);
        // The fork's step from image to image is P, and not P·C.
        if (buffer) buffer[image * priors + i * classes + labelOf(g)] = 1;
        if (mines) confLoss += classify(image, i, labelOf(g), true);
      }
    }
    for (const i of negatives ?? []) confLoss += classify(image, i, background, true);
    if (mines || buffer) continue;
    for (let i = 0; i < priors; i++) confLoss += classify(image, i, labels[i] as number, true);
  }
  for (let j = 0; buffer && j < images * priors; j++) {
    confLoss += classify(Math.floor(j / priors), j % priors, -1, true, buffer, j * classes);
  }
  const divisor = box.divisor(count);
  for (let i = 0; i < dloc.length; i++) dloc[i] = (dloc[i] as number) / divisor;
  for (let i = 0; i < dconf.length; i++) dconf[i] = (dconf[i] as number) / divisor;
  return ((box.usesLoc ? box.locWeight * locLoss : 0) + (box.usesConf ? confLoss : 0)) / divisor;
}

/** The true boxes by image; undefined for an image without one. */
function truthsOf(box: MultiBox, rows: FloatArray): (Truths | undefined)[] {
  const found = Array.from({ length: box.images }, (): number[] | undefined => undefined);
  for (let at = 0; at + 8 <= rows.length; at += 8) {
    const image = Math.trunc(rows[at] as number);
    if (!(image >= 0 && image < box.images) || (!box.useDifficultGt && rows[at + 7])) continue;
    found[image] ??= [];
    found[image].push(at);
  }
  return found.map((list) => {
    if (!list) return undefined;
    const boxes = Float32Array.from(list.flatMap((at) => [...rows.subarray(at + 3, at + 7)]));
    const labels = Int32Array.from(list, (at) => rows[at + 1] as number);
    for (const [g, at] of list.entries()) {
      const label = Math.trunc(rows[at + 1] as number);
      const isClass = label >= 0 && label !== box.background && (box.mapObjectToAgnostic || label < box.classes);
      if (isClass || !(areaOf(boxes, 4 * g) > 0)) continue;
      throw box.refuse(
        `the class of a true box must be from 0 to ${box.classes - 1}, not the background ${box.background}; it is ${label}`,
      );
    }
    return { boxes, labels };
  });
}

import { bestOf, keepApart } from "./boxes.js";
import { unmatched } from "./match-boxes.js";

export interface MiningRule {
  /** Whether hard examples are mined among all priors, or the hardest negatives for the positives of an image. */
  readonly isHard: boolean;
  readonly ratio: number;
  readonly mostOverlap: number;
  readonly sampleSize: number;
  /** Suppression of boxes that overlap a chosen one. `topK` negative: all are looked at. */
  readonly nms: { readonly threshold: number; readonly topK: number } | undefined;
}

/**
 * Chooses the priors of one image to learn from, those with the highest losses, as SSD. Matches of priors that are not chosen are
 * cleared when hard examples are mined.
 *
 * @param boxes the boxes for the suppression
 * @returns the negatives, ascending
 */
export function mineBoxes(
  rule: MiningRule,
  matches: Int32Array,
  overlaps: Float32Array,
  losses: Float32Array,
  boxes: Float32Array | undefined,
): Uint32Array {
  const count = matches.length;
  const most = Math.fround(rule.mostOverlap);
  const candidates = new Uint32Array(count);
  let found = 0;
  let positives = 0;
  for (let i = 0; i < count; i++) {
    if ((matches[i] as number) > unmatched) positives++;
    if (rule.isHard || (matches[i] === unmatched && (overlaps[i] as number) < most)) candidates[found++] = i;
  }
  const wanted = rule.isHard ? rule.sampleSize : Math.trunc(Math.fround(positives * Math.fround(rule.ratio)));
  const isChosen = new Uint8Array(count);
  for (const i of hardest(rule, candidates.subarray(0, found), losses, boxes).slice(0, wanted)) isChosen[i] = 1;
  const negatives = new Uint32Array(count);
  let chosen = 0;
  for (let i = 0; i < count; i++) {
    if (matches[i] === unmatched && isChosen[i]) negatives[chosen++] = i;
    else if (rule.isHard && (matches[i] as number) > unmatched && !isChosen[i]) matches[i] = unmatched;
  }
  return negatives.subarray(0, chosen);
}

/** The candidates, the one with the highest loss first. */
function hardest(
  { nms }: MiningRule,
  candidates: Uint32Array,
  losses: Float32Array,
  boxes: Float32Array | undefined,
): Uint32Array | number[] {
  const own = Float32Array.from(candidates, (i) => losses[i] as number);
  const order = bestOf(own, 0, 1, own.length, -Infinity, nms?.topK ?? -1).map((i) => candidates[i] as number);
  return nms && boxes ? keepApart(boxes, order, nms.threshold, 1) : order;
}

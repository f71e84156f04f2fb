import { overlapOf } from "./boxes.js";

/** A prior without a true box, and one that counts neither as matched nor as free. */
export const unmatched = -1;
export const ignored = -2;

/** The true boxes of one image: the box of `boxes[4·i]` has class `labels[i]`. */
export interface Truths {
  readonly boxes: Float32Array;
  readonly labels: Int32Array;
}

export interface MatchRule {
  /** Whether a box may also take the true box it overlaps most, from `threshold` on, after each true box took its best box. */
  readonly perPrediction: boolean;
  readonly threshold: number;
  /** Whether boxes that lie partly outside the image are ignored. */
  readonly ignoreCrossing: boolean;
}

/**
 * Matches boxes with true boxes, as SSD: the pair that overlaps most of all first, each box and true box once; equal overlaps: the
 * first box, then the first true box. Overlaps up to 1e-6 count as none.
 *
 * @param label only true boxes of this class; negative: all
 * @param matches gets the index of the true box for each box, `unmatched` or `ignored`
 * @param most gets the overlap with that true box, or the highest of all
 */
export function matchBoxes(
  { boxes: truths, labels }: Truths,
  boxes: Float32Array,
  label: number,
  { perPrediction, threshold, ignoreCrossing }: MatchRule,
  matches: Int32Array,
  most: Float32Array,
): void {
  const count = matches.length;
  matches.fill(unmatched);
  most.fill(0);
  const chosen: number[] = [];
  for (let g = 0; g < labels.length; g++) if (label < 0 || labels[g] === label) chosen.push(g);
  if (chosen.length === 0) return;
  if (ignoreCrossing) {
    for (let i = 0; i < count; i++) if (isCrossing(boxes, 4 * i)) matches[i] = ignored;
  }
  const overlaps = chosen.map((g) => {
    const row = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      if (matches[i] === ignored) continue;
      const overlap = overlapOf(boxes, 4 * i, truths, 4 * g);
      if (!(overlap > 1e-6)) continue;
      row[i] = overlap;
      if (overlap > (most[i] as number)) most[i] = overlap;
    }
    return row;
  });
  matchBest(overlaps, chosen, matches, most);
  if (!perPrediction) return;
  const least = Math.fround(threshold);
  for (let i = 0; i < count; i++) {
    if (matches[i] !== unmatched) continue;
    let best = 0;
    for (let j = 0; j < chosen.length; j++) {
      const overlap = (overlaps[j] as Float32Array)[i] as number;
      if (overlap < least || !(overlap > best)) continue;
      best = overlap;
      matches[i] = chosen[j] as number;
    }
    if (best > 0) most[i] = best;
  }
}

/** Each true box takes its best box. A true box looks for another one only when its best was taken. */
function matchBest(
  overlaps: readonly Float32Array[],
  chosen: readonly number[],
  matches: Int32Array,
  most: Float32Array,
): void {
  const bests = overlaps.map((row) => bestFree(row, matches));
  for (;;) {
    let next = -1;
    for (let j = 0; j < bests.length; j++) {
      const box = bests[j] as number;
      if (box < 0) continue;
      const lead = next < 0 ? 1 : valueAt(overlaps, j, box) - valueAt(overlaps, next, bests[next] as number);
      if (lead > 0 || (lead === 0 && box < (bests[next] as number))) next = j;
    }
    if (next < 0) return;
    const box = bests[next] as number;
    matches[box] = chosen[next] as number;
    most[box] = valueAt(overlaps, next, box);
    bests[next] = -1;
    for (let j = 0; j < bests.length; j++) {
      if (bests[j] === box) bests[j] = bestFree(overlaps[j] as Float32Array, matches);
    }
  }
}

function valueAt(overlaps: readonly Float32Array[], row: number, at: number): number {
  return (overlaps[row] as Float32Array)[at] as number;
}

/** The first of the unmatched boxes with the highest overlap; −1: none overlaps. */
function bestFree(row: Float32Array, matches: Int32Array): number {
  let best = -1;
  let most = 0;
  for (let i = 0; i < row.length; i++) {
    if ((row[i] as number) > most && matches[i] === unmatched) {
      best = i;
      most = row[i] as number;
    }
  }
  return best;
}

function isCrossing(boxes: Float32Array, at: number): boolean {
  for (let k = 0; k < 4; k++) if ((boxes[at + k] as number) < 0 || (boxes[at + k] as number) > 1) return true;
  return false;
}

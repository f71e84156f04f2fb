const { fround } = Math;

/** How a curve of precision over recall becomes one number. */
export const apVersions = ["11point", "MaxIntegral", "Integral"] as const;
export type ApVersion = (typeof apVersions)[number];

/** Changes of recall up to this one count as none. */
const eps = fround(1e-6);

/**
 * The average precision of detections of one class, as SSD computes it, in single precision. From the highest score down, each
 * detection is a point of recall and precision. `11point`, of VOC 2007: the mean over the recalls 0, 0.1 … 1 of the highest
 * precision from that recall on. `MaxIntegral`, of VOC 2012: the area below the highest precision from each recall on. `Integral`:
 * the area below the precisions themselves. 0 without detections or without true boxes.
 *
 * @param scores equal ones count in their order
 * @param isRight whether each detection is right
 * @param positives the number of true boxes
 */
export function averagePrecision(
  scores: ArrayLike<number>,
  isRight: ArrayLike<boolean>,
  positives: number,
  version: ApVersion,
): number {
  const count = scores.length;
  if (count === 0 || positives === 0) return 0;
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  order.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  const precisions = new Float32Array(count);
  const recalls = new Float32Array(count);
  let right = 0;
  for (const [i, detection] of order.entries()) {
    if (isRight[detection]) right++;
    precisions[i] = right / (i + 1);
    recalls[i] = right / positives;
  }
  return curves[version](precisions, recalls);
}

const curves: Readonly<Record<ApVersion, (precisions: Float32Array, recalls: Float32Array) => number>> = {
  "11point": (precisions, recalls) => {
    const most = new Float32Array(11);
    let last = recalls.length - 1;
    let highest = 0;
    for (let j = 10; j >= 0; j--) {
      while (last >= 0 && (recalls[last] as number) >= j / 10) {
        highest = Math.max(highest, precisions[last] as number);
        last--;
      }
      most[j] = highest;
    }
    return most.reduceRight((sum, precision) => fround(sum + fround(precision / 11)), 0);
  },
  MaxIntegral: (precisions, recalls) => {
    let recall = recalls.at(-1) as number;
    let precision = precisions.at(-1) as number;
    let area = 0;
    for (let i = recalls.length - 2; i >= 0; i--) {
      precision = Math.max(precision, precisions[i] as number);
      area = add(area, precision, recall - (recalls[i] as number));
      recall = recalls[i] as number;
    }
    return fround(area + fround(recall * precision));
  },
  Integral: (precisions, recalls) => {
    let area = 0;
    let recall = 0;
    for (const [i, next] of recalls.entries()) {
      area = add(area, precisions[i] as number, next - recall);
      recall = next;
    }
    return area;
  },
};

function add(area: number, precision: number, step: number): number {
  const width = fround(step);
  return width > eps ? fround(area + fround(precision * width)) : area;
}

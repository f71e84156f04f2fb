// Boxes of YOLO: centre x and y, width, height. Overlaps are in single precision, as the fork's.
const { fround } = Math;

/** Four numbers: x, y, w, h. */
export type Box = ArrayLike<number>;

/** What says how alike two boxes are. */
export type Likeness = "iou" | "giou" | "diou" | "ciou";

/** The ends of a side of length `size` around its centre. */
export function interval(centre: number, size: number): [number, number] {
  return [fround(centre - size / 2), fround(centre + size / 2)];
}

/** How far two sides overlap; negative if they do not. */
function overlap(centreA: number, sizeA: number, centreB: number, sizeB: number): number {
  const [halfA, halfB] = [fround(sizeA / 2), fround(sizeB / 2)];
  const left = Math.max(fround(centreA - halfA), fround(centreB - halfB));
  const right = Math.min(fround(centreA + halfA), fround(centreB + halfB));
  return fround(right - left);
}

function intersection(a: Box, b: Box): number {
  const w = overlap(a[0] ?? 0, a[2] ?? 0, b[0] ?? 0, b[2] ?? 0);
  if (w < 0) return 0;
  const h = overlap(a[1] ?? 0, a[3] ?? 0, b[1] ?? 0, b[3] ?? 0);
  return h < 0 ? 0 : fround(w * h);
}

function unionOf(a: Box, b: Box, common: number): number {
  const areas = fround(fround((a[2] ?? 0) * (a[3] ?? 0)) + fround((b[2] ?? 0) * (b[3] ?? 0)));
  return fround(areas - common);
}

/** Intersection over union; NaN for two boxes without area. */
export function iouOf(a: Box, b: Box): number {
  const common = intersection(a, b);
  return fround(common / unionOf(a, b, common));
}

/** The least box around both: its width and height. */
function hull(a: Box, b: Box): [number, number] {
  const span = (at: 0 | 1) => {
    const [a0, a1] = interval(a[at] ?? 0, a[at + 2] ?? 0);
    const [b0, b1] = interval(b[at] ?? 0, b[at + 2] ?? 0);
    return Math.max(a1, b1) - Math.min(a0, b0);
  };
  return [span(0), span(1)];
}

/** The squared distance of the centres. */
function apart(a: Box, b: Box): number {
  return ((a[0] ?? 0) - (b[0] ?? 0)) ** 2 + ((a[1] ?? 0) - (b[1] ?? 0)) ** 2;
}

/** The difference of the shapes, as an angle. */
function skew(a: Box, b: Box): number {
  return Math.atan((b[2] ?? 0) / (b[3] ?? 0)) - Math.atan((a[2] ?? 0) / (a[3] ?? 0));
}

/** How alike a box is to its truth: 1 if they are equal. */
export function likeness(box: Box, truth: Box, kind: Likeness): number {
  const iou = iouOf(box, truth);
  if (kind === "iou") return iou;
  const [w, h] = hull(box, truth);
  if (kind === "giou") {
    if (w * h === 0) return iou;
    return iou - (w * h - unionOf(box, truth, intersection(box, truth))) / (w * h);
  }
  const diagonal = w * w + h * h;
  if (diagonal === 0) return iou;
  const distance = apart(box, truth) / diagonal;
  if (kind === "diou") return iou - distance ** 0.6;
  const ratio = (4 / Math.PI ** 2) * skew(box, truth) ** 2;
  return iou - distance - (ratio * ratio) / (1 - iou + ratio + 1e-6);
}

/**
 * The direction in which x, y, w and h make a box more alike to its truth, as the fork computes it (from darknet). It is not the
 * derivative: the shares of w and h are not halved.
 */
export function towards(box: Box, truth: Box, kind: Likeness): [number, number, number, number] {
  const [left, right] = interval(box[0] ?? 0, box[2] ?? 0);
  const [top, bottom] = interval(box[1] ?? 0, box[3] ?? 0);
  const [l, r] = interval(truth[0] ?? 0, truth[2] ?? 0);
  const [t, b] = interval(truth[1] ?? 0, truth[3] ?? 0);
  const [width, height] = [right - left, bottom - top];
  const commonWidth = Math.min(right, r) - Math.max(left, l);
  const commonHeight = Math.min(bottom, b) - Math.max(top, t);
  const common = commonWidth * commonHeight;
  const union = width * height + (r - l) * (b - t) - common;
  const [hullWidth, hullHeight] = [Math.max(right, r) - Math.min(left, l), Math.max(bottom, b) - Math.min(top, t)];
  const hullArea = hullWidth * hullHeight;
  const overlaps = commonWidth > 0 && commonHeight > 0;
  // Of each side, in the order left, right, top, bottom: whether it bounds the intersection, or the hull; how the areas grow with it.
  const inner = [left > l, right < r, top > t, bottom < b];
  const outer = [left < l, right > r, top < t, bottom > b];
  const sign = [-1, 1, -1, 1];
  const sides = sign.map((s, i) => {
    const horizontal = i < 2;
    const dCommon = inner[i] ? s * (horizontal ? commonHeight : commonWidth) : 0;
    const dUnion = s * (horizontal ? height : width) - dCommon;
    const dHull = outer[i] ? s * (horizontal ? hullHeight : hullWidth) : 0;
    const iou = union > 0 ? (union * dCommon - common * dUnion) / union ** 2 : 0;
    if (kind === "giou") {
      const rest = (hullArea * dUnion - union * dHull) / hullArea ** 2;
      return overlaps ? iou + (hullArea > 0 ? rest : 0) : rest;
    }
    return overlaps || kind === "iou" ? iou : 0;
  });
  const [dLeft = 0, dRight = 0, dTop = 0, dBottom = 0] = sides;
  const toward: [number, number, number, number] = [dLeft + dRight, dTop + dBottom, dRight - dLeft, dBottom - dTop];
  if (kind === "iou" || kind === "giou") return toward;
  const diagonal = hullWidth ** 2 + hullHeight ** 2;
  if (diagonal === 0 && overlaps) return toward;
  const distance = apart(box, truth);
  for (const [axis, size] of [hullWidth, hullHeight].entries()) {
    const [first, last] = [outer[2 * axis] ? 1 : 0, outer[2 * axis + 1] ? 1 : 0];
    const gap = (truth[axis] ?? 0) - (box[axis] ?? 0);
    toward[axis] = (toward[axis] ?? 0) + (2 * gap * diagonal - 2 * size * (last - first) * distance) / diagonal ** 2;
    toward[axis + 2] = (toward[axis + 2] ?? 0) + (size * (last + first) * distance) / diagonal ** 2;
  }
  if (kind === "diou") return toward;
  const angle = skew(box, truth);
  const ratio = (4 / Math.PI ** 2) * angle ** 2;
  const weight = ((8 / Math.PI ** 2) * angle * ratio) / (1 - common / union + ratio + 1e-6);
  toward[2] += weight * (box[3] ?? 0);
  toward[3] -= weight * (box[2] ?? 0);
  return toward;
}

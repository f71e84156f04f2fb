// Boxes of YOLO: centre x and y, width, height. All arithmetic is in single precision, as the fork's.
const { fround } = Math;

/** Four numbers: x, y, w, h. */
export type Box = ArrayLike<number>;

/** The ends of a side of length `size` around its centre. */
export function interval(centre: number, size: number): [number, number] {
  return [fround(centre - size / 2), fround(centre + size / 2)];
}

function intersection(a: Box, b: Box): number {
  const w = overlap(a[0] ?? 0, a[2] ?? 0, b[0] ?? 0, b[2] ?? 0);
  const h = overlap(a[1] ?? 0, a[3] ?? 0, b[1] ?? 0, b[3] ?? 0);
  return w < 0 || h < 0 ? 0 : fround(w * h);
}

/** How far two sides overlap; negative if they do not. */
function overlap(centreA: number, sizeA: number, centreB: number, sizeB: number): number {
  const left = Math.max(fround(centreA - fround(sizeA / 2)), fround(centreB - fround(sizeB / 2)));
  const right = Math.min(fround(centreA + fround(sizeA / 2)), fround(centreB + fround(sizeB / 2)));
  return fround(right - left);
}

export function unionOf(a: Box, b: Box): number {
  const areas = fround(fround((a[2] ?? 0) * (a[3] ?? 0)) + fround((b[2] ?? 0) * (b[3] ?? 0)));
  return fround(areas - intersection(a, b));
}

/** Intersection over union; NaN for two boxes without area. */
export function iouOf(a: Box, b: Box): number {
  return fround(intersection(a, b) / unionOf(a, b));
}

/** The corners of a box; in units of an image, if nothing else is said. All functions compute in single precision, as SSD. */
export interface Box {
  readonly xmin: number;
  readonly ymin: number;
  readonly xmax: number;
  readonly ymax: number;
}

const f32 = Math.fround;

/** The whole image. */
export const unitBox: Box = { xmin: 0, ymin: 0, xmax: 1, ymax: 1 };

/** The area; 0 if a side is negative. */
export function sizeOf({ xmin, ymin, xmax, ymax }: Box): number {
  return xmax < xmin || ymax < ymin ? 0 : f32(f32(xmax - xmin) * f32(ymax - ymin));
}

/** The box with corners from 0 to 1. */
export function clipBox<B extends Box>(box: B): B {
  const clip = (edge: number) => Math.max(Math.min(edge, 1), 0);
  return { ...box, xmin: clip(box.xmin), ymin: clip(box.ymin), xmax: clip(box.xmax), ymax: clip(box.ymax) };
}

/** The area of what two boxes share. */
function sharedSize(a: Box, b: Box): number {
  if (b.xmin > a.xmax || b.xmax < a.xmin || b.ymin > a.ymax || b.ymax < a.ymin) return 0;
  return sizeOf({
    xmin: Math.max(a.xmin, b.xmin),
    ymin: Math.max(a.ymin, b.ymin),
    xmax: Math.min(a.xmax, b.xmax),
    ymax: Math.min(a.ymax, b.ymax),
  });
}

/** What two boxes share, as a part of what they cover together. */
export function jaccardOverlap(a: Box, b: Box): number {
  const shared = sharedSize(a, b);
  return shared > 0 ? f32(shared / f32(f32(sizeOf(a) + sizeOf(b)) - shared)) : 0;
}

/** The part of `box` that `other` covers. */
export function coverage(box: Box, other: Box): number {
  const shared = sharedSize(box, other);
  return shared > 0 ? f32(shared / sizeOf(box)) : 0;
}

/** The box in units of `frame`, clipped to it; undefined if nothing of it lies there. */
export function projectBox<B extends Box>(frame: Box, box: B): B | undefined {
  const isOutside =
    box.xmin >= frame.xmax || box.xmax <= frame.xmin || box.ymin >= frame.ymax || box.ymax <= frame.ymin;
  if (isOutside) return undefined;
  const width = f32(frame.xmax - frame.xmin);
  const height = f32(frame.ymax - frame.ymin);
  const projected = clipBox({
    ...box,
    xmin: f32(f32(box.xmin - frame.xmin) / width),
    ymin: f32(f32(box.ymin - frame.ymin) / height),
    xmax: f32(f32(box.xmax - frame.xmin) / width),
    ymax: f32(f32(box.ymax - frame.ymin) / height),
  });
  return sizeOf(projected) > 0 ? projected : undefined; // also without a NaN
}

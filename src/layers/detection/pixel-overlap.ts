// SSD's boxes (boxes.ts) in whole pixels of the image, as DetectionEvaluate compares them.
import { ResizeParameter_Resize_mode as Mode, type ResizeParameter } from "../../proto/gen/caffe_pb.js";
import { areaOf } from "./boxes.js";

const { fround } = Math;

/** The height and width of an image, in pixels. */
export type ImageSize = readonly [height: number, width: number];

/** A box in pixels of the image. */
export interface PixelBox {
  readonly corners: Float32Array;
  /** Its area, as `overlapOfPixels` takes it. */
  readonly area: number;
}

/**
 * The box at index `at` of `boxes`, in units of the net's input, in pixels of the image that was resized to that input, as SSD. The
 * area of a box that is scaled after it was cut off counts both its first and its last pixel; otherwise it is width times height.
 *
 * @param resize how the image was resized; undefined: to the input's shape
 */
export function toPixels(
  boxes: Float32Array,
  at: number,
  [height, width]: ImageSize,
  resize: ResizeParameter | undefined,
): PixelBox {
  const box = boxes.slice(at, at + 4);
  if (resize?.resizeMode === Mode.FIT_SMALL_SIZE && resize.heightScale !== 0 && resize.widthScale !== 0) {
    scale(box, resize.heightScale, resize.widthScale);
    clip(box, height, width);
    return { corners: box, area: areaOf(box, 0) };
  }
  if (resize?.resizeMode === Mode.FIT_LARGE_SIZE_AND_PAD) withoutPadding(box, [height, width], resize);
  clip(box, 1, 1);
  scale(box, height, width);
  return { corners: box, area: height > 1 || width > 1 ? pixelArea(box) : areaOf(box, 0) };
}

/** Intersection over union; the intersection counts both its first and its last pixel, and boxes that lie apart share one pixel. */
export function overlapOfPixels(a: PixelBox, b: PixelBox): number {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = a.corners;
  const [u1 = 0, v1 = 0, u2 = 0, v2 = 0] = b.corners;
  const apart = u1 > x2 || u2 < x1 || v1 > y2 || v2 < y1;
  const width = apart ? 1 : fround(fround(Math.min(x2, u2) - Math.max(x1, u1)) + 1);
  const height = apart ? 1 : fround(fround(Math.min(y2, v2) - Math.max(y1, v1)) + 1);
  if (!(width > 0 && height > 0)) return 0;
  const both = fround(width * height);
  return fround(both / fround(fround(a.area + b.area) - both));
}

/** Moves a box of an image with bars at its sides to units of the image alone. A box on a bar stays as it is. */
function withoutPadding(box: Float32Array, [height, width]: ImageSize, resize: ResizeParameter): void {
  const aspect = fround(width / height);
  const isWide = aspect > fround(resize.width / resize.height);
  const [own, other] = isWide ? [resize.height, resize.width / aspect] : [resize.width, resize.height * aspect];
  const bar = fround(fround(fround(own - fround(other)) / 2) / own);
  const axis = isWide ? 1 : 0;
  const [start, end] = [bar, fround(1 - bar)];
  const [first, second] = [box[axis] as number, box[axis + 2] as number];
  const [across, beyond] = [box[1 - axis] as number, box[3 - axis] as number];
  if (first >= end || second <= start || across >= 1 || beyond <= 0) return;
  const side = fround(end - start);
  box[axis] = fround(first - start) / side;
  box[axis + 2] = fround(second - start) / side;
}

function clip(box: Float32Array, height: number, width: number): void {
  for (let i = 0; i < 4; i++) box[i] = Math.max(Math.min(box[i] as number, i % 2 ? height : width), 0);
}

function scale(box: Float32Array, height: number, width: number): void {
  for (let i = 0; i < 4; i++) box[i] = (box[i] as number) * (i % 2 ? height : width);
}

function pixelArea(box: Float32Array): number {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box;
  if (x2 < x1 || y2 < y1) return 0;
  return fround(fround(fround(x2 - x1) + 1) * fround(fround(y2 - y1) + 1));
}

import type { AnnotatedBox } from "../../proto/binary/index.js";
import {
  type BatchSampler,
  EmitConstraint_EmitType as Emit,
  type EmitConstraint,
  type ExpansionParameter,
  type ResizeParameter,
  type TransformationParameter,
} from "../../proto/gen/caffe_pb.js";
import type { Image } from "../../util/images.js";
import type { Random } from "../../util/random.js";
import { type Box, clipBox, coverage, projectBox } from "./boxes.js";
import { distort, drawUniform } from "./distort.js";
import { extrapolateBox, resizeBox } from "./resize-policy.js";
import { sampleBoxes } from "./sampler.js";

const f32 = Math.fround;

/** An image, and the boxes of the objects in it. */
export interface AnnotatedPixels {
  readonly image: Image;
  readonly boxes: readonly AnnotatedBox[];
}

/**
 * Distorts an image, puts it somewhere into a larger one, and crops a part that a sampler chose, as `transform_param` and the
 * samplers say. The generator's numbers are drawn in SSD's order.
 */
export function augment(
  { image, boxes }: AnnotatedPixels,
  param: TransformationParameter | undefined,
  samplers: readonly BatchSampler[],
  random: Random,
): AnnotatedPixels {
  const { distortParam, expandParam, emitConstraint, meanValue = [] } = param ?? {};
  const distorted = { image: distortParam ? distort(image, distortParam, random) : image, boxes };
  const expanded = expandParam ? expand(distorted, expandParam, meanValue, emitConstraint, random) : distorted;
  if (samplers.length === 0) return expanded;
  const samples = sampleBoxes(samplers, expanded.boxes, random);
  const sample = samples.length > 0 ? samples[random.below(samples.length)] : undefined;
  return sample ? crop(expanded, sample, emitConstraint) : expanded;
}

/** Puts an image at a random place into one that is up to `max_expand_ratio` times as high and wide, of the mean's color. */
function expand(
  given: AnnotatedPixels,
  { prob, maxExpandRatio }: ExpansionParameter,
  mean: readonly number[],
  emit: EmitConstraint | undefined,
  random: Random,
): AnnotatedPixels {
  const { image, boxes } = given;
  if (drawUniform(random, 0, 1) > prob || Math.abs(maxExpandRatio - 1) < 1e-2) return given;
  const ratio = drawUniform(random, 1, maxExpandRatio);
  const height = Math.trunc(f32(image.height * ratio));
  const width = Math.trunc(f32(image.width * ratio));
  const top = Math.floor(drawUniform(random, 0, height - image.height));
  const left = Math.floor(drawUniform(random, 0, width - image.width));
  const frame = {
    xmin: f32(-left / image.width),
    ymin: f32(-top / image.height),
    xmax: f32((width - left) / image.width),
    ymax: f32((height - top) / image.height),
  };
  const { channels } = image;
  const color = Uint8ClampedArray.from({ length: channels }, (_, c) => mean[mean.length === 1 ? 0 : c] ?? 0);
  const data = new Uint8Array(height * width * channels);
  for (let i = 0; i < data.length; i++) data[i] = color[i % channels] ?? 0;
  const row = image.width * channels;
  for (let y = 0; y < image.height; y++) {
    data.set(image.data.subarray(y * row, (y + 1) * row), ((top + y) * width + left) * channels);
  }
  return { image: { width, height, channels, data }, boxes: projectAll(boxes, frame, emit) };
}

/** Cuts a part out; its pixels are whole ones, its boxes are relative to the part as it was drawn. */
function crop({ image, boxes }: AnnotatedPixels, sample: Box, emit: EmitConstraint | undefined): AnnotatedPixels {
  const frame = clipBox(sample);
  const { channels } = image;
  const [xmin, xmax] = [f32(frame.xmin * image.width), f32(frame.xmax * image.width)];
  const [ymin, ymax] = [f32(frame.ymin * image.height), f32(frame.ymax * image.height)];
  const left = Math.min(Math.trunc(xmin), image.width - 1);
  const top = Math.min(Math.trunc(ymin), image.height - 1);
  const width = Math.max(1, Math.min(Math.trunc(f32(xmax - xmin)), image.width - left));
  const height = Math.max(1, Math.min(Math.trunc(f32(ymax - ymin)), image.height - top));
  const row = width * channels;
  const data = new Uint8Array(height * row);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * channels;
    data.set(image.data.subarray(from, from + row), y * row);
  }
  return { image: { width, height, channels, data }, boxes: projectAll(boxes, frame, emit) };
}

function projectAll(boxes: readonly AnnotatedBox[], frame: Box, emit: EmitConstraint | undefined): AnnotatedBox[] {
  return boxes.flatMap((box) => (meets(frame, box, emit) ? (projectBox(frame, box) ?? []) : []));
}

/** Whether a box stays when the image becomes `frame`: its center lies there, or enough of it. */
function meets(frame: Box, box: Box, emit: EmitConstraint | undefined): boolean {
  if (!emit) return true;
  if (emit.emitType === Emit.MIN_OVERLAP) return coverage(box, frame) > f32(emit.emitOverlap);
  const x = f32(f32(box.xmin + box.xmax) / 2);
  const y = f32(f32(box.ymin + box.ymax) / 2);
  return x >= frame.xmin && x <= frame.xmax && y >= frame.ymin && y <= frame.ymax;
}

/** What happens to an image after it was augmented. */
export interface Placement {
  /** The part that is cropped of the resized image; in units of it. */
  readonly crop: Box;
  readonly isMirrored: boolean;
}

/** The boxes of an image of this size after it was resized, cropped and mirrored. */
export function placeBoxes(
  boxes: readonly AnnotatedBox[],
  size: { readonly width: number; readonly height: number },
  { crop: frame, isMirrored }: Placement,
  resize: ResizeParameter | undefined,
  emit: EmitConstraint | undefined,
): AnnotatedBox[] {
  return boxes.flatMap((box) => {
    const resized = resize ? resizeBox(resize, size, box) : box;
    const projected = meets(frame, resized, emit) ? projectBox(frame, resized) : undefined;
    if (!projected) return [];
    const mirrored = isMirrored
      ? { ...projected, xmin: f32(1 - projected.xmax), xmax: f32(1 - projected.xmin) }
      : projected;
    return resize ? extrapolateBox(resize, size, frame, mirrored) : mirrored;
  });
}

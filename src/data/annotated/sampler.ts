import { isFieldSet } from "@bufbuild/protobuf";
import {
  type BatchSampler,
  BatchSamplerSchema,
  type SampleConstraint,
  SampleConstraintSchema,
  type Sampler,
} from "../../proto/gen/caffe_pb.js";
import { check } from "../../util/errors.js";
import type { Random } from "../../util/random.js";
import { type Box, coverage, jaccardOverlap } from "./boxes.js";

const f32 = Math.fround;

/** Throws MOKA_FIELD if a sampler has limits that no box can meet. */
export function checkSampler({ sampler }: BatchSampler): void {
  if (!sampler) return;
  const { minScale, maxScale, minAspectRatio, maxAspectRatio } = sampler;
  const isScale = minScale > 0 && minScale <= maxScale && maxScale <= 1;
  check(
    isScale,
    "MOKA_FIELD",
    `sampler: scales from ${minScale} to ${maxScale}; expected 0 < min_scale ≤ max_scale ≤ 1`,
  );
  const isRatio = minAspectRatio > 0 && minAspectRatio <= maxAspectRatio && maxAspectRatio < 3.4e38;
  check(
    isRatio,
    "MOKA_FIELD",
    `sampler: ratios from ${minAspectRatio} to ${maxAspectRatio}; expected 0 < min_aspect_ratio ≤ max_aspect_ratio`,
  );
}

/** The parts of an image that samplers choose at random and whose constraints hold, in the order in which they were drawn. */
export function sampleBoxes(samplers: readonly BatchSampler[], objects: readonly Box[], random: Random): Box[] {
  const found: Box[] = [];
  for (const batch of samplers) {
    if (!batch.useOriginalImage) continue;
    const most = isFieldSet(batch, BatchSamplerSchema.field.maxSample) ? batch.maxSample : Number.POSITIVE_INFINITY;
    const before = found.length;
    for (let i = 0; i < batch.maxTrials && found.length - before < most; i++) {
      const box = drawBox(batch.sampler, random);
      if (satisfies(box, objects, batch.sampleConstraint)) found.push(box);
    }
  }
  return found;
}

/** Draws scale, ratio of sides, and place; the sides are √ratio·scale and scale/√ratio. */
function drawBox(sampler: Sampler | undefined, random: Random): Box {
  const draw = (from: number, to: number) => {
    const value = new Float32Array(1);
    random.uniform(value, from, Math.max(from, to));
    return value[0] ?? 0;
  };
  const scale = draw(sampler?.minScale ?? 1, sampler?.maxScale ?? 1);
  const drawn = draw(sampler?.minAspectRatio ?? 1, sampler?.maxAspectRatio ?? 1);
  const ratio = Math.min(Math.max(drawn, f32(scale * scale)), f32(1 / (scale * scale)));
  const side = f32(Math.sqrt(ratio));
  const width = f32(scale * side);
  const height = f32(scale / side);
  const xmin = draw(0, f32(1 - width));
  const ymin = draw(0, f32(1 - height));
  return { xmin, ymin, xmax: f32(xmin + width), ymax: f32(ymin + height) };
}

/**
 * Whether an object meets the constraint; always without one. Of several kinds of limits (overlap, coverage of the sample, of
 * the object), it is enough, as in SSD, that an object meets the first.
 */
function satisfies(box: Box, objects: readonly Box[], constraint: SampleConstraint | undefined): boolean {
  if (!constraint) return true;
  const { field } = SampleConstraintSchema;
  const limit = (name: keyof typeof field & keyof SampleConstraint) =>
    isFieldSet(constraint, field[name]) ? f32(constraint[name] as number) : undefined;
  const tests = [
    { least: limit("minJaccardOverlap"), most: limit("maxJaccardOverlap"), of: jaccardOverlap },
    { least: limit("minSampleCoverage"), most: limit("maxSampleCoverage"), of: coverage },
    {
      least: limit("minObjectCoverage"),
      most: limit("maxObjectCoverage"),
      of: (sample: Box, object: Box) => coverage(object, sample),
    },
  ].filter(({ least, most }) => least !== undefined || most !== undefined);
  if (tests.length === 0) return true;
  const [first] = tests;
  return objects.some((object) => {
    const value = first?.of(box, object) ?? 0;
    return !(first?.least !== undefined && value < first.least) && !(first?.most !== undefined && value > first.most);
  });
}

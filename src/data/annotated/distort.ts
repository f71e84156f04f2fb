import type { DistortionParameter } from "../../proto/gen/caffe_pb.js";
import { check } from "../../util/errors.js";
import type { Image } from "../../util/images.js";
import type { Random } from "../../util/random.js";
import { fromHsv, scaleValues, toHsv } from "../images/color.js";

/** A number from `[from, to]`, as a float. */
export function drawUniform(random: Random, from: number, to: number): number {
  const value = new Float32Array(1);
  random.uniform(value, from, to);
  return value[0] ?? 0;
}

/** Throws MOKA_FIELD if a range is empty. */
export function checkDistortion(param: DistortionParameter): void {
  const { brightnessDelta, hueDelta } = param;
  check(brightnessDelta >= 0, "MOKA_FIELD", `distort_param.brightness_delta ${brightnessDelta}: expected 0 or more`);
  check(hueDelta >= 0, "MOKA_FIELD", `distort_param.hue_delta ${hueDelta}: expected 0 or more`);
  for (const name of ["contrast", "saturation"] as const) {
    const [prob, lower, upper] = [param[`${name}Prob`], param[`${name}Lower`], param[`${name}Upper`]];
    const isRange = prob === 0 || (lower >= 0 && lower <= upper);
    check(isRange, "MOKA_FIELD", `distort_param: ${name} from ${lower} to ${upper}; expected 0 ≤ lower ≤ upper`);
  }
}

/**
 * Changes brightness, contrast, saturation and hue of an image, and the order of its channels, each with its probability.
 * Contrast comes before or after saturation and hue, as a draw says. A hue below 0 becomes 0, as in SSD.
 */
export function distort(image: Image, param: DistortionParameter, random: Random): Image {
  const usesColors = param.saturationProb > 0 || param.hueProb > 0 || param.randomOrderProb > 0;
  check(
    image.channels === 3 || !usesColors,
    "MOKA_DATA",
    "distort_param changes saturation, hue or the order of channels: it needs images of 3 channels, such as force_color makes",
  );
  const contrastIsEarly = drawUniform(random, 0, 1) > 0.5;
  let result = brightness(image, param, random);
  if (contrastIsEarly) result = contrast(result, param, random);
  result = saturation(result, param, random);
  result = hue(result, param, random);
  if (!contrastIsEarly) result = contrast(result, param, random);
  return order(result, param, random);
}

/** Whether a change with this probability takes place. */
const happens = (random: Random, probability: number) => drawUniform(random, 0, 1) < probability;

function brightness(image: Image, { brightnessProb, brightnessDelta }: DistortionParameter, random: Random): Image {
  if (!happens(random, brightnessProb)) return image;
  const delta = drawUniform(random, -brightnessDelta, brightnessDelta);
  return delta === 0 ? image : scaleValues(image, 1, delta);
}

function contrast(image: Image, { contrastProb, contrastLower, contrastUpper }: DistortionParameter, random: Random) {
  if (!happens(random, contrastProb)) return image;
  const factor = drawUniform(random, contrastLower, contrastUpper);
  return Math.abs(factor - 1) > 1e-3 ? scaleValues(image, factor, 0) : image;
}

function saturation(image: Image, param: DistortionParameter, random: Random): Image {
  if (!happens(random, param.saturationProb)) return image;
  const factor = drawUniform(random, param.saturationLower, param.saturationUpper);
  return fromHsv(scaleValues(toHsv(image), factor, 0, 1));
}

function hue(image: Image, { hueProb, hueDelta }: DistortionParameter, random: Random): Image {
  if (!happens(random, hueProb)) return image;
  const delta = drawUniform(random, -hueDelta, hueDelta);
  return delta === 0 ? image : fromHsv(scaleValues(toHsv(image), 1, delta, 0));
}

/** SSD shuffles with C's `rand`, whose numbers depend on the machine. */
function order(image: Image, { randomOrderProb }: DistortionParameter, random: Random): Image {
  if (!happens(random, randomOrderProb)) return image;
  const places = [0, 1, 2];
  random.shuffle(places);
  const { data } = image;
  const shuffled = data.map((_, i) => data[i - (i % 3) + (places[i % 3] ?? 0)] ?? 0);
  return { ...image, data: shuffled };
}

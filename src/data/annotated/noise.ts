import type { NoiseParameter } from "../../proto/gen/caffe_pb.js";
import { check } from "../../util/errors.js";
import type { Image } from "../../util/images.js";
import type { Random } from "../../util/random.js";
import { equalize, erode, toGray, toHsv } from "../images/color.js";

/** Throws MOKA_UNSUPPORTED for what is not computed. */
export function checkNoise(param: NoiseParameter): void {
  const left = {
    gauss_blur: param.gaussBlur,
    clahe: param.clahe,
    jpeg: param.jpeg > 0,
    convert_to_lab: param.convertToLab,
    gaussian_std: param.gaussianStd > 0,
    uniform_range: param.uniformRange > 0,
  };
  const used = Object.entries(left).find(([, isUsed]) => isUsed)?.[0];
  check(used === undefined, "MOKA_UNSUPPORTED", `noise_param.${used} is not computed: leave it out`);
}

/**
 * Applies `noise_param` to every image, in this order: decolorize, hist_eq, erode, posterize (to 4 levels), inverse, saltpepper,
 * convert_to_hsv. `prob` is ignored, as in SSD.
 */
export function applyNoise(image: Image, param: NoiseParameter, random: Random): Image {
  const isColor = image.channels === 3;
  let result = image;
  if (param.decolorize && isColor) result = grayColors(result);
  if (param.histEq) {
    check(!isColor, "MOKA_UNSUPPORTED", "noise_param.hist_eq is computed for gray images only: give force_gray");
    result = equalize(result);
  }
  if (param.erode) result = erode(result);
  if (param.posterize) result = { ...result, data: result.data.map((value) => (value & 0xc0) + 32) };
  if (param.inverse) result = { ...result, data: result.data.map((value) => 255 - value) };
  if (param.saltpepper) result = saltPepper(result, param, random);
  if (param.convertToHsv) {
    check(isColor, "MOKA_DATA", "noise_param.convert_to_hsv needs images of 3 channels, such as force_color makes");
    result = toHsv(result);
  }
  return result;
}

function grayColors(image: Image): Image {
  const gray = toGray(image).data;
  return { ...image, data: image.data.map((_, i) => gray[Math.floor(i / 3)] ?? 0) };
}

/** Sets `fraction` of the pixels, at random places, to `value`. */
function saltPepper(image: Image, { saltpepperParam }: NoiseParameter, random: Random): Image {
  const { width, height, channels } = image;
  const { fraction = 0, value = [] } = saltpepperParam ?? {};
  const fits = value.length === 1 || value.length === channels;
  check(
    fits,
    "MOKA_FIELD",
    `noise_param.saltpepper_param.value is given ${value.length} times for ${channels} channels; give one, or one each`,
  );
  const data = image.data.slice();
  for (let left = Math.floor(Math.fround(Math.fround(fraction * width) * height)); left > 0; left--) {
    const x = random.below(width);
    const y = random.below(height);
    for (let c = 0; c < channels; c++) {
      data[(y * width + x) * channels + c] = Math.trunc(value[value.length === 1 ? 0 : c] ?? 0) & 255;
    }
  }
  return { ...image, data };
}

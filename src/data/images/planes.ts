import type { Image } from "../../util/images.js";

/** The values of an image, channel after channel, as in a Datum and a blob. */
export function toPlanes({ width, height, channels, data }: Image): Uint8Array {
  if (channels === 1) return data;
  const size = width * height;
  const planes = new Uint8Array(size * channels);
  for (let c = 0; c < channels; c++) {
    for (let i = 0, from = c; i < size; i++, from += channels) planes[c * size + i] = data[from] ?? 0;
  }
  return planes;
}

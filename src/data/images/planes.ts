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

/** The inverse of `toPlanes`: an image whose pixels have their channels next to each other. */
export function fromPlanes({ width, height, channels, data }: Image): Image {
  if (channels === 1) return { width, height, channels, data };
  const size = width * height;
  const pixels = new Uint8Array(size * channels);
  for (let c = 0; c < channels; c++) {
    for (let i = 0, to = c; i < size; i++, to += channels) pixels[to] = data[c * size + i] ?? 0;
  }
  return { width, height, channels, data: pixels };
}

import type { Image } from "../../util/images.js";

export interface ScaleOptions {
  /** Result width by source width; the same for heights. Sizes are rounded, half to even. */
  readonly scale: number;
  /** A number for each channel, which is subtracted. */
  readonly mean: readonly number[];
  /** Whether left becomes right. */
  readonly flipped: boolean;
}

/** Planes of numbers. */
export interface Planes {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** An image as planes of single precision, less its mean, scaled as OpenCV's `resize` with `fx`, `fy` and INTER_LINEAR does. */
export function scaleImage(image: Image, { scale, mean, flipped }: ScaleOptions): Planes {
  const { channels, data } = image;
  const columns = tapsOf(image.width, scale);
  const rows = tapsOf(image.height, scale);
  const [width, height] = [columns.length, rows.length];
  const values = new Float32Array(channels * width * height);
  for (let channel = 0; channel < channels; channel++) {
    const less = mean[channel] ?? 0;
    const at = (row: number, column: number) => {
      const from = flipped ? image.width - 1 - column : column;
      return Math.fround((data[(row * image.width + from) * channels + channel] ?? 0) - less);
    };
    let to = channel * width * height;
    for (const [top, bottom, down] of rows) {
      for (const [left, right, along] of columns) {
        const above = at(top, left) * (1 - along) + at(top, right) * along;
        const below = at(bottom, left) * (1 - along) + at(bottom, right) * along;
        values[to++] = above * (1 - down) + below * down;
      }
    }
  }
  return { width, height, values };
}

/** For each index of the result the two of the source that it lies between, and the part of the second. */
function tapsOf(size: number, scale: number): [number, number, number][] {
  const exact = size * scale;
  const low = Math.floor(exact);
  const isUp = exact - low > 0.5 || (exact - low === 0.5 && low % 2 === 1);
  const count = Math.max(1, isUp ? low + 1 : low);
  return Array.from({ length: count }, (_, i) => {
    const place = Math.fround((i + 0.5) / scale - 0.5);
    const first = Math.floor(place);
    if (first < 0) return [0, 0, 0];
    if (first >= size - 1) return [size - 1, size - 1, 0];
    return [first, first + 1, Math.fround(place - first)];
  });
}

/** Pictures of a page as inputs of nets. */

/** How a net takes pixels: its order of channels, what is subtracted from each, and what the rest is multiplied by. */
export interface PixelForm {
  /** `BGR` as Caffe reads images, or `RGB`. A net of one channel gets the luminance. */
  readonly order: "BGR" | "RGB";
  /** One value for each channel, in the net's order, or one for all. */
  readonly mean: readonly number[];
  readonly scale: number;
}

/** The values of an input (1, C, H, W) of one or three channels, from its pixels in RGBA, H·W of them. */
export function inputFromPixels(
  rgba: ArrayLike<number>,
  [channels, height, width]: readonly [number, number, number],
  { order, mean, scale }: PixelForm,
): Float32Array {
  const size = height * width;
  const values = new Float32Array(channels * size);
  for (let c = 0; c < channels; c++) {
    const subtracted = mean[c] ?? mean[0] ?? 0;
    const from = order === "BGR" ? 2 - c : c;
    for (let i = 0; i < size; i++) {
      const at = 4 * i;
      // Caffe's gray, of OpenCV: ITU-R BT.601.
      const value =
        channels === 1
          ? 0.299 * (rgba[at] ?? 0) + 0.587 * (rgba[at + 1] ?? 0) + 0.114 * (rgba[at + 2] ?? 0)
          : (rgba[at + from] ?? 0);
      values[c * size + i] = (value - subtracted) * scale;
    }
  }
  return values;
}

/** The largest values and their places, the largest first. */
export function topOf(
  values: ArrayLike<number>,
  count: number,
): readonly { readonly index: number; readonly value: number }[] {
  const all = Array.from(values, (value, index) => ({ index, value }));
  return all.sort((a, b) => b.value - a.value || a.index - b.index).slice(0, count);
}

/** The pixels of a picture that is drawn into a field of this size, without keeping its proportions, as Caffe's tools do. */
export function pixelsOf(picture: CanvasImageSource, width: number, height: number): Uint8ClampedArray {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("the browser gives no canvas");
  context.drawImage(picture, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

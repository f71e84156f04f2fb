import type { FloatArray } from "../../core/span.js";
import { check } from "../../util/errors.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";

/**
 * Mean and variance of each channel over all values of many batches, in double precision. The variance is not the mean of
 * the batches' variances: the spread of their means counts too (law of total variance). Each batch is read twice, and its
 * moments are merged into the total (Chan, Golub and LeVeque 1983), so a small variance loses no digits to a large mean.
 */
export class Moments {
  readonly channels: number;
  /** The mean of each channel over all values so far. */
  readonly mean: Float64Array;
  /** The sum of squared distances from that mean, of each channel. */
  readonly #squares: Float64Array;
  /** The mean of the batches' means, and the sum of their squared distances from it, of each channel. */
  readonly #meanOfMeans: Float64Array;
  readonly #squaresOfMeans: Float64Array;
  /** The same of the images' means. */
  readonly #meanOfImages: Float64Array;
  readonly #squaresOfImages: Float64Array;
  /** The sum of the batches' variances, ÷ m − 1, of each channel. */
  readonly #variances: Float64Array;
  #count = 0;
  #batches = 0;
  #images = 0;

  constructor(channels: number) {
    this.channels = channels;
    this.mean = new Float64Array(channels);
    this.#squares = new Float64Array(channels);
    this.#meanOfMeans = new Float64Array(channels);
    this.#squaresOfMeans = new Float64Array(channels);
    this.#variances = new Float64Array(channels);
    this.#meanOfImages = new Float64Array(channels);
    this.#squaresOfImages = new Float64Array(channels);
  }

  /** The number of values of a channel so far. */
  get count(): number {
    return this.#count;
  }

  get batches(): number {
    return this.#batches;
  }

  get images(): number {
    return this.#images;
  }

  /** @param shape a shape with the channels on axis 1, as in BatchNorm; with one axis, there is one channel */
  add(values: FloatArray, shape: Shape): void {
    const [n = 1, channels = 1] = shape;
    const inner = countOf(shape, 2);
    const { length: own } = this.mean;
    check(channels === own, "MOKA_SHAPE", `a batch of ${formatShape(shape)} where there were ${own} channels`);
    const count = n * inner;
    if (count === 0) return;
    this.#batches++;
    const total = this.#count + count;
    for (let channel = 0; channel < channels; channel++) {
      const { mean, squares } = this.#momentsOf(values, channel, n, inner);
      const distance = mean - (this.mean[channel] ?? 0);
      this.#squares[channel] =
        (this.#squares[channel] ?? 0) + squares + (distance * distance * this.#count * count) / total;
      this.mean[channel] = (this.mean[channel] ?? 0) + (distance * count) / total;
      this.#variances[channel] = (this.#variances[channel] ?? 0) + squares / Math.max(1, count - 1);
      merge(this.#meanOfMeans, this.#squaresOfMeans, channel, mean, this.#batches);
    }
    this.#count = total;
    this.#images += n;
  }

  /** The variance of each channel over its m values: ÷ m − 1 if `unbiased` and m > 1, else ÷ m. */
  variance(unbiased: boolean): Float64Array {
    const divisor = unbiased && this.#count > 1 ? this.#count - 1 : Math.max(1, this.#count);
    return this.#squares.map((squares) => squares / divisor);
  }

  /** The variance of the batches' means, of each channel; `undefined` for fewer than two batches. */
  varianceOfMeans(): Float64Array | undefined {
    if (this.#batches < 2) return undefined;
    return this.#squaresOfMeans.map((squares) => squares / (this.#batches - 1));
  }

  /** The mean of the batches' variances, ÷ m − 1 as BatchNorm averages them: what their means differ by is not in it. */
  meanOfVariances(): Float64Array {
    return this.#variances.map((sum) => sum / Math.max(1, this.#batches));
  }

  /** The variance of the images' means, of each channel; 0 for a single image. */
  varianceOfImageMeans(): Float64Array {
    return this.#squaresOfImages.map((squares) => squares / Math.max(1, this.#images - 1));
  }

  /** Mean and sum of squared distances of a channel in one batch; adds the means of its images to theirs. */
  #momentsOf(values: FloatArray, channel: number, n: number, inner: number) {
    const { channels } = this;
    let sum = 0;
    for (let image = 0; image < n; image++) {
      const start = (image * channels + channel) * inner;
      let ofImage = 0;
      for (let i = start; i < start + inner; i++) ofImage += values[i] as number;
      sum += ofImage;
      merge(this.#meanOfImages, this.#squaresOfImages, channel, ofImage / inner, this.#images + image + 1);
    }
    const mean = sum / (n * inner);
    let squares = 0;
    for (let image = 0; image < n; image++) {
      const start = (image * channels + channel) * inner;
      for (let i = start; i < start + inner; i++) squares += ((values[i] as number) - mean) ** 2;
    }
    return { mean, squares };
  }
}

/** Adds a value to the mean of a channel and to the sum of squared distances from it; `count` values with this one. */
function merge(means: Float64Array, squares: Float64Array, channel: number, value: number, count: number): void {
  const before = means[channel] ?? 0;
  const mean = before + (value - before) / count;
  means[channel] = mean;
  squares[channel] = (squares[channel] ?? 0) + (value - before) * (value - mean);
}

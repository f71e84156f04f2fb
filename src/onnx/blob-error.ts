import type { Shape } from "../util/shape.js";

/** How far the values of one blob in ONNX Runtime are from Moka's, over all runs. */
export interface BlobError {
  /** The largest absolute difference. Infinite where one value is a number and the other is not, or another infinity. */
  readonly maxError: number;
  /** The mean of the absolute differences. */
  readonly meanError: number;
  /** The largest absolute difference ÷ the largest magnitude in Moka, of the run where it is greatest. */
  readonly relativeError: number;
}

/** Two values at one place. */
export interface Difference {
  readonly index: Shape;
  readonly moka: number;
  readonly onnx: number;
}

/** Collects the differences of one blob, run by run. */
export class ErrorOfBlob implements BlobError {
  maxError = 0;
  relativeError = 0;
  #sum = 0;
  #count = 0;

  get meanError(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /**
   * Adds the values of one run. NaN and NaN are equal, and so are equal infinities.
   *
   * @returns the relative error of this run, and the place of its largest difference
   */
  add(moka: ArrayLike<number>, onnx: ArrayLike<number | bigint | boolean>, shape: Shape): RunError {
    let [most, at, largest, sum] = [0, 0, 0, 0];
    for (let i = 0; i < moka.length; i++) {
      const wanted = moka[i] ?? 0;
      const found = Number(onnx[i]);
      const magnitude = Math.abs(wanted);
      if (magnitude > largest && magnitude < Number.POSITIVE_INFINITY) largest = magnitude;
      if (wanted === found) continue;
      let error = Math.abs(wanted - found);
      if (Number.isNaN(error)) {
        if (Number.isNaN(wanted) && Number.isNaN(found)) continue;
        error = Number.POSITIVE_INFINITY;
      }
      sum += error;
      if (error > most) [most, at] = [error, i];
    }
    const relativeError = most / (largest || 1);
    this.maxError = Math.max(this.maxError, most);
    this.relativeError = Math.max(this.relativeError, relativeError);
    this.#sum += sum;
    this.#count += moka.length;
    const worst = { index: indexOf(at, shape), moka: moka[at] ?? 0, onnx: Number(onnx[at] ?? 0) };
    return { relativeError, worst };
  }
}

interface RunError {
  readonly relativeError: number;
  readonly worst: Difference;
}

/** The index on each axis of a place in a row-major array. */
function indexOf(place: number, shape: Shape): Shape {
  const index: number[] = [];
  let rest = place;
  for (const size of shape.toReversed()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}

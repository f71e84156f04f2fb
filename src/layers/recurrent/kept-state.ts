import type { Layer } from "../../core/layer.js";
import type { FloatArray, Span } from "../../core/span.js";

/**
 * The state after the last forward of a recurrent layer, with which the next forward begins. It is not in the engine's
 * memory, because it must outlive a program: a test net records a new program for every test.
 */
export class KeptState {
  #blobs: readonly FloatArray[] = [];

  /** Writes the stored state, or zeros if none of this size is stored. */
  takeUp(state: readonly Span[]): void {
    for (const [i, { array }] of state.entries()) {
      const kept = this.#blobs[i];
      if (kept?.length === array.length) array.set(kept);
      else array.fill(0);
    }
  }

  keep(state: readonly Span[]): void {
    this.#blobs = state.map(({ array }) => array.slice());
  }

  reset(): void {
    this.#blobs = [];
  }

  save(): number[][] {
    return this.#blobs.map((values) => [...values]);
  }

  /**
   * Restores a result of `save`, for a layer whose state has `blobs` blobs of `count` values.
   *
   * @throws MokaError `MOKA_DATA` if it is anything else
   */
  restore(saved: unknown, layer: Layer, blobs: number, count: number): void {
    const fits = (values: unknown) =>
      Array.isArray(values) && values.length === count && values.every((value) => typeof value === "number");
    layer.check(
      Array.isArray(saved) && (saved.length === 0 || saved.length === blobs) && saved.every(fits),
      "MOKA_DATA",
      `the state to go on from must be ${blobs} lists of ${count} numbers, or none`,
    );
    this.#blobs = saved.map((values) => Float64Array.from(values as number[]));
  }
}

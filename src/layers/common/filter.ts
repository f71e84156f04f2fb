import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";

/**
 * Passes on those items of a batch that a selector picks. The layers after it get a smaller batch.
 *
 * Bottoms: x, one or more, (N, …) each; last the selector, (N), perhaps with axes of size 1. Tops, one for each
 * x: (S, …), the S items whose selector is not 0, in their order. S changes with the values; before the first forward
 * it is N.
 * Gradient: dy where an item went, 0 for the others; the selector has none.
 *
 * No parameters. With S = 0 the tops are empty and the gradient is 0; Caffe aborts in backward.
 */
export class FilterLayer extends Layer {
  static readonly type = "Filter";
  override readonly bottomCount = [2, Number.POSITIVE_INFINITY] as const;
  override readonly topCount = [1, Number.POSITIVE_INFINITY] as const;
  override readonly withoutGradient = { [this.message.bottom.length - 1]: "its selector" };
  /** The indices of the items that pass, in the current batch. */
  #passing: readonly number[] = [];

  override topShapes(bottom: readonly Shape[]): readonly Shape[] {
    const inputs = bottom.slice(0, -1);
    const selector = bottom.at(-1) ?? [];
    const tops = this.message.top.length;
    this.check(
      tops === inputs.length,
      "MOKA_LAYER",
      `needs one top for each bottom but the last, the selector: ${inputs.length}, but has ${tops}`,
    );
    this.check(
      selector.length >= 1 && countOf(selector, 1) === 1,
      "MOKA_SHAPE",
      `the selector, its last bottom, must have one value for each item, not ${formatShape(selector)}`,
    );
    this.check(
      inputs.every(([items]) => items === selector[0]),
      "MOKA_SHAPE",
      `all bottoms must have the same first axis; there are ${bottom.map(formatShape).join(", ")}`,
    );
    return inputs;
  }

  override liveShapes(bottom: readonly Tensor[]): readonly Shape[] {
    const picks = bottom.at(-1)?.data.array ?? [];
    this.#passing = Array.from(picks.keys()).filter((item) => picks[item] !== 0);
    return bottom.slice(0, -1).map(({ shape }) => [this.#passing.length, ...shape.slice(1)]);
  }

  override forward(k: Recorder, bottom: readonly Tensor[], top: readonly Tensor[]): void {
    const run = () => {
      for (const [x, y, size] of pairs(bottom, top)) {
        const [from, to] = [x.data.array, y.data.array];
        this.#passing.forEach((item, i) => void to.set(from.subarray(item * size, (item + 1) * size), i * size));
      }
    };
    k.host("filter", run, { reads: bottom.map(({ data }) => data), writes: top.map(({ data }) => data) });
  }

  override backward(k: Recorder, top: readonly Tensor[], wanted: readonly boolean[], bottom: readonly Tensor[]): void {
    const asked = pairs(bottom, top).filter((_, i) => wanted[i]);
    const run = () => {
      for (const [x, y, size] of asked) {
        const [from, to] = [y.diff.array, x.diff.array];
        to.fill(0);
        this.#passing.forEach((item, i) => void to.set(from.subarray(i * size, (i + 1) * size), item * size));
      }
    };
    const uses = { reads: asked.map(([, y]) => y.diff), writes: asked.map(([x]) => x.diff) };
    if (asked.length > 0) k.host("filter gradient", run, uses);
  }
}

/** Each bottom with its top, and the number of values of an item. */
function pairs(bottom: readonly Tensor[], top: readonly Tensor[]): (readonly [Tensor, Tensor, number])[] {
  return top.flatMap((y, i) => {
    const x = bottom[i];
    return x ? [[x, y, countOf(x.shape, 1)] as const] : [];
  });
}

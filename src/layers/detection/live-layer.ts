import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { countOf, type Shape } from "../../util/shape.js";
import { ZeroGradientLayer } from "./zero-gradient.js";

/** Values with their shape. */
export interface Computed {
  readonly shape: Shape;
  readonly values: Float32Array;
}

/** A layer that computes its tops from values before they have a shape. */
export abstract class LiveLayer extends ZeroGradientLayer {
  #computed: readonly Computed[] = [];

  /** The tops for these values, at least as many as there are. */
  protected abstract compute(bottom: readonly Tensor[]): readonly Computed[] | Promise<readonly Computed[]>;

  override async liveShapes(bottom: readonly Tensor[]): Promise<readonly Shape[]> {
    this.#computed = (await this.compute(bottom)).slice(0, this.message.top.length);
    return this.#computed.map(({ shape }) => shape);
  }

  override forward(k: Recorder, bottom: readonly Tensor[], top: readonly Tensor[]): void {
    const run = () => {
      for (const [i, y] of top.entries()) {
        const values = this.#computed[i]?.values;
        if (values && values.length === countOf(y.shape)) y.data.array.set(values);
      }
    };
    k.host(this.message.type === "Python" ? (this.message.pythonParam?.layer ?? "") : this.type, run, {
      reads: bottom.map(({ data }) => data),
      writes: top.map(({ data }) => data),
    });
  }
}

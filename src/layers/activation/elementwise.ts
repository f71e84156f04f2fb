import { type ElementwiseName, elementwiseKernels, type Kernels } from "../../core/kernels.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { NeuronLayer } from "./neuron.js";

/** Kernels that have another one of the same numbers for their gradient. */
type Name = { [K in ElementwiseName]: `${K}Backward` extends ElementwiseName ? K : never }[ElementwiseName];

/** A layer of one kernel of single values in each direction, y = f(x). */
export abstract class ElementwiseLayer<K extends Name> extends NeuronLayer {
  /** The kernel of forward, and its numbers. That of backward has `Backward` behind its name, and the same numbers. */
  protected abstract readonly kernel: { readonly name: K } & Omit<Kernels[K], "x" | "y">;
  /** Whether backward reads x itself: in place a copy of it is kept. Otherwise backward in place takes y for x, as Caffe's. */
  protected readonly needsBottom: boolean = false;

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    if (this.needsBottom) this.copyBottom(k, x, y);
    this.#record(k, this.kernel.name, { x: x.data, y: y.data });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    const spans = { x: this.bottomOf(x), y: y.data, dy: y.diff, dx: x.diff };
    if (wanted) this.#record(k, `${this.kernel.name}Backward`, spans);
  }

  /** Records a kernel with those of the spans that it has. */
  #record(k: Recorder, name: K | `${K}Backward`, spans: Readonly<Record<string, Span>>): void {
    const { name: _, ...numbers } = this.kernel;
    const own = elementwiseKernels[name].spans.map((span) => [span.name, spans[span.name]]);
    k[name]({ ...Object.fromEntries(own), ...numbers });
  }
}

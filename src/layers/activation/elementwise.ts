import { type ElementwiseName, elementwiseKernels, type Kernels } from "../../core/kernels.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { NeuronLayer } from "./neuron.js";

/** The elementwise kernels with another elementwise kernel for their gradient. */
type Name = { [K in ElementwiseName]: `${K}Backward` extends ElementwiseName ? K : never }[ElementwiseName];

/** A layer with one elementwise kernel in each direction, y = f(x). */
export abstract class ElementwiseLayer<K extends Name> extends NeuronLayer {
  /** The name of the kernel of forward, and its numbers. Backward adds `Backward` to the name, and has the same numbers. */
  protected abstract readonly kernel: { readonly name: K } & Omit<Kernels[K], "x" | "y">;
  /** Whether backward needs x itself: in place, x is then copied. If not, backward in place reads y as x, as in Caffe. */
  protected readonly needsBottom: boolean = false;

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    if (this.needsBottom) this.copyBottom(k, x, y);
    this.#record(k, this.kernel.name, { x: x.data, y: y.data });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    const spans = { x: this.bottomOf(x), y: y.data, dy: y.diff, dx: x.diff };
    if (wanted) this.#record(k, `${this.kernel.name}Backward`, spans);
  }

  /** Records a kernel with those of the spans that are its arguments. */
  #record(k: Recorder, name: K | `${K}Backward`, spans: Readonly<Record<string, Span>>): void {
    const { name: _, ...numbers } = this.kernel;
    const own = elementwiseKernels[name].spans.map((span) => [span.name, spans[span.name]]);
    k[name]({ ...Object.fromEntries(own), ...numbers });
  }
}

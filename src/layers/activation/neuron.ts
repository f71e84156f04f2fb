import type { LayerGroup } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import type { Shape } from "../../util/shape.js";
import { UnaryLayer } from "../common/unary.js";

/** A layer with one top, which has the shape of the first bottom. Most have one bottom. It may work in place. */
export abstract class NeuronLayer extends UnaryLayer {
  static override readonly group: LayerGroup = "activation";
  static override readonly coordinates = "same";
  override readonly inPlace: boolean = true;
  #copy: Span | undefined;

  override topShapes(bottom: readonly Shape[]): readonly Shape[] {
    return bottom;
  }

  /** Copies x before a top in place overwrites it, for gradients that need x. Does nothing if backward never runs. */
  protected copyBottom(k: Recorder, x: Tensor, y: Tensor): void {
    this.#copy = undefined;
    if (x !== y || !k.needsBackward) return;
    this.#copy = k.span("input", x.count);
    k.copy({ x: x.data, y: this.#copy });
  }

  /** The values of the bottom in the last forward, which must have called `copyBottom`. */
  protected bottomOf(x: Tensor): Span {
    return this.#copy ?? x.data;
  }
}

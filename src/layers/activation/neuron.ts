import { Layer } from "../../core/layer.js";
import type { Shape } from "../../util/shape.js";

/** A layer that works value by value: one bottom, one top of the same shape, in place or not. */
export abstract class NeuronLayer extends Layer {
  override readonly bottomCount = 1;
  override readonly topCount = 1;
  override readonly inPlace: boolean = true;

  override topShapes(bottom: readonly Shape[]): readonly Shape[] {
    return bottom;
  }
}

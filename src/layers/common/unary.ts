import { type Arity, Layer } from "../../core/layer.js";

/** A layer with one bottom and one top. */
export abstract class UnaryLayer extends Layer {
  override readonly bottomCount: Arity = 1;
  override readonly topCount: Arity = 1;
}

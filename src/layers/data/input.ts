import { Layer } from "../../core/layer.js";
import type { Shape } from "../../util/shape.js";

/**
 * Tops whose values the caller gives.
 *
 * No bottoms; tops, one or more, of the shapes of `input_param.shape`: none (then the caller gives the shapes),
 * one for all, or one each.
 */
export class InputLayer extends Layer {
  static readonly type = "Input";
  static override readonly group = "data";
  override readonly bottomCount = 0;
  override readonly topCount = [1, Number.POSITIVE_INFINITY] as const;
  override readonly isInput = true;

  override topShapes(): readonly Shape[] {
    const shapes = this.message.inputParam?.shape ?? [];
    const tops = this.message.top.length;
    this.check(
      shapes.length <= 1 || shapes.length === tops,
      "MOKA_FIELD",
      `has ${shapes.length} input_param.shape for ${tops === 1 ? "1 top" : `${tops} tops`}; give none, one, or one for each`,
    );
    return this.message.top.map((_, i) => {
      const shape = shapes[shapes.length === 1 ? 0 : i];
      return shape ? shape.dim.map(Number) : [0];
    });
  }

  override forward(): void {}
}

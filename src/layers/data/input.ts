import type { Shape } from "../../util/shape.js";
import { SourceLayer } from "./source-layer.js";

/**
 * Tops whose values the caller gives.
 *
 * No bottoms; tops, one or more, of the shapes of `input_param.shape`: none (then the caller gives the shapes),
 * one for all, or one each. Of several ranks each takes what its own caller gives.
 */
export class InputLayer extends SourceLayer {
  static readonly type = "Input";
  override readonly topCount = [1, Number.POSITIVE_INFINITY] as const;
  override readonly isInput = true;

  override topShapes(): readonly Shape[] {
    const shapes = this.perTop(this.message.inputParam?.shape ?? [], "input_param.shape", true);
    return shapes.map((shape) => shape?.dim.map(Number) ?? [0]);
  }

  override forward(): void {}
}

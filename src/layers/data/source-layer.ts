import { type Arity, Layer } from "../../core/layer.js";

/** A layer without bottoms, which brings values into the net. */
export abstract class SourceLayer extends Layer {
  static override readonly group = "data";
  override readonly bottomCount: Arity = 0;

  /** One value for each top, from a field that is given once for all tops, once for each, or, with `mayMiss`, not at all. */
  protected perTop<T>(values: readonly T[], field: string, mayMiss = false): readonly (T | undefined)[] {
    const tops = this.message.top.length;
    this.check(
      values.length === 1 || values.length === tops || (mayMiss && values.length === 0),
      "MOKA_FIELD",
      `has ${values.length} ${field} for ${tops === 1 ? "1 top" : `${tops} tops`}; give ${mayMiss ? "none, " : ""}one, or one for each`,
    );
    return this.message.top.map((_, i) => values[values.length === 1 ? 0 : i]);
  }
}

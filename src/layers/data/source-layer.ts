import { type Arity, Layer } from "../../core/layer.js";
import { type Share, shareOf, unevenShares } from "../../data/sources/share.js";

/** A layer without bottoms, which brings values into the net. */
export abstract class SourceLayer extends Layer {
  static override readonly group = "data";
  override readonly bottomCount: Arity = 0;
  #sharesAreLogged = false;

  /** The part of its source that this rank takes, in batches of this size. */
  protected shareOf(batchSize: number): Share {
    return shareOf(this.ranks.communicator, this.phase, batchSize);
  }

  /**
   * Says once, in rank 0's log, what happens at the end of a pass over the source, where the ranks' batches do not divide it. Not said
   * in TEST, where all ranks together run the batches of one process.
   *
   * @param items the number of items of a pass; undefined if it is not known
   */
  protected logShares(batchSize: number, items: number | undefined, what: string): void {
    if (this.phase === "TEST" || this.ranks.communicator.rank > 0 || this.#sharesAreLogged) return;
    const uneven = unevenShares(this.shareOf(batchSize), batchSize, items, what);
    if (uneven === undefined) return;
    this.context.log("info", "moka:0", `${this.name}: ${uneven}`);
    this.#sharesAreLogged = true;
  }

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

import { check } from "../../../util/errors.js";

/** Values that an import may make beside those of the file: constants that are computed, and repeated or expanded weights. */
const least = 2 ** 18;

/** Bounds the values that an import makes, so that a small file cannot fill the memory. */
export class Budget {
  readonly #most: number;
  #left: number;

  /** @param bytes the size of the model: weights may be computed from weights */
  constructor(bytes: number) {
    this.#most = least + 4 * bytes;
    this.#left = this.#most;
  }

  /** @throws MokaError `MOKA_UNSUPPORTED` beyond the bound */
  take(count: number): void {
    const reason = `its constants would have more than ${this.#most} values; that is more than an import computes`;
    check(count <= this.#left, "MOKA_UNSUPPORTED", reason);
    this.#left -= count;
  }
}

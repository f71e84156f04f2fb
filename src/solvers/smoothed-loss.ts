/** The losses of a moving average, as plain JSON. */
export interface LossWindow {
  /** The greatest number of losses: `average_loss`. */
  readonly size: number;
  /** The losses, oldest first. */
  readonly losses: readonly number[];
  /** Their mean, with its accumulated rounding errors. */
  readonly mean: number;
}

/** The mean of the last losses, updated in single precision as in Caffe. */
export class SmoothedLoss {
  readonly #size: number;
  readonly #losses: number[] = [];
  #mean = 0;

  constructor(size: number) {
    this.#size = size;
  }

  get value(): number {
    return this.#mean;
  }

  get window(): LossWindow {
    return { size: this.#size, losses: [...this.#losses], mean: this.#mean };
  }

  /** Restores a saved window. @returns false, with no change, if its size differs or a value is not finite */
  restore({ size, losses, mean }: LossWindow): boolean {
    const isWindow = size === this.#size && Array.isArray(losses) && losses.length <= size;
    if (!isWindow || ![...losses, mean].every(Number.isFinite)) return false;
    this.#losses.splice(0, Number.POSITIVE_INFINITY, ...losses);
    this.#mean = mean;
    return true;
  }

  add(loss: number): void {
    this.#losses.push(loss);
    const { length } = this.#losses;
    if (length <= this.#size) {
      this.#mean = Math.fround((this.#mean * (length - 1) + loss) / length);
      return;
    }
    const oldest = this.#losses.shift() ?? 0;
    this.#mean = Math.fround(this.#mean + Math.fround((loss - oldest) / this.#size));
  }
}

/** The losses a mean is taken of, as plain JSON. */
export interface LossWindow {
  /** How many count at most: `average_loss`. */
  readonly size: number;
  /** Oldest first. */
  readonly losses: readonly number[];
  /** Their mean, with the rounding it has gathered. */
  readonly mean: number;
}

/** The mean of the last losses, updated in single precision as Caffe does. */
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

  /** Goes on from what another one held. @returns whether it can: for as many losses, and if all are numbers */
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

/** The mean of the last `window` losses, updated in single precision as Caffe does. */
export class SmoothedLoss {
  readonly #window: number;
  readonly #losses: number[] = [];
  #next = 0;
  #value = 0;

  constructor(window: number) {
    this.#window = window;
  }

  get value(): number {
    return this.#value;
  }

  add(loss: number): void {
    if (this.#losses.length < this.#window) {
      this.#losses.push(loss);
      const size = this.#losses.length;
      this.#value = Math.fround((this.#value * (size - 1) + loss) / size);
      return;
    }
    const oldest = this.#losses[this.#next] ?? 0;
    this.#value = Math.fround(this.#value + Math.fround((loss - oldest) / this.#window));
    this.#losses[this.#next] = loss;
    this.#next = (this.#next + 1) % this.#window;
  }
}

import { formatNumber } from "../util/number-format.js";

/** The speed of a training between two of the iterations that its log shows, as Caffe writes it. */
export class DisplayedSpeed {
  #last = { time: performance.now(), iter: 0 };

  /** A run begins at this iteration. */
  start(iter: number): void {
    this.#last = { time: performance.now(), iter };
  }

  /** `8.1 iter/s, 12.3s/100 iters`: since the last call, or since `start`. */
  next(iter: number, display: number): string {
    const { time, iter: before } = this.#last;
    this.start(iter);
    const seconds = (this.#last.time - time) / 1000;
    const rate = (iter - before) / (seconds || 1);
    return `${formatNumber(rate)} iter/s, ${formatNumber(seconds)}s/${display} iters`;
  }
}

import type { Communicator } from "../core/communicator.js";
import type { Net } from "../core/net.js";

/** The statistics of one BatchNorm over the batches of all ranks, by their sums. */
interface Sums {
  readonly count: number;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/**
 * What the ranks tell each other of their batches: the loss, and what BatchNorm's averages are made of where each rank
 * normalizes by its own batch.
 *
 * Each forward has one message, which nobody waits for before the update: it hides behind backward. The averages get the mean
 * and the variance over the values of all ranks: of n values with the means μᵢ and variances vᵢ of the ranks, the variance is
 * the mean of the vᵢ plus the variance of the μᵢ (law of total variance). Double precision resolves it wherever single
 * precision resolves the values themselves.
 */
export class RankBatches {
  readonly #net: Net;
  readonly #communicator: Communicator;
  readonly #messages: { readonly values: Float64Array; readonly sum: Promise<void> }[] = [];

  constructor(net: Net, communicator: Communicator) {
    this.#net = net;
    this.#communicator = communicator;
  }

  /** Sends what the others must know of the forward that has just run, with its loss. */
  send(loss: number): void {
    const statistics = this.#statistics();
    const values = new Float64Array(statistics.reduce((size, { mean }) => size + sizeOf(mean.count), 1));
    values[0] = loss;
    let at = 1;
    for (const { mean, variance, count } of statistics) {
      const [means, variances] = [mean.peek(), variance.peek()];
      values[at++] = count;
      for (const value of means) values[at++] = count * value;
      for (const [c, value] of variances.entries()) values[at++] = count * (value + (means[c] ?? 0) ** 2);
    }
    const sum = this.#communicator.allReduce(values);
    sum.catch(() => {}); // `finish` throws its error
    this.#messages.push({ values, sum });
  }

  /** Takes the messages of all forwards since the last call, in their order. Returns the sum of the losses, averaged over the ranks. */
  async finish(): Promise<number> {
    let loss = 0;
    for (const { values, sum } of this.#messages.splice(0)) {
      await sum;
      loss += (values[0] ?? 0) / this.#communicator.size;
      let at = 1;
      for (const { mean, average } of this.#statistics()) {
        const total = totalOf(values.subarray(at, at + sizeOf(mean.count)));
        average(total.mean, total.variance, total.count);
        at += sizeOf(mean.count);
      }
    }
    return loss;
  }

  #statistics() {
    return this.#net.layers.flatMap((layer) => layer.batchStatistics() ?? []);
  }
}

/** The number of values of a layer's part of a message. */
const sizeOf = (channels: number) => 1 + 2 * channels;

/** Mean and biased variance of each channel, of its sums: the count, Σ count·mean, Σ count·(variance + mean²). */
function totalOf(sums: Float64Array): Sums {
  const [count = 0] = sums;
  const channels = (sums.length - 1) / 2;
  const mean = sums.slice(1, 1 + channels).map((sum) => sum / count);
  const variance = sums.slice(1 + channels).map((sum, c) => Math.max(0, sum / count - (mean[c] ?? 0) ** 2));
  return { count, mean, variance };
}

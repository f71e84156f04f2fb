import type { Net } from "../../core/net.js";

/** What a net's scalar outputs (losses, accuracy) and its loss were, on average over some batches. */
export interface Scores {
  /** The sum of all losses times their weights; not there for a net without losses. */
  readonly loss?: number;
  /** By the names of the blobs. */
  readonly outputs: Readonly<Record<string, number>>;
}

/** Averages scores, forward by forward. */
export class ScoreMean {
  #loss = 0;
  #hasLoss = false;
  #batches = 0;
  readonly #sums = new Map<string, number>();

  /** Takes in what the last forward left. */
  add(net: Net): void {
    this.#batches++;
    this.#loss += net.loss;
    for (const name of net.outputs) {
      const blob = net.blobs.get(name);
      if (!blob || blob.shape.length > 0) continue;
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + (blob.data[0] ?? 0));
      if (net.lossWeight(name) !== 0) this.#hasLoss = true;
    }
  }

  result(): Scores {
    const mean = (sum: number) => sum / Math.max(1, this.#batches);
    const outputs = Object.fromEntries([...this.#sums].map(([name, sum]) => [name, mean(sum)]));
    return { ...(this.#hasLoss && { loss: mean(this.#loss) }), outputs };
  }
}

/** Whether an output is better the higher it is: an accuracy, by its layer's type. */
export function accuraciesOf(net: Net): ReadonlySet<string> {
  return new Set(net.layers.flatMap(({ type, tops }) => (type === "Accuracy" ? tops.slice(0, 1) : [])));
}

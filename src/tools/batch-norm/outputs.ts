import type { Net } from "../../core/net.js";

/** The means of a net's loss and scalar outputs (losses, accuracies) over several batches. */
export interface Scores {
  /** The sum of all losses times their weights; absent for a net without losses. */
  readonly loss?: number;
  /** The mean of each scalar output, by blob name. */
  readonly outputs: Readonly<Record<string, number>>;
}

/** Averages the scores of several forwards. */
export class ScoreMean {
  #loss = 0;
  #hasLoss = false;
  #batches = 0;
  readonly #sums = new Map<string, number>();

  /** Adds the scores of the last forward. */
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

/** The outputs that are accuracies, by their layers' type. */
export function accuraciesOf(net: Net): ReadonlySet<string> {
  return new Set(net.layers.flatMap(({ type, tops }) => (type === "Accuracy" ? tops.slice(0, 1) : [])));
}

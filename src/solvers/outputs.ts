import type { Communicator } from "../core/communicator.js";
import type { Net } from "../core/net.js";
import type { Log } from "../util/log.js";
import { formatNumber } from "../util/number-format.js";

/** What a test makes of its batches. */
export interface TestTally {
  /** Adds the outputs of the last forward pass. `batch` counts the batches of all ranks. */
  add(batch: number): void;
  /**
   * Adds what the other ranks have added, in a call that all of them make; returns the sum of their `loss`.
   *
   * @param batches the number of batches that all ranks together have run
   */
  addRanks(communicator: Communicator, loss: number, batches: number): Promise<number>;
  result(): Record<string, Float32Array>;
  /** Logs the result. */
  report(outputs: Readonly<Record<string, Float32Array>>, log: Log): void;
}

/** Averages a net's outputs over several forward passes. */
export class OutputMean implements TestTally {
  readonly #net: Net;
  readonly #sums = new Map<string, Float64Array>();
  #batches = 0;

  constructor(net: Net) {
    this.#net = net;
  }

  add(): void {
    this.#batches++;
    for (const name of this.#net.outputs) {
      const values = this.#net.blobs.get(name)?.data ?? new Float32Array(0);
      const sums = this.#sums.get(name) ?? new Float64Array(values.length);
      this.#sums.set(name, sums);
      for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + (values[i] ?? 0);
    }
  }

  async addRanks(communicator: Communicator, loss: number): Promise<number> {
    if (communicator.size === 1) return loss;
    const names = this.#net.outputs;
    // A rank without a batch has no sums yet.
    const lengths = Float64Array.from(names, (name) => this.#sums.get(name)?.length ?? 0);
    await communicator.allReduce(lengths, "max");
    const message = new Float64Array(lengths.reduce((sum, length) => sum + length, 2));
    message.set([this.#batches, loss]);
    let at = 2;
    for (const [i, name] of names.entries()) {
      message.set(this.#sums.get(name) ?? [], at);
      at += lengths[i] ?? 0;
    }
    await communicator.allReduce(message);
    at = 2;
    for (const [i, name] of names.entries()) {
      const end = at + (lengths[i] ?? 0);
      this.#sums.set(name, message.slice(at, end));
      at = end;
    }
    this.#batches = message[0] ?? 0;
    return message[1] ?? 0;
  }

  result(): Record<string, Float32Array> {
    const mean = (sums: Float64Array) => Float32Array.from(sums, (sum) => sum / this.#batches);
    return Object.fromEntries([...this.#sums].map(([name, sums]) => [name, mean(sums)]));
  }

  report(outputs: Readonly<Record<string, Float32Array>>, log: Log): void {
    for (const line of outputLines("Test", this.#net, outputs)) log("info", "solver.cpp:414", line);
  }
}

/** Logs the outputs of the last forward pass of a net in training, averaged over the ranks. */
export async function logPresentOutputs(net: Net, communicator: Communicator, log: Log): Promise<void> {
  const mean = new OutputMean(net);
  mean.add();
  await mean.addRanks(communicator, 0);
  for (const line of outputLines("Train", net, mean.result())) log("info", "solver.cpp:258", line);
}

/** A line for each value of each output, as in Caffe's log: `    Test net output #0: accuracy = 0.09`. */
function outputLines(
  phase: "Train" | "Test",
  net: Net,
  outputs: Readonly<Record<string, ArrayLike<number>>>,
): string[] {
  let index = 0;
  return net.outputs.flatMap((name) =>
    Array.from(
      outputs[name] ?? [],
      (value) => `    ${phase} net output #${index++}: ${name} = ${withLoss(net, name, value)}`,
    ),
  );
}

/** `2.5 (* 1 = 2.5 loss)` for a value with a loss weight, otherwise only the value. */
export function withLoss(net: Net, name: string, value: number): string {
  const weight = net.lossWeight(name);
  const share = weight === 0 ? "" : ` (* ${formatNumber(weight)} = ${formatNumber(Math.fround(weight * value))} loss)`;
  return formatNumber(value) + share;
}

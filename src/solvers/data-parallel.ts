import { type Communicator, fromRoot, oneRank, type Ranks } from "../core/communicator.js";
import type { Net } from "../core/net.js";
import type { Tensor } from "../core/tensor.js";
import type { SolverParameter } from "../proto/gen/caffe_pb.js";
import { MokaError } from "../util/errors.js";
import type { Log } from "../util/log.js";
import { counted } from "../util/words.js";
import type { SolverContext } from "./context.js";
import { RankBatches } from "./rank-batches.js";
import { RankGradients } from "./rank-gradients.js";
import type { Position } from "./run-state.js";
import { checkSameStart } from "./same-start.js";

/** After the first iteration, and then after this many, the ranks compare their weights. */
const iterationsBetweenChecks = 100;

/** How long ranks wait for the one that is the cause of what all of them meet, in seconds: longer than they need to settle on a cause. */
const timeForCause = 0.6;

interface Training {
  readonly net: Net;
  readonly testNets: readonly Net[];
  readonly param: SolverParameter;
}

/**
 * What a solver does so that several processes train one net, as Caffe's NCCL does for the GPUs of one machine: each rank runs
 * its own batch, and the gradients are averaged before each update. With one rank, all of this does nothing.
 */
export class DataParallel {
  readonly communicator: Communicator;
  readonly #ranks: Ranks;
  readonly #training: Training;
  readonly #log: Log;
  readonly #gradients: RankGradients | undefined;
  readonly #batches: RankBatches | undefined;

  constructor(training: Training, ranks: Ranks = oneRank, log: Log) {
    this.#training = training;
    this.#ranks = ranks;
    this.#log = log;
    this.communicator = ranks.communicator;
    if (this.communicator.size === 1) return;
    this.#gradients = new RankGradients(training.net, this.communicator);
    this.#batches = new RankBatches(training.net, this.communicator);
  }

  get size(): number {
    return this.communicator.size;
  }

  get isRoot(): boolean {
    return this.communicator.rank === 0;
  }

  /**
   * Compares what the ranks start with, and gives all of them the weights of rank 0.
   *
   * @throws MokaError `MOKA_RANK` if a rank has another solver, net, seed or version
   */
  async start({ seed, options }: Pick<SolverContext, "seed" | "options">): Promise<void> {
    if (this.size === 1) return;
    const { net, testNets, param } = this.#training;
    const { syncBatchNorm, averagesOf } = this.#ranks;
    const all = { "sync-bn": syncBatchNorm, "bn-averages": averagesOf, ...options };
    await checkSameStart(this.communicator, [net, ...testNets], param, all, seed);
    await this.#broadcast(this.#weights);
    const { names, size } = this.communicator;
    const batchNorm = syncBatchNorm
      ? "the statistics of all batches together"
      : `its own batch; ${averagesOf === "all" ? "averages are over all ranks" : "averages are rank 0's"}`;
    this.#log("info", "moka:0", `Training on ${size} ranks (${names.join("; ")}); BatchNorm takes ${batchNorm}`);
  }

  // ---- an iteration

  /**
   * Tells the other ranks of the forward that has run.
   *
   * @param isLast whether the next backward is the last one before the update: its gradients are then summed as soon as they are
   * computed. Default false
   */
  forwardDone(isLast = false): void {
    const { net } = this.#training;
    this.#batches?.send(net.loss);
    // The log of `debug_info` reads a rank's own gradients after each layer and at the end.
    if (isLast && !net.debugInfo) this.#gradients?.expectLast();
  }

  /** The sum of the losses of all forwards since the last call, averaged over the ranks; `loss` where there is one rank. */
  async meanLoss(loss: number): Promise<number> {
    return this.#batches ? this.#batches.finish() : loss;
  }

  /** Resolves when the gradients are the sums over all ranks, with the result of `meanLoss`. */
  async finishIteration(loss: number): Promise<number> {
    if (this.size === 1) return loss;
    const [mean] = await Promise.all([this.meanLoss(loss), this.#gradients?.finish()]);
    return mean;
  }

  /** After update `iter`: proves every so often that all ranks have the same weights; else gives them those of rank 0. */
  async check(iter: number, history: readonly Tensor[]): Promise<void> {
    if (this.size === 1 || (iter !== 1 && iter % iterationsBetweenChecks !== 0)) return;
    const shared = [...this.#shared, ...history];
    const own = checksum(shared);
    const [least, most] = [Float64Array.from(own), Float64Array.from(own)];
    await this.communicator.allReduce(least, "min");
    await this.communicator.allReduce(most, "max");
    if (least.every((value, i) => value === most[i])) return;
    const all = await this.communicator.gather(new TextEncoder().encode(own.join()));
    const texts = all.map((bytes) => new TextDecoder().decode(bytes));
    const others = await fromRoot(this.communicator, async () => {
      return this.communicator.names.filter((_, rank) => texts[rank] !== texts[0]);
    });
    const reason =
      `after ${counted(iter, "iteration")} the weights of ${others.join(" and of ")} differ from those of rank 0: their engines or machines ` +
      "round differently; rank 0's weights and history are sent to all again";
    this.#log("warning", "moka:0", reason);
    await this.#broadcast(shared);
  }

  /** Of what the ranks have chosen, what stands last in this order. */
  async greatest<T>(order: readonly T[], own: T): Promise<T> {
    if (this.size === 1) return own;
    const message = Float64Array.of(order.indexOf(own));
    await this.communicator.allReduce(message, "max");
    return order[message[0] ?? 0] ?? own;
  }

  // ---- tests and snapshots

  /** Averages of BatchNorm that rank 0 alone keeps (`averagesOf`: `root`) are given to all ranks, for a test. */
  async shareAverages(): Promise<void> {
    if (this.size > 1 && this.#ranks.averagesOf === "root") {
      await this.#broadcast(this.#weights.filter((tensor) => !this.#learns(tensor)));
    }
  }

  /** On rank 0 the positions of all ranks; undefined on the others. */
  async positions(own: Position): Promise<readonly [Position, ...Position[]] | undefined> {
    if (this.size === 1) return [own];
    const all = await this.communicator.gather(new TextEncoder().encode(JSON.stringify(own)));
    if (!this.isRoot) return undefined;
    const [, ...others] = all.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as Position);
    return [own, ...others];
  }

  /** Gives all ranks the weights and the history that rank 0 has restored. */
  async shareRestored(history: readonly Tensor[]): Promise<void> {
    if (this.size > 1) await this.#broadcast([...this.#weights, ...history]);
  }

  /** Tells the other ranks that this one ends, unless it ends because another one did. */
  async fail(error: unknown): Promise<void> {
    if (error instanceof MokaError && error.code === "MOKA_RANK") return;
    if (this.#comesFromOthers(error)) await new Promise((resolve) => setTimeout(resolve, 1000 * timeForCause));
    await this.communicator.fail(error);
  }

  /** The parts of a work that all ranks do: where one of them fails on this rank, or is aborted, the others are told. */
  together(parts: AsyncGenerator<void>): AsyncGenerator<void> {
    return this.size === 1 ? parts : this.#together(parts);
  }

  async *#together(parts: AsyncGenerator<void>): AsyncGenerator<void> {
    try {
      yield* parts;
    } catch (error) {
      await this.fail(error);
      throw error;
    }
  }

  /** As `together`, for work without parts. */
  async atOnce<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.fail(error);
      throw error;
    }
  }

  /** Synchronized BatchNorm gives a value that is no number to all ranks at once. The one whose data have it is the cause. */
  #comesFromOthers(error: unknown): boolean {
    if (this.size === 1 || !this.#ranks.syncBatchNorm) return false;
    if (!(error instanceof MokaError && error.code === "MOKA_NAN")) return false;
    const layer = this.#training.net.layers.find(({ name }) => name === error.layer?.name);
    return layer === undefined || layer.bottoms.length > 0;
  }

  release(): void {
    this.#gradients?.release();
  }

  // ---- all weights

  get #weights(): readonly Tensor[] {
    return this.#training.net.learnables.map(({ tensor }) => tensor);
  }

  /** The weights that must be the same on all ranks. */
  get #shared(): readonly Tensor[] {
    const own = this.#ranks.averagesOf === "root" && !this.#ranks.syncBatchNorm;
    return this.#weights.filter((tensor) => !own || this.#learns(tensor));
  }

  #learns(tensor: Tensor): boolean {
    return this.#training.net.learnables.some((each) => each.tensor === tensor && each.lrMult !== 0);
  }

  async #broadcast(tensors: readonly Tensor[]): Promise<void> {
    for (const { data } of tensors) await this.communicator.broadcast(data.array);
  }
}

/** Two numbers of 32 bits that a change of any bit of the values changes, but for a chance of about 2⁻⁶⁴. */
function checksum(tensors: readonly Tensor[]): readonly number[] {
  let [a, b] = [0x811c9dc5, 1];
  for (const { data } of tensors) {
    const { buffer, byteOffset, byteLength } = data.peek();
    for (const word of new Int32Array(buffer, byteOffset, byteLength / 4)) {
      a = Math.imul(a ^ word, 0x01000193);
      b = (Math.imul(b, 31) + word) | 0;
    }
  }
  return [a >>> 0, b >>> 0];
}

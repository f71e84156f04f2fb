import type { Net } from "../core/net.js";
import { record } from "../core/recorder.js";
import { Runner } from "../core/run.js";
import { Span } from "../core/span.js";
import { Tensor } from "../core/tensor.js";
import { loadBlob, paramsToMessage } from "../core/weights.js";
import type { BlobProto, SolverParameter } from "../proto/gen/caffe_pb.js";
import { check } from "../util/errors.js";
import { formatNumber } from "../util/number-format.js";
import type { UpdateRule } from "./update-rule.js";

/** Updates a net's parameters by a rule, and holds the rule's history. */
export class Updater {
  readonly #net: Net;
  readonly #rule: UpdateRule;
  readonly #solver: SolverParameter;
  /** The histories of all parameters, as Caffe stores them: the first of each parameter, then the second of each. */
  readonly #history: readonly Tensor[];
  readonly #rate: Span;
  readonly #clip: Span;
  readonly #correction: Span;
  readonly #norm: Span;
  readonly #updateRunner: Runner;
  readonly #normRunner: Runner;

  /** The number of ranks over which the gradients are summed. */
  readonly #ranks: number;

  /** @param ranks the number of processes that train together: the gradients are their sums. Default 1 */
  constructor(net: Net, rule: UpdateRule, solver: SolverParameter, ranks = 1) {
    const { engine, learnables } = net;
    this.#net = net;
    this.#rule = rule;
    this.#solver = solver;
    this.#ranks = ranks;
    const histories = Array.from({ length: rule.histories }, (_, i) =>
      learnables.map(({ tensor }) => new Tensor(`${tensor.name} history ${i}`, tensor.shape, engine)),
    );
    this.#history = histories.flat();
    this.#rate = new Span("learning rate", 1, engine);
    this.#clip = new Span("clip", 1, engine);
    this.#correction = new Span("correction", 1, engine);
    this.#norm = new Span("squared norm", 1, engine);

    const update = record(0, "update", engine, false);
    const spans = { rate: this.#rate, clip: this.#clip, correction: this.#correction };
    learnables.forEach((param, i) => {
      const history = histories.map((tensors) => tensors[i] as Tensor);
      rule.record(update.recorder, { param, history, ...spans, solver, batches: solver.iterSize * ranks });
    });
    this.#updateRunner = new Runner(update, engine);

    const measure = record(0, "gradient norm", engine, false);
    measure.recorder.fill({ y: this.#norm, value: 0 });
    for (const { tensor } of learnables) measure.recorder.sumSquares({ x: tensor.diff, y: this.#norm });
    this.#normRunner = new Runner(measure, engine);
  }

  /** Clips the gradients, then makes one update with this learning rate. `updatesBefore` counts the earlier updates. */
  async apply(rate: number, updatesBefore: number): Promise<void> {
    this.#rate.array[0] = rate;
    this.#correction.array[0] = this.#rule.correction?.(this.#solver, updatesBefore + 1) ?? 1;
    this.#clip.array[0] = this.#solver.clipGradients >= 0 ? await this.#clipScale() : 1;
    await this.#updateRunner.run(0, 0);
  }

  /** The histories of all parameters, in Caffe's order. */
  get history(): readonly Tensor[] {
    return this.#history;
  }

  /** The histories as messages for a `.solverstate`. */
  historyToMessage(): BlobProto[] {
    return paramsToMessage(this.#history, false);
  }

  /** @throws MokaError `MOKA_WEIGHTS` if they are not histories of this rule for this net; nothing changes then */
  loadHistory(blobs: readonly BlobProto[]): void {
    check(
      blobs.length === this.#history.length,
      "MOKA_WEIGHTS",
      `the solver state has ${blobs.length} history blobs, but this solver and net need ${this.#history.length}`,
    );
    const before = this.#history.map(({ data }) => data.array.slice());
    try {
      blobs.forEach((blob, i) => void loadBlob(blob, this.#history[i] as Tensor, `history blob ${i}`));
    } catch (error) {
      this.#history.forEach(({ data }, i) => void data.array.set(before[i] ?? []));
      throw error;
    }
  }

  dispose(): void {
    for (const tensor of this.#history) tensor.release();
    for (const span of [this.#rate, this.#clip, this.#correction, this.#norm]) span.release();
  }

  /** The scale of all gradients that makes their common L2 norm at most `clip_gradients`. */
  async #clipScale(): Promise<number> {
    await this.#normRunner.run(0, 0);
    const limit = this.#solver.clipGradients;
    // Caffe clips the gradients averaged over the ranks, and summed over iter_size.
    const norm = Math.sqrt(this.#norm.array[0] ?? 0) / this.#ranks;
    if (norm <= limit) return 1;
    const scale = Math.fround(limit / norm);
    this.#net.log(
      "info",
      "sgd_solver.cpp:99",
      `Gradient clipping: scaling down gradients (L2 norm ${formatNumber(norm)} > ${formatNumber(limit)}) ` +
        `by scale factor ${formatNumber(scale)}`,
    );
    return scale;
  }
}

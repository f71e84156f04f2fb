import type { Net } from "../core/net.js";
import { Phase, type SolverParameter, SolverParameterSchema } from "../proto/gen/caffe_pb.js";
import { formatText } from "../proto/text/index.js";
import { check, MokaError, reasonOf } from "../util/errors.js";
import { yieldToEvents } from "../util/event-loop.js";
import { pathOf } from "../util/files.js";
import { formatNumber } from "../util/number-format.js";
import { Turns } from "../util/turns.js";
import type { WorkOptions } from "../util/work.js";
import { buildChoice } from "./build-choice.js";
import { checkSolver, evaluationProblems, logProblems } from "./checks.js";
import type { SolverContext } from "./context.js";
import { DataParallel } from "./data-parallel.js";
import { DisplayedSpeed } from "./displayed-speed.js";
import { ruleFor } from "./index.js";
import { LossWatch } from "./loss-watch.js";
import { learningRate, loggedRate, type Progress } from "./lr-policy.js";
import { logPresentOutputs } from "./outputs.js";
import { eventsOf, finish, type SolverEvent, type SolverRunOptions } from "./run.js";
import { type Position, positionOf } from "./run-state.js";
import { SmoothedLoss } from "./smoothed-loss.js";
import { Snapshots } from "./snapshots.js";
import { SolverBase } from "./solver-base.js";
import { testNetsOf, trainNetOf } from "./solver-nets.js";
import { runTest } from "./test-batches.js";
import { Updater } from "./updater.js";

/** A request to a running solver, as signals make them in Caffe. */
export type SolverAction = "none" | "snapshot" | "stop";

/**
 * Trains a net: each iteration is forward, backward and update, with tests and snapshots between iterations.
 *
 * It makes the same steps as BVLC Caffe's Solver, and logs the same. One difference: a loss that is not finite stops
 * the run with an error before the weights change.
 *
 * Calls may be made in parallel: `step`, `solve` and `restore` run one after the other. Each iteration, all tests before it,
 * each `test` and each `snapshot` is one turn of its nets. A call of a net's method waits for a turn between them, as does one
 * that a listener makes: listeners are not awaited.
 *
 * Work that is aborted by a `signal` ends between two iterations, or two batches of a test, and takes no snapshot. The solver
 * can be used as before: the next `step` goes on, and begins with the tests that did not end. On several ranks it ends the work of
 * all of them, as an error does, and none goes on: they may stand at different iterations.
 */
export class Solver extends SolverBase {
  /** The net that is trained, in phase TRAIN. */
  readonly net: Net;
  /** The test nets, in phase TEST. They share the parameters of the trained net. */
  readonly testNets: readonly Net[];
  /** The solver's message. It is read at each iteration. */
  readonly param: SolverParameter;
  readonly #nets: readonly [Net, ...Net[]];
  readonly #context: SolverContext;
  readonly #parallel: DataParallel;
  readonly #updater: Updater;
  readonly #lossWatch: LossWatch;
  readonly #snapshots: Snapshots;
  /** The iteration of the last snapshot that was taken or restored. */
  #savedIter = 0;
  /** Why the last snapshot could not be written; undefined if it could. */
  #failure: MokaError | undefined;
  readonly #progress: Progress = { iter: 0, currentStep: 0 };
  readonly #calls = new Turns();
  #disposal: Promise<void> | undefined;
  #smoothedLoss: SmoothedLoss;
  /** The smoothed loss of a restored run, which the next `step` continues. Without it, `step` starts a new one. */
  #restoredLoss: SmoothedLoss | undefined;
  /** The position of the run before the tests that are running now. */
  #beforeTests: Position | undefined;
  /** For each test net, the batches that were run so far, by all ranks. */
  #tested: number[];
  #loss = Number.NaN;
  #stopped = false;
  #getRequest: () => SolverAction = () => "none";
  readonly #speed = new DisplayedSpeed();

  private constructor(param: SolverParameter, net: Net, testNets: readonly Net[], context: SolverContext) {
    super();
    this.param = param;
    this.net = net;
    this.testNets = testNets;
    this.#context = context;
    this.#tested = testNets.map(() => 0);
    // The gradients move before the updates are compiled.
    this.#parallel = new DataParallel({ net, testNets, param }, context.ranks, context.log);
    this.#updater = new Updater(net, ruleFor(param), param, this.#parallel.size);
    this.#nets = [net, ...testNets];
    const parts = { param, nets: this.#nets, updater: this.#updater, parallel: this.#parallel };
    this.#snapshots = new Snapshots(parts, context);
    this.#lossWatch = new LossWatch(net, param, context);
    this.#smoothedLoss = new SmoothedLoss(param.averageLoss);
  }

  /** Builds the solver's nets and loads its `weights`. `param` must be upgraded and have a `snapshot_prefix`. */
  static async build(param: SolverParameter, context: SolverContext): Promise<Solver> {
    const { log } = context;
    log("info", "solver.cpp:45", `Initializing solver from parameters: \n${formatText(SolverParameterSchema, param)}`);
    const isRoot = (context.ranks?.communicator.rank ?? 0) === 0;
    await checkSolver(param, isRoot ? context.files : undefined, log);
    if (isRoot && (param.snapshot > 0 || param.snapshotAfterTrain))
      await context.states.probe(`${param.snapshotPrefix}_iter_0`);

    const built: Net[] = [];
    try {
      const net = await buildChoice(trainNetOf(param), Phase.TRAIN, param.trainState, param, context);
      built.push(net);
      for (const [i, choice] of testNetsOf(param).entries()) {
        const testNet = await buildChoice(choice, Phase.TEST, param.testState[i], param, context, i);
        built.push(testNet);
        testNet.debugInfo = param.debugInfo;
        testNet.shareTrainedLayersWith(net);
        logProblems(param, evaluationProblems(param, `test net #${i}`, testNet.layers), log);
      }
      log("info", "solver.cpp:57", "Solver scaffolding done.");
      const solver = new Solver(param, net, built.slice(1), context);
      await solver.#parallel.start(context);
      return solver;
    } catch (error) {
      for (const net of built) await net.dispose();
      throw error;
    }
  }

  /** Number of updates so far. */
  get iter(): number {
    return this.#progress.iter;
  }

  /** The learning rate of the next iteration. */
  get lr(): number {
    return learningRate(this.param, { ...this.#progress });
  }

  /** The loss of the last iteration, averaged over `iter_size` batches; NaN before the first iteration. */
  get loss(): number {
    return this.#loss;
  }

  /** The mean loss of the last `average_loss` iterations, as printed by Caffe. */
  get smoothedLoss(): number {
    return this.#smoothedLoss.value;
  }

  /**
   * Sets a function that returns the current request. It is called after every iteration, and during tests.
   *
   * @example
   * ```ts
   * const end = Date.now() + 60_000;
   * solver.onRequest(() => (Date.now() > end ? "stop" : "none")); // trains for a minute at most
   * await solver.solve();
   * ```
   */
  onRequest(getRequest: () => SolverAction): void {
    this.#getRequest = getRequest;
  }

  /**
   * Makes `iterations` updates, with tests and snapshots at the intervals of the solver's prototxt. A snapshot that cannot be
   * written does not end it: the log says so, and the next one is tried.
   *
   * @param work its progress counts `iterations` and, during tests, `test batches`
   * @throws MokaError `MOKA_NAN` if a loss is not finite; the weights are then those before that iteration. `MOKA_FILE` before
   * the first update if a snapshot would have to replace a file that is read-only, and after the last one if the last snapshot
   * could not be written.
   * @example
   * ```ts
   * while (solver.iter < 4) {
   *   await solver.step(2);
   *   console.log(solver.iter, solver.loss, solver.net.params.get("conv1")[0].data);
   * }
   * ```
   */
  async step(iterations: number, work: WorkOptions = {}): Promise<void> {
    await this.#usable.#calls.take(() => finish(this.#parallel.together(this.#step(iterations, work))));
  }

  /**
   * The events of `solve`, or, with `iterations`, of `step`. What is made between two events begins when the next one is asked
   * for, so that the body of the loop runs between iterations, and may call all methods of the solver and its nets. An event
   * comes after what it tells of: `iteration` after the update. Leaving the loop ends the run as it stands, without a snapshot.
   *
   * @throws MokaError as `step` does
   * @example
   * ```ts
   * const solver = await Solver.load("examples/article/solver.prototxt");
   * for await (const event of solver.run()) {
   *   if (event.type === "test" && event.outputs.accuracy[0] > 0.99) break;
   * }
   * await solver.dispose();
   * ```
   */
  run(options: SolverRunOptions = {}): AsyncGenerator<SolverEvent, void, undefined> {
    const { iterations } = options;
    const parts = iterations === undefined ? this.#solve(options) : this.#step(iterations, options);
    return eventsOf(this, this.#parallel.together(parts), (part) => this.#usable.#calls.take(part));
  }

  async *#step(iterations: number, work: WorkOptions): AsyncGenerator<void> {
    yield* this.#iterations(iterations, work);
    if (this.#failure) throw this.#failure;
  }

  async *#iterations(count: number, work: WorkOptions): AsyncGenerator<void> {
    const [start, stop] = [this.iter, this.iter + count];
    const report = () => work.onProgress?.({ what: "iterations", done: this.iter - start, total: Math.max(0, count) });
    work.signal?.throwIfAborted();
    // Looking at the files is part of the first turn, which has its place among other calls from the call on.
    let hasBegun = false;
    const turn = <T>(part: () => Promise<T>) =>
      this.net.turn(async () => {
        if (!hasBegun) await this.#begin(stop);
        hasBegun = true;
        return part();
      });
    report();
    if (this.iter >= stop) await turn(async () => {});
    let tested = Number.NaN;
    while (this.iter < stop) {
      work.signal?.throwIfAborted();
      if (this.#isTestDue() && tested !== this.iter) {
        tested = this.iter;
        yield* this.#testAll(work, turn);
        if (this.#stopped) return;
        continue;
      }
      const goesOn = await turn(() => this.#stepOnce());
      report();
      yield;
      if (!goesOn) return;
    }
  }

  async #begin(stop: number): Promise<void> {
    this.#failure = undefined;
    this.#stopped = false;
    if (this.#parallel.isRoot) await this.#snapshots.files.check(this.iter, stop);
    this.#smoothedLoss = this.#restoredLoss ?? new SmoothedLoss(this.param.averageLoss);
    this.#restoredLoss = undefined;
    this.#speed.start(this.iter);
  }

  /** Makes one update, with the snapshot after it. Returns false if it was stopped. */
  async #stepOnce(): Promise<boolean> {
    const { param } = this;
    this.net.clearParamDiffs();
    await this.#iterate();
    await yieldToEvents();
    const request = await this.#request();
    if ((param.snapshot > 0 && this.iter % param.snapshot === 0) || request === "snapshot") await this.#trySnapshot();
    if (request === "stop") this.#stopped = true;
    return request !== "stop";
  }

  /**
   * Trains until `max_iter`, then takes the last snapshot and runs the last test. An error, such as a missing image, ends it
   * with a snapshot of what was learned, if the solver takes snapshots.
   *
   * @param work its progress counts as that of `step`
   * @throws MokaError as `step` does
   * @example
   * ```ts
   * await solver.solve();
   * console.log(solver.iter, solver.stopped); // 4 false
   * ```
   */
  async solve(work: WorkOptions = {}): Promise<void> {
    await this.#usable.#calls.take(() => finish(this.#parallel.together(this.#solve(work))));
  }

  async *#solve(work: WorkOptions): AsyncGenerator<void> {
    work.signal?.throwIfAborted();
    const { param } = this;
    const { log, files } = this.#context;
    if (files.readOnly && param.snapshotAfterTrain && this.#parallel.isRoot)
      await files.probe(`${param.snapshotPrefix}_iter_${param.maxIter}`);
    log("info", "solver.cpp:289", `Solving ${this.net.name}`);
    log("info", "solver.cpp:290", `Learning Rate Policy: ${param.lrPolicy}`);
    try {
      yield* this.#iterations(param.maxIter - this.iter, work);
    } catch (error) {
      // Of several ranks, each stands elsewhere now: their last snapshot is what all can go on from.
      if (!work.signal?.aborted && this.#parallel.size === 1) await this.net.turn(() => this.#rescue(error));
      throw error;
    }
    const wasJustTaken = param.snapshot > 0 && this.iter % param.snapshot === 0 && !this.#failure;
    if (param.snapshotAfterTrain && !wasJustTaken) {
      await this.net.turn(() => this.#snapshot(true));
      yield;
    }
    if (this.#stopped) {
      log("info", "solver.cpp:311", "Optimization stopped early.");
      if (this.#failure) throw this.#failure;
      return;
    }
    if (param.display > 0 && this.iter % param.display === 0) {
      await this.net.turn(async () => {
        await this.net.inTurn.forward();
        this.#parallel.forwardDone();
        this.#smoothedLoss.add(await this.#parallel.meanLoss(this.net.loss));
      });
      log("info", "solver.cpp:327", `Iteration ${this.iter}, loss = ${formatNumber(this.smoothedLoss)}`);
    }
    if (param.testInterval > 0 && this.iter % param.testInterval === 0) yield* this.#testAll(work);
    if (this.#failure) throw this.#failure;
    log("info", "solver.cpp:332", "Optimization Done.");
  }

  /** Whether the last `solve` or `step` was stopped by a request. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /**
   * Runs test net `index` for its `test_iter` batches.
   *
   * @param work its progress counts `test batches`
   * @returns its outputs by name, averaged over the batches; with `eval_type: "detection"` the mean average precision of each
   * @example
   * ```ts
   * const { accuracy } = await solver.test();
   * console.log(accuracy[0]);
   * ```
   */
  async test(index = 0, work: WorkOptions = {}): Promise<Record<string, Float32Array>> {
    const { testNets } = this.#usable;
    check(testNets[index], "MOKA_USAGE", `there is no test net ${index}; the solver has ${testNets.length}`);
    return this.net.turn(() => this.#parallel.atOnce(() => this.#test(index, work)));
  }

  async #test(index: number, work: WorkOptions): Promise<Record<string, Float32Array>> {
    const net = this.testNets[index] as Net;
    const { log } = this.#context;
    log("info", "solver.cpp:347", `Iteration ${this.iter}, Testing net (#${index})`);
    const wanted = this.param.testIter[index] ?? 0;
    const goesOn = async () => {
      const request = await this.#request();
      if (request === "snapshot") await this.#trySnapshot();
      if (request !== "stop") return true;
      this.#stopped = true;
      log("info", "solver.cpp:396", "Test interrupted.");
      return false;
    };
    const before = this.#tested[index] ?? 0;
    await this.#parallel.shareAverages();
    const test = await runTest(net, this.param, wanted, before, this.#parallel.communicator, goesOn, work);
    const { outputs, batches, isStopped } = test;
    this.#tested[index] = before + batches;
    if (isStopped) return outputs;
    test.report(log);
    this.emit("test", { iter: this.iter, net: index, outputs });
    return outputs;
  }

  /**
   * Writes `<snapshot_prefix>_iter_<n>.caffemodel` and `.solverstate`, or both as `.h5`, and beside them `.moka.json`:
   * the state of the run that Caffe does not store.
   *
   * The solver state is written last. If it exists, the other files are complete, even if the process was killed.
   *
   * @example
   * ```ts
   * await solver.step(2);
   * await solver.snapshot(); // small_iter_2.caffemodel, small_iter_2.solverstate and small_iter_2.moka.json
   * ```
   */
  async snapshot(): Promise<void> {
    await this.#usable.net.turn(() => this.#parallel.atOnce(() => this.#snapshot(true)));
  }

  async #snapshot(isExact: boolean): Promise<void> {
    const failure = await this.#write(isExact);
    if (failure) throw failure;
  }

  /**
   * Takes a snapshot, if its files can be written.
   *
   * @param isExact whether the nets stand between two iterations, so that a run can go on from here exactly
   * @returns on all ranks why the files could not be written
   */
  async #write(isExact: boolean): Promise<MokaError | undefined> {
    const position = isExact ? (this.#beforeTests ?? this.#position()) : undefined;
    const { files, failure } = await this.#snapshots.write(this.#progress, position);
    if (failure) return failure;
    this.#savedIter = this.iter;
    this.#failure = undefined;
    if (files) this.emit("snapshot", { iter: this.iter, ...files });
    return undefined;
  }

  /** Takes a snapshot during a run, which goes on if the files cannot be written. */
  async #trySnapshot(): Promise<void> {
    const failure = await this.#write(true);
    if (!failure) return;
    this.#failure = failure;
    this.#context.log("error", "moka:0", `${failure.message}: training goes on without this snapshot`);
  }

  /** Saves what was learned when `error` ends the run. Where the loss is not finite, the last updates are of no use. */
  async #rescue(error: unknown): Promise<void> {
    const { log } = this.#context;
    if (!this.#snapshots.files.areWanted || this.iter === this.#savedIter) return;
    if (error instanceof MokaError && error.code === "MOKA_NAN") return;
    try {
      await this.#snapshot(false);
      const { state } = this.#snapshots.files.names(this.iter);
      log("error", "moka:0", `An error ends the run after ${this.iter} iterations; ${state} is what was learned`);
    } catch (reason) {
      log("error", "moka:0", `What was learned in ${this.iter} iterations is lost: ${reasonOf(reason)}`);
    }
  }

  /**
   * Restores a snapshot: iteration, weights and history are those of the files. With the `.moka.json` that `snapshot`
   * wrote beside them, data, random numbers and smoothed loss continue too. Without it, or if it belongs to other
   * files, they start from the beginning as in Caffe, and the log says so.
   *
   * @example
   * ```ts
   * await solver.step(2);
   * await solver.snapshot();
   * await solver.step(2);
   * await solver.restore("small_iter_2.solverstate");
   * console.log(solver.iter); // 2
   * ```
   */
  async restore(path: string | URL): Promise<void> {
    const restore = () => this.#parallel.atOnce(() => this.#restore(pathOf(path)));
    await this.#usable.#calls.take(() => this.net.turn(restore));
  }

  async #restore(path: string): Promise<void> {
    const { iter, currentStep, run } = await this.#snapshots.restore(path);
    Object.assign(this.#progress, { iter, currentStep });
    this.#savedIter = iter;
    this.#lossWatch.restored(iter);
    if (!run) return;
    this.#tested = this.testNets.map((_, i) => run.tested[i] ?? 0);
    this.#restoredLoss = run.smoothedLoss ?? this.#restoredLoss;
  }

  /**
   * Updates the weights from the gradients that `net` has now, and counts an iteration, as pycaffe's `solver.apply_update`: for
   * a training loop of your own. Nothing is logged or tested. On several ranks the gradients are summed first, and BatchNorm's
   * averages over all ranks move by the last forward.
   *
   * @example
   * ```ts
   * const solver = await Solver.load("examples/article/solver.prototxt");
   * solver.net.clearParamDiffs();
   * await solver.net.forward();
   * await solver.net.backward();
   * await solver.applyUpdate();
   * ```
   */
  async applyUpdate(): Promise<void> {
    const update = async () => {
      this.#parallel.forwardDone();
      await this.#parallel.finishIteration(this.loss);
      await this.#update(learningRate(this.param, this.#progress));
    };
    await this.#usable.net.turn(() => this.#parallel.atOnce(update));
  }

  /**
   * Frees the nets and their engine, after the calls before it have ended. The solver cannot be used afterwards.
   *
   * @example
   * ```ts
   * await solver.dispose();
   * ```
   */
  dispose(): Promise<void> {
    this.#disposal ??= this.#calls.take(() => this.#release());
    return this.#disposal;
  }

  async #release(): Promise<void> {
    // All is freed, even if closing one of the layers fails.
    const closed = await Promise.allSettled(this.#nets.map((net) => net.dispose()));
    this.#updater.dispose();
    this.#parallel.release();
    await this.#context.engine.dispose();
    for (const end of closed) if (end.status === "rejected") throw end.reason;
  }

  /** This solver; throws once it was disposed of. */
  get #usable(): Solver {
    check(!this.#disposal, "MOKA_USAGE", "the solver was disposed of: it cannot be used any more");
    return this;
  }

  // ---- saving and restoring a run

  #position(): Position {
    return positionOf(this.#nets, this.#context.random, this.#smoothedLoss.window, this.#tested);
  }

  // ---- one iteration

  async #iterate(): Promise<void> {
    this.#beforeTests = undefined;
    const { param, net } = this;
    const isDisplayed = param.display > 0 && this.iter % param.display === 0;
    net.debugInfo = isDisplayed && param.debugInfo;
    let loss = 0;
    for (let i = 0; i < param.iterSize; i++) {
      await net.inTurn.forward();
      loss += net.loss;
      if (!Number.isFinite(loss)) throw await this.#lossWatch.error(this);
      this.#parallel.forwardDone(i === param.iterSize - 1);
      await net.inTurn.backward();
    }
    loss = await this.#parallel.finishIteration(loss);
    this.#loss = Math.fround(loss / param.iterSize);
    this.#smoothedLoss.add(this.#loss);
    if (isDisplayed) await this.#display();
    await this.#lossWatch.look(this);
    const lr = loggedRate(param, this.#progress, isDisplayed, this.#context.log);
    this.emit("iteration", { iter: this.iter, loss: this.loss, smoothedLoss: this.smoothedLoss, lr });
    await this.#update(lr);
  }

  async #update(lr: number): Promise<void> {
    await this.#updater.apply(lr, this.iter);
    this.#progress.iter++;
    await this.#parallel.check(this.iter, this.#updater.history);
  }

  /** What is asked for now: on several ranks, what one of them is asked for. */
  async #request(): Promise<SolverAction> {
    return this.#parallel.greatest(["none", "snapshot", "stop"], this.#getRequest());
  }

  async #display(): Promise<void> {
    const { log } = this.#context;
    const speed = this.#speed.next(this.iter, this.param.display);
    log("info", "solver.cpp:239", `Iteration ${this.iter} (${speed}), loss = ${formatNumber(this.smoothedLoss)}`);
    await logPresentOutputs(this.net, this.#parallel.communicator, log);
  }

  #isTestDue(): boolean {
    const { testInterval, testInitialization } = this.param;
    return testInterval > 0 && this.iter % testInterval === 0 && (this.iter > 0 || testInitialization);
  }

  /** Runs all tests as one turn. A run resumed from a snapshot taken during them, or right after, repeats them all. */
  async *#testAll(work: WorkOptions, turn: Net["turn"] = (part) => this.net.turn(part)): AsyncGenerator<void> {
    await turn(async () => {
      this.#beforeTests = this.#position();
      for (let i = 0; i < this.testNets.length && !this.#stopped; i++) await this.#test(i, work);
    });
    if (this.#stopped) return;
    try {
      yield;
    } finally {
      this.#beforeTests = undefined;
    }
  }
}

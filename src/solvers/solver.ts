import { create, isFieldSet } from "@bufbuild/protobuf";
import type { Net } from "../core/net.js";
import {
  Phase,
  SolverParameter_SnapshotFormat as SnapshotFormat,
  type SolverParameter,
  SolverParameterSchema,
  SolverStateSchema,
} from "../proto/gen/caffe_pb.js";
import { formatText } from "../proto/text/index.js";
import { check, MokaError, reasonOf } from "../util/errors.js";
import { pathOf } from "../util/files.js";
import { formatNumber } from "../util/number-format.js";
import { Turns } from "../util/turns.js";
import { buildChoice } from "./build-choice.js";
import { checkSolver } from "./checks.js";
import type { SolverContext } from "./context.js";
import { fingerprint } from "./fingerprint.js";
import { ruleFor } from "./index.js";
import { lossError } from "./loss-error.js";
import { learningRate, type Progress } from "./lr-policy.js";
import { OutputMean, outputLines } from "./outputs.js";
import {
  formatRunState,
  type Position,
  parseRunState,
  positionOf,
  restorePosition,
  runStateFile,
} from "./run-state.js";
import { SmoothedLoss } from "./smoothed-loss.js";
import { SnapshotFiles } from "./snapshot-files.js";
import { SolverBase } from "./solver-base.js";
import { testNetsOf, trainNetOf } from "./solver-nets.js";
import { Updater } from "./updater.js";

/** A request to a running solver, as signals make them in Caffe. */
export type SolverAction = "none" | "snapshot" | "stop";

/**
 * Trains a net: each iteration is forward, backward and update, with tests and snapshots between iterations.
 *
 * It makes the same steps as BVLC Caffe's Solver, and logs the same. One difference: a loss that is not finite stops
 * the run with an error before the weights change.
 *
 * Calls may be made in parallel: `step`, `solve` and `restore` run one after the other. Each iteration with its tests, each
 * `test` and each `snapshot` is one turn of its nets. A call of a net's method waits for a turn between them, as does one that
 * a listener makes: listeners are not awaited.
 */
export class Solver extends SolverBase {
  readonly net: Net;
  readonly testNets: readonly Net[];
  readonly param: SolverParameter;
  readonly #context: SolverContext;
  readonly #updater: Updater;
  readonly #snapshotFiles: SnapshotFiles;
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
  #loss = Number.NaN;
  #stopped = false;
  #getRequest: () => SolverAction = () => "none";
  #lastDisplay = { time: performance.now(), iter: 0 };

  private constructor(param: SolverParameter, net: Net, testNets: readonly Net[], context: SolverContext) {
    super();
    this.param = param;
    this.net = net;
    this.testNets = testNets;
    this.#context = context;
    this.#snapshotFiles = new SnapshotFiles(param, context);
    this.#updater = new Updater(net, ruleFor(param), param);
    this.#smoothedLoss = new SmoothedLoss(param.averageLoss);
  }

  /** Builds the solver's nets and loads its `weights`. `param` must be upgraded and have a `snapshot_prefix`. */
  static async build(param: SolverParameter, context: SolverContext): Promise<Solver> {
    const { log } = context;
    log("info", "solver.cpp:45", `Initializing solver from parameters: \n${formatText(SolverParameterSchema, param)}`);
    await checkSolver(param, context.files, log);
    if (param.snapshot > 0 || param.snapshotAfterTrain) await context.states.probe(`${param.snapshotPrefix}_iter_0`);

    const built: Net[] = [];
    try {
      const net = await buildChoice(trainNetOf(param), Phase.TRAIN, param.trainState, param, context);
      built.push(net);
      for (const [i, choice] of testNetsOf(param).entries()) {
        const testNet = await buildChoice(choice, Phase.TEST, param.testState[i], param, context, i);
        built.push(testNet);
        testNet.debugInfo = param.debugInfo;
        testNet.shareTrainedLayersWith(net);
      }
      log("info", "solver.cpp:57", "Solver scaffolding done.");
      return new Solver(param, net, built.slice(1), context);
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

  /** Sets a function that returns the current request. It is called after every iteration, and during tests. */
  onRequest(getRequest: () => SolverAction): void {
    this.#getRequest = getRequest;
  }

  /**
   * Makes `iterations` updates, with tests and snapshots at the intervals of the solver's prototxt. A snapshot that cannot be
   * written does not end it: the log says so, and the next one is tried.
   *
   * @throws MokaError `MOKA_NAN` if a loss is not finite; the weights are then those before that iteration. `MOKA_FILE` before
   * the first update if a snapshot would have to replace a file that is read-only, and after the last one if the last snapshot
   * could not be written.
   */
  async step(iterations: number): Promise<void> {
    await this.#usable.#calls.take(async () => {
      await this.#step(iterations);
      if (this.#failure) throw this.#failure;
    });
  }

  async #step(iterations: number): Promise<void> {
    const { param } = this;
    const stop = this.iter + iterations;
    this.#failure = undefined;
    await this.#snapshotFiles.check(this.iter, stop);
    this.#smoothedLoss = this.#restoredLoss ?? new SmoothedLoss(param.averageLoss);
    this.#restoredLoss = undefined;
    this.#lastDisplay = { time: performance.now(), iter: this.iter };
    let goesOn = true;
    while (goesOn && this.iter < stop) goesOn = await this.net.turn(() => this.#stepOnce());
  }

  /** Makes one update, with the tests before it and the snapshot after it. Returns false if it was stopped. */
  async #stepOnce(): Promise<boolean> {
    const { param } = this;
    this.net.clearParamDiffs();
    if (this.#isTestDue()) {
      await this.#testAll();
      if (this.#stopped) return false;
    }
    await this.#iterate();
    await this.#context.yieldToEvents();
    const request = this.#getRequest();
    if ((param.snapshot > 0 && this.iter % param.snapshot === 0) || request === "snapshot") await this.#trySnapshot();
    if (request === "stop") this.#stopped = true;
    return request !== "stop";
  }

  /**
   * Trains until `max_iter`, then takes the last snapshot and runs the last test. An error (an image that is gone, say) ends it
   * with a snapshot of what was learned, if the solver takes snapshots.
   *
   * @throws MokaError as `step` does
   */
  async solve(): Promise<void> {
    await this.#usable.#calls.take(() => this.#solve());
  }

  async #solve(): Promise<void> {
    const { param } = this;
    const { log, files } = this.#context;
    if (files.readOnly && param.snapshotAfterTrain) await files.probe(`${param.snapshotPrefix}_iter_${param.maxIter}`);
    log("info", "solver.cpp:289", `Solving ${this.net.name}`);
    log("info", "solver.cpp:290", `Learning Rate Policy: ${param.lrPolicy}`);
    this.#stopped = false;
    try {
      await this.#step(param.maxIter - this.iter);
    } catch (error) {
      await this.net.turn(() => this.#rescue(error));
      throw error;
    }
    const wasJustTaken = param.snapshot > 0 && this.iter % param.snapshot === 0 && !this.#failure;
    if (param.snapshotAfterTrain && !wasJustTaken) await this.net.turn(() => this.#snapshot(true));
    if (this.#stopped) {
      log("info", "solver.cpp:311", "Optimization stopped early.");
      if (this.#failure) throw this.#failure;
      return;
    }
    if (param.display > 0 && this.iter % param.display === 0) {
      await this.net.runForward();
      this.#smoothedLoss.add(this.net.loss);
      log("info", "solver.cpp:327", `Iteration ${this.iter}, loss = ${formatNumber(this.smoothedLoss)}`);
    }
    if (param.testInterval > 0 && this.iter % param.testInterval === 0) await this.net.turn(() => this.#testAll());
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
   * @returns its outputs by name, averaged over the batches
   */
  async test(index = 0): Promise<Record<string, Float32Array>> {
    return this.#usable.net.turn(() => this.#test(index));
  }

  async #test(index: number): Promise<Record<string, Float32Array>> {
    const net = this.testNets[index];
    check(net, "MOKA_USAGE", `there is no test net ${index}; the solver has ${this.testNets.length}`);
    const { log } = this.#context;
    log("info", "solver.cpp:347", `Iteration ${this.iter}, Testing net (#${index})`);
    const mean = new OutputMean(net);
    let loss = 0;
    for (let batch = 0; batch < (this.param.testIter[index] ?? 0); batch++) {
      await this.#context.yieldToEvents();
      const request = this.#getRequest();
      if (request === "snapshot") await this.#trySnapshot();
      if (request === "stop") {
        this.#stopped = true;
        log("info", "solver.cpp:396", "Test interrupted.");
        break;
      }
      await net.inTurn.forward();
      mean.add();
      loss += net.loss;
    }
    const outputs = mean.result();
    if (this.#stopped) return outputs;
    if (this.param.testComputeLoss) {
      log("info", "solver.cpp:401", `Test loss: ${formatNumber(loss / (this.param.testIter[index] ?? 1))}`);
    }
    for (const line of outputLines("Test", net, outputs)) log("info", "solver.cpp:414", line);
    this.emit("test", { iter: this.iter, net: index, outputs });
    return outputs;
  }

  /**
   * Writes `<snapshot_prefix>_iter_<n>.caffemodel` and `.solverstate`, or both as `.h5`, and beside them `.moka.json`:
   * the state of the run that Caffe does not store.
   *
   * The solver state is written last. If it exists, the other files are complete, even if the process was killed.
   */
  async snapshot(): Promise<void> {
    await this.#usable.net.turn(() => this.#snapshot(true));
  }

  /** @param isExact whether the nets stand between two iterations, so that a run can go on from here exactly */
  async #snapshot(isExact: boolean): Promise<void> {
    const { param, net } = this;
    const { log, states } = this.#context;
    const hdf5 = param.snapshotFormat === SnapshotFormat.HDF5;
    const { model, state, run: runFile } = this.#snapshotFiles.names(this.iter);
    await this.#snapshotFiles.prepare(this.iter);
    const run = isExact ? await this.#saveRun(runFile) : undefined;
    const format = hdf5 ? "HDF5" : "binary proto";
    log("info", hdf5 ? "solver.cpp:474" : "solver.cpp:464", `Snapshotting to ${format} file ${model}`);
    await net.inTurn.save(model, { diff: param.snapshotDiff });
    const origin = hdf5 ? "sgd_solver.cpp:296" : "sgd_solver.cpp:284";
    log("info", origin, `Snapshotting solver state to ${format} file ${state}`);
    const { currentStep } = this.#progress;
    const history = this.#updater.historyToMessage();
    await states.write(state, create(SolverStateSchema, { iter: this.iter, learnedNet: model, history, currentStep }));
    this.#savedIter = this.iter;
    this.#failure = undefined;
    this.emit("snapshot", { iter: this.iter, model, state, run });
  }

  /** Takes a snapshot during a run, which goes on if the files cannot be written. */
  async #trySnapshot(): Promise<void> {
    try {
      await this.#snapshot(true);
    } catch (error) {
      if (!(error instanceof MokaError) || error.code !== "MOKA_FILE") throw error;
      this.#failure = error;
      this.#context.log("error", "moka:0", `${error.message}: training goes on without this snapshot`);
    }
  }

  /** Saves what was learned when `error` ends the run. Where the loss is not finite, the last updates are of no use. */
  async #rescue(error: unknown): Promise<void> {
    const { log } = this.#context;
    if (!this.#snapshotFiles.areWanted || this.iter === this.#savedIter) return;
    if (error instanceof MokaError && error.code === "MOKA_NAN") return;
    try {
      await this.#snapshot(false);
      const { state } = this.#snapshotFiles.names(this.iter);
      log("error", "moka:0", `An error ends the run after ${this.iter} iterations; ${state} is what was learned`);
    } catch (reason) {
      log("error", "moka:0", `What was learned in ${this.iter} iterations is lost: ${reasonOf(reason)}`);
    }
  }

  /**
   * Restores a snapshot: iteration, weights and history are those of the files. With the `.moka.json` that `snapshot`
   * wrote beside them, data, random numbers and smoothed loss continue too. Without it, or if it belongs to other
   * files, they start from the beginning as in Caffe, and the log says so.
   */
  async restore(path: string | URL): Promise<void> {
    await this.#usable.#calls.take(() => this.net.turn(() => this.#restore(pathOf(path))));
  }

  async #restore(path: string): Promise<void> {
    const { log, states } = this.#context;
    const state = await states.read(path);
    log("info", "sgd_solver.cpp:336", "SGDSolver: restoring history");
    this.#updater.loadHistory(state.history);
    if (isFieldSet(state, SolverStateSchema.field.learnedNet)) {
      await this.net.inTurn.copyTrainedLayersFrom(state.learnedNet, path);
    }
    this.#progress.iter = state.iter;
    this.#savedIter = state.iter;
    this.#progress.currentStep = state.currentStep;
    await this.#restoreRun(runStateFile(path));
  }

  /** Frees the nets and their engine, after the calls before it have ended. The solver cannot be used afterwards. */
  dispose(): Promise<void> {
    this.#disposal ??= this.#calls.take(() => this.#release());
    return this.#disposal;
  }

  async #release(): Promise<void> {
    for (const net of this.testNets) await net.dispose();
    await this.net.dispose();
    this.#updater.dispose();
    await this.#context.engine.dispose();
  }

  /** This solver; throws once it was disposed of. */
  get #usable(): Solver {
    check(!this.#disposal, "MOKA_USAGE", "the solver was disposed of: it cannot be used any more");
    return this;
  }

  // ---- saving and restoring a run

  /** The training net, then the test nets. */
  get #nets(): readonly Net[] {
    return [this.net, ...this.testNets];
  }

  #position(): Position {
    return positionOf(this.#nets, this.#context.random, this.#smoothedLoss.window);
  }

  async #saveRun(path: string): Promise<string | undefined> {
    const { log, files } = this.#context;
    try {
      const sha256 = await fingerprint(this.#nets, this.#updater.history);
      const text = formatRunState(this.#beforeTests ?? this.#position(), this.iter, sha256);
      await files.write(path, new TextEncoder().encode(text));
      return path;
    } catch (error) {
      if (!(error instanceof MokaError && error.code === "MOKA_UNSUPPORTED")) throw error;
      log("warning", "moka:0", `Snapshotting without ${path}: ${error.reason}`);
      return undefined;
    }
  }

  async #restoreRun(path: string): Promise<void> {
    const { log, files, random } = this.#context;
    const fallback = "data, random numbers and smoothed loss start from the beginning, as in Caffe";
    const text = await files.readText(path).catch((error: unknown) => {
      log("info", "moka:0", `Resuming from Caffe's own files alone (${reasonOf(error)}): ${fallback}`);
    });
    if (text === undefined) return;
    try {
      const state = parseRunState(text, this.iter, await fingerprint(this.#nets, this.#updater.history));
      const problems = await restorePosition(state, this.#nets, random);
      const smoothed = new SmoothedLoss(this.param.averageLoss);
      if (smoothed.restore(state.losses)) this.#restoredLoss = smoothed;
      else problems.push("average_loss has changed, so the smoothed loss starts from the beginning");
      for (const problem of problems) log("warning", "moka:0", `Resuming with ${path}, but not exactly: ${problem}`);
      if (problems.length === 0) log("info", "moka:0", `Resuming exactly where ${path} was written`);
    } catch (error) {
      if (!(error instanceof MokaError)) throw error;
      log("warning", "moka:0", `Ignoring ${path}, as ${error.reason}: ${fallback}`);
    }
  }

  /**
   * Updates the weights from the gradients that `net` has now, and counts an iteration, as pycaffe's `solver.apply_update`: for
   * a loop of one's own. Nothing is logged or tested.
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
    await this.#usable.net.turn(async () => {
      await this.#updater.apply(learningRate(this.param, this.#progress), this.iter);
      this.#progress.iter++;
    });
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
      if (!Number.isFinite(loss)) throw lossError(net, this.iter, this.lr);
      await net.inTurn.backward();
    }
    this.#loss = Math.fround(loss / param.iterSize);
    this.#smoothedLoss.add(this.#loss);
    if (isDisplayed) this.#display();
    const { currentStep: stepBefore } = this.#progress;
    const lr = learningRate(param, this.#progress);
    const { currentStep } = this.#progress;
    if (param.lrPolicy === "multistep" && currentStep > stepBefore) {
      const status = `MultiStep Status: Iteration ${this.iter}, step = ${currentStep}`;
      this.#context.log("info", "sgd_solver.cpp:50", status);
    }
    if (isDisplayed) {
      this.#context.log("info", "sgd_solver.cpp:112", `Iteration ${this.iter}, lr = ${formatNumber(lr)}`);
    }
    this.emit("iteration", { iter: this.iter, loss: this.loss, smoothedLoss: this.smoothedLoss, lr });
    await this.#updater.apply(lr, this.iter);
    this.#progress.iter++;
  }

  #display(): void {
    const { log } = this.#context;
    const now = performance.now();
    const seconds = (now - this.#lastDisplay.time) / 1000;
    const rate = (this.iter - this.#lastDisplay.iter) / (seconds || 1);
    const speed = `${formatNumber(rate)} iter/s, ${formatNumber(seconds)}s/${this.param.display} iters`;
    log("info", "solver.cpp:239", `Iteration ${this.iter} (${speed}), loss = ${formatNumber(this.smoothedLoss)}`);
    this.#lastDisplay = { time: now, iter: this.iter };
    const outputs = Object.fromEntries(this.net.outputs.map((name) => [name, this.net.blobs.get(name)?.data ?? []]));
    for (const line of outputLines("Train", this.net, outputs)) log("info", "solver.cpp:258", line);
  }

  #isTestDue(): boolean {
    const { testInterval, testInitialization } = this.param;
    return testInterval > 0 && this.iter % testInterval === 0 && (this.iter > 0 || testInitialization);
  }

  /** Runs all tests. A run resumed from a snapshot taken during a test repeats all tests. */
  async #testAll(): Promise<void> {
    this.#beforeTests = this.#position();
    for (let i = 0; i < this.testNets.length && !this.#stopped; i++) await this.#test(i);
    if (!this.#stopped) this.#beforeTests = undefined;
  }
}

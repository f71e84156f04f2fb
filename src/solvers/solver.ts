import { create, isFieldSet } from "@bufbuild/protobuf";
import type { Engine } from "../core/engine.js";
import type { Net } from "../core/net.js";
import {
  type NetParameter,
  type NetState,
  Phase,
  SolverParameter_SnapshotFormat as SnapshotFormat,
  type SolverParameter,
  SolverParameterSchema,
  type SolverState,
  SolverStateSchema,
} from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import { formatText } from "../proto/text/index.js";
import { check, MokaError, reasonOf } from "../util/errors.js";
import type { Files } from "../util/files.js";
import type { Log } from "../util/log.js";
import { formatNumber } from "../util/number-format.js";
import type { Random } from "../util/random.js";
import { fingerprint } from "./fingerprint.js";
import { ruleFor } from "./index.js";
import { checkPolicy, learningRate, type Progress } from "./lr-policy.js";
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
import { type NetChoice, stateFor, testNetsOf, trainNetOf } from "./solver-nets.js";
import { Updater } from "./updater.js";

/** What a solver needs from outside. */
export interface SolverContext {
  readonly log: Log;
  /** What all of this solver's nets run on; disposed of with the solver. */
  readonly engine: Engine;
  /** Reads and upgrades a net that the solver names. */
  readNet(path: string): Promise<NetParameter>;
  /** Builds a net on that engine. */
  buildNet(message: NetParameter, state: NetState, options: { backward: boolean }): Promise<Net>;
  readonly states: StateFiles;
  readonly files: Files;
  /** The generator that all layers of its nets share. */
  readonly random: Random;
  /** Lets the platform handle events that are waiting: signals, messages, timers. */
  yieldToEvents(): Promise<void>;
}

/** Reads and writes solver states, and knows whether a file could be written. */
export interface StateFiles {
  read(path: string): Promise<SolverState>;
  write(path: string, state: SolverState): Promise<void>;
  /** Throws unless a file of this name can be written; leaves nothing behind. */
  probe(path: string): Promise<void>;
}

export interface SolverEvents {
  /** After an iteration's gradient, before its update. */
  iteration: { readonly iter: number; readonly loss: number; readonly smoothedLoss: number; readonly lr: number };
  test: { readonly iter: number; readonly net: number; readonly outputs: Readonly<Record<string, Float32Array>> };
  /** `run` is the file that lets this very run go on, if it could be made; Caffe knows only the other two. */
  snapshot: { readonly iter: number; readonly model: string; readonly state: string; readonly run: string | undefined };
}

/** What the outside may ask a running solver for, as signals do in Caffe. */
export type SolverAction = "none" | "snapshot" | "stop";

type Listener<E extends keyof SolverEvents> = (event: SolverEvents[E]) => void;

/**
 * Trains a net: forward, backward and update by turns, with tests and snapshots between them.
 *
 * Follows BVLC Caffe's Solver step by step, and logs what it logs. One difference: a loss that is no longer a
 * number stops the run with an error, before it gets into the weights.
 */
export class Solver {
  readonly net: Net;
  readonly testNets: readonly Net[];
  readonly param: SolverParameter;
  readonly #context: SolverContext;
  readonly #updater: Updater;
  readonly #progress: Progress = { iter: 0, currentStep: 0 };
  readonly #listeners: { [E in keyof SolverEvents]: Set<Listener<E>> } = {
    iteration: new Set(),
    test: new Set(),
    snapshot: new Set(),
  };
  #smoothed: SmoothedLoss;
  /** A smoothed loss to go on from in the next `step`, which else starts a new one. */
  #resumed: SmoothedLoss | undefined;
  /** Where the run stood before the tests that are now under way. */
  #beforeTests: Position | undefined;
  #loss = Number.NaN;
  #stopped = false;
  #requested: () => SolverAction = () => "none";
  #displayed = { time: performance.now(), iter: 0 };

  private constructor(param: SolverParameter, net: Net, testNets: readonly Net[], context: SolverContext) {
    this.param = param;
    this.net = net;
    this.testNets = testNets;
    this.#context = context;
    this.#updater = new Updater(net, ruleFor(param), param);
    this.#smoothed = new SmoothedLoss(param.averageLoss);
  }

  /** Builds the solver's nets and loads the weights it names. `param` is upgraded and has a `snapshot_prefix`. */
  static async build(param: SolverParameter, context: SolverContext): Promise<Solver> {
    const { log } = context;
    log("info", "solver.cpp:45", `Initializing solver from parameters: \n${formatText(SolverParameterSchema, param)}`);
    check(param.averageLoss >= 1, "MOKA_FIELD", `average_loss must be 1 or more, not ${param.averageLoss}`);
    check(param.iterSize >= 1, "MOKA_FIELD", `iter_size must be 1 or more, not ${param.iterSize}`);
    checkPolicy(param);
    ruleFor(param);
    const testChoices = testNetsOf(param);
    if (param.snapshot > 0 || param.snapshotAfterTrain) await context.states.probe(`${param.snapshotPrefix}_iter_0`);

    const built: Net[] = [];
    try {
      const net = await buildChoice(trainNetOf(param), Phase.TRAIN, param.trainState, param, context);
      built.push(net);
      for (const [i, choice] of testChoices.entries()) {
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

  /** Updates made so far. */
  get iter(): number {
    return this.#progress.iter;
  }

  /** The learning rate of the coming iteration. */
  get lr(): number {
    return learningRate(this.param, { ...this.#progress });
  }

  /** Loss of the last iteration, the mean over `iter_size`; not a number before the first. */
  get loss(): number {
    return this.#loss;
  }

  /** Mean loss of the last `average_loss` iterations, as Caffe prints it. */
  get smoothedLoss(): number {
    return this.#smoothed.value;
  }

  /** Calls `listener` at every such event. Returns a function that ends that. */
  on<E extends keyof SolverEvents>(event: E, listener: Listener<E>): () => void {
    this.#listeners[event].add(listener);
    return () => void this.#listeners[event].delete(listener);
  }

  /** Asked after every iteration, and during tests: what the outside wants done. */
  onRequest(requested: () => SolverAction): void {
    this.#requested = requested;
  }

  /**
   * Makes `iterations` updates, with tests and snapshots as the solver says.
   *
   * @throws MokaError `MOKA_NAN` when the loss is no longer a finite number; the weights are then those before
   */
  async step(iterations: number): Promise<void> {
    const { param } = this;
    const stop = this.iter + iterations;
    this.#smoothed = this.#resumed ?? new SmoothedLoss(param.averageLoss);
    this.#resumed = undefined;
    this.#displayed = { time: performance.now(), iter: this.iter };
    while (this.iter < stop) {
      this.net.clearParamDiffs();
      if (this.#isTestDue()) {
        await this.#testAll();
        if (this.#stopped) return;
      }
      await this.#iterate();
      await this.#context.yieldToEvents();
      const request = this.#requested();
      if ((param.snapshot > 0 && this.iter % param.snapshot === 0) || request === "snapshot") await this.snapshot();
      if (request === "stop") {
        this.#stopped = true;
        return;
      }
    }
  }

  /** Trains until `max_iter`, and takes the last snapshot and test. */
  async solve(): Promise<void> {
    const { param } = this;
    const { log } = this.#context;
    log("info", "solver.cpp:289", `Solving ${this.net.name}`);
    log("info", "solver.cpp:290", `Learning Rate Policy: ${param.lrPolicy}`);
    this.#stopped = false;
    await this.step(param.maxIter - this.iter);
    const justTaken = param.snapshot > 0 && this.iter % param.snapshot === 0;
    if (param.snapshotAfterTrain && !justTaken) await this.snapshot();
    if (this.#stopped) {
      log("info", "solver.cpp:311", "Optimization stopped early.");
      return;
    }
    if (param.display > 0 && this.iter % param.display === 0) {
      await this.net.runForward();
      this.#smoothed.add(this.net.loss);
      log("info", "solver.cpp:327", `Iteration ${this.iter}, loss = ${formatNumber(this.smoothedLoss)}`);
    }
    if (param.testInterval > 0 && this.iter % param.testInterval === 0) await this.#testAll();
    log("info", "solver.cpp:332", "Optimization Done.");
  }

  /** Whether the last `solve` or `step` ended because the outside asked for it. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /**
   * Runs test net `index` for its `test_iter` batches.
   *
   * @returns its outputs by name, averaged over the batches
   */
  async test(index = 0): Promise<Record<string, Float32Array>> {
    const net = this.testNets[index];
    check(net, "MOKA_USAGE", `there is no test net ${index}; the solver has ${this.testNets.length}`);
    const { log } = this.#context;
    log("info", "solver.cpp:347", `Iteration ${this.iter}, Testing net (#${index})`);
    const mean = new OutputMean(net);
    let loss = 0;
    for (let batch = 0; batch < (this.param.testIter[index] ?? 0); batch++) {
      await this.#context.yieldToEvents();
      const request = this.#requested();
      if (request === "snapshot") await this.snapshot();
      if (request === "stop") {
        this.#stopped = true;
        log("info", "solver.cpp:396", "Test interrupted.");
        break;
      }
      await net.runForward();
      mean.add();
      loss += net.loss;
    }
    const outputs = mean.result();
    if (this.#stopped) return outputs;
    if (this.param.testComputeLoss) {
      log("info", "solver.cpp:401", `Test loss: ${formatNumber(loss / (this.param.testIter[index] ?? 1))}`);
    }
    for (const line of outputLines("Test", net, outputs)) log("info", "solver.cpp:414", line);
    this.#emit("test", { iter: this.iter, net: index, outputs });
    return outputs;
  }

  /**
   * Writes `<snapshot_prefix>_iter_<n>.caffemodel` and `.solverstate`, or both as `.h5`, and beside them `.moka.json`:
   * what Caffe forgets of a run.
   *
   * The solver state is written last: where there is one, there is the rest, however the process may end.
   */
  async snapshot(): Promise<void> {
    const { param, net } = this;
    const { log, states } = this.#context;
    const hdf5 = param.snapshotFormat === SnapshotFormat.HDF5;
    const name = `${param.snapshotPrefix}_iter_${this.iter}`;
    const model = `${name}.caffemodel${hdf5 ? ".h5" : ""}`;
    const state = `${name}.solverstate${hdf5 ? ".h5" : ""}`;
    const run = await this.#saveRun(runStateFile(state));
    const format = hdf5 ? "HDF5" : "binary proto";
    log("info", hdf5 ? "solver.cpp:474" : "solver.cpp:464", `Snapshotting to ${format} file ${model}`);
    await net.save(model, { diff: param.snapshotDiff });
    const origin = hdf5 ? "sgd_solver.cpp:296" : "sgd_solver.cpp:284";
    log("info", origin, `Snapshotting solver state to ${format} file ${state}`);
    const { currentStep } = this.#progress;
    const history = this.#updater.historyToMessage();
    await states.write(state, create(SolverStateSchema, { iter: this.iter, learnedNet: model, history, currentStep }));
    this.#emit("snapshot", { iter: this.iter, model, state, run });
  }

  /**
   * Goes on where a snapshot was taken: iteration, weights and history are those of the files. With the `.moka.json`
   * that `snapshot` wrote beside them, data, random numbers and smoothed loss go on too; without, or if it belongs to
   * other files, they start anew as in Caffe, and the log says so.
   */
  async restore(path: string): Promise<void> {
    const { log, states } = this.#context;
    const state = await states.read(path);
    log("info", "sgd_solver.cpp:336", "SGDSolver: restoring history");
    this.#updater.loadHistory(state.history);
    if (isFieldSet(state, SolverStateSchema.field.learnedNet)) {
      await this.net.copyTrainedLayersFrom(state.learnedNet, path);
    }
    this.#progress.iter = state.iter;
    this.#progress.currentStep = state.currentStep;
    await this.#restoreRun(runStateFile(path));
  }

  /** Frees the nets and their engine. */
  async dispose(): Promise<void> {
    this.#updater.dispose();
    for (const net of this.testNets) await net.dispose();
    await this.net.dispose();
    await this.#context.engine.dispose();
  }

  // ---- going on where a run stood

  /** The training net, then the test nets. */
  get #nets(): readonly Net[] {
    return [this.net, ...this.testNets];
  }

  #position(): Position {
    return positionOf(this.#nets, this.#context.random, this.#smoothed.window);
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
    const anew = "data, random numbers and smoothed loss start anew, as in Caffe";
    const text = await files.readText(path).catch((error: unknown) => {
      log("info", "moka:0", `Resuming from Caffe's own files alone (${reasonOf(error)}): ${anew}`);
    });
    if (text === undefined) return;
    try {
      const state = parseRunState(text, this.iter, await fingerprint(this.#nets, this.#updater.history));
      const problems = await restorePosition(state, this.#nets, random);
      const smoothed = new SmoothedLoss(this.param.averageLoss);
      if (smoothed.restore(state.losses)) this.#resumed = smoothed;
      else problems.push("average_loss is another, so that the smoothed loss starts anew");
      for (const problem of problems) log("warning", "moka:0", `Resuming with ${path}, but not exactly: ${problem}`);
      if (problems.length === 0) log("info", "moka:0", `Resuming exactly where ${path} was written`);
    } catch (error) {
      if (!(error instanceof MokaError)) throw error;
      log("warning", "moka:0", `Ignoring ${path}, as ${error.reason}: ${anew}`);
    }
  }

  // ---- one iteration

  async #iterate(): Promise<void> {
    this.#beforeTests = undefined;
    const { param, net } = this;
    const displays = param.display > 0 && this.iter % param.display === 0;
    net.debugInfo = displays && param.debugInfo;
    let loss = 0;
    for (let i = 0; i < param.iterSize; i++) {
      await net.runForward();
      loss += net.loss;
      if (!Number.isFinite(loss)) throw this.#lossError(net.loss);
      await net.runBackward();
    }
    this.#loss = Math.fround(loss / param.iterSize);
    this.#smoothed.add(this.#loss);
    if (displays) this.#display();
    const { currentStep: stepBefore } = this.#progress;
    const lr = learningRate(param, this.#progress);
    const { currentStep } = this.#progress;
    if (param.lrPolicy === "multistep" && currentStep > stepBefore) {
      const status = `MultiStep Status: Iteration ${this.iter}, step = ${currentStep}`;
      this.#context.log("info", "sgd_solver.cpp:50", status);
    }
    if (displays) {
      this.#context.log("info", "sgd_solver.cpp:112", `Iteration ${this.iter}, lr = ${formatNumber(lr)}`);
    }
    this.#emit("iteration", { iter: this.iter, loss: this.loss, smoothedLoss: this.smoothedLoss, lr });
    await this.#updater.apply(lr, this.iter);
    this.#progress.iter++;
  }

  #display(): void {
    const { log } = this.#context;
    const now = performance.now();
    const seconds = (now - this.#displayed.time) / 1000;
    const rate = (this.iter - this.#displayed.iter) / (seconds || 1);
    const speed = `${formatNumber(rate)} iter/s, ${formatNumber(seconds)}s/${this.param.display} iters`;
    log("info", "solver.cpp:239", `Iteration ${this.iter} (${speed}), loss = ${formatNumber(this.smoothedLoss)}`);
    this.#displayed = { time: now, iter: this.iter };
    const outputs = Object.fromEntries(this.net.outputs.map((name) => [name, this.net.blobs.get(name)?.data ?? []]));
    for (const line of outputLines("Train", this.net, outputs)) log("info", "solver.cpp:258", line);
  }

  #isTestDue(): boolean {
    const { testInterval, testInitialization } = this.param;
    return testInterval > 0 && this.iter % testInterval === 0 && (this.iter > 0 || testInitialization);
  }

  /** Who goes on from a snapshot that was asked for during the tests, tests again: it holds where the run stood before. */
  async #testAll(): Promise<void> {
    this.#beforeTests = this.#position();
    for (let i = 0; i < this.testNets.length && !this.#stopped; i++) await this.test(i);
    if (!this.#stopped) this.#beforeTests = undefined;
  }

  /** Says where it went wrong: the first blob, of those not overwritten, that holds something else than finite numbers. */
  #lossError(loss: number): MokaError {
    const lr = formatNumber(this.lr);
    for (const layer of this.net.layers) {
      for (const name of layer.tops) {
        const blob = this.net.blobs.get(name);
        const bad = blob?.hasData ? blob.data.find((value) => !Number.isFinite(value)) : undefined;
        if (bad === undefined) continue;
        return layer.error(
          "MOKA_NAN",
          `the loss became ${loss} in iteration ${this.iter} (lr ${lr}); "${name}" is the first blob with a value of ` +
            `${bad}. The weights are those after ${this.iter} updates; a lower base_lr, or clip_gradients, may help`,
        );
      }
    }
    return new MokaError("MOKA_NAN", `the loss became ${loss} in iteration ${this.iter} (lr ${lr})`);
  }

  #emit<E extends keyof SolverEvents>(event: E, value: SolverEvents[E]): void {
    for (const listener of this.#listeners[event]) listener(value);
  }
}

async function buildChoice(
  choice: NetChoice,
  phase: Phase,
  solverState: NetState | undefined,
  param: SolverParameter,
  context: SolverContext,
  index = 0,
): Promise<Net> {
  const { log } = context;
  if (phase === Phase.TRAIN) log("info", "solver.cpp:102", `Creating training net from ${choice.source}`);
  const message = choice.message ?? (await context.readNet(choice.file ?? ""));
  // Caffe reads test nets before it names them.
  if (phase === Phase.TEST)
    log("info", "solver.cpp:190", `Creating test net (#${index}) specified by ${choice.source}`);
  const state = stateFor(phase, message, solverState);
  const net = await context.buildNet(message, state, { backward: phase === Phase.TRAIN });
  for (const weights of param.weights) await net.copyTrainedLayersFrom(weights, sourceOf(param)?.file);
  return net;
}

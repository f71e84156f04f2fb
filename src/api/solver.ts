import { create, isFieldSet } from "@bufbuild/protobuf";
import { modifiedAt } from "#platform";
import { type Communicator, fromRoot } from "../core/communicator.js";
import type { Engine } from "../core/engine.js";
import type { PassName } from "../core/execution.js";
import { filterLayers } from "../core/filter-net.js";
import { Net } from "../core/net.js";
import { SolverStateFiles } from "../data/weight-files.js";
import { isAddress } from "../platform/open-files.js";
import {
  type NetParameter,
  NetParameterSchema,
  type NetState,
  NetStateSchema,
  type SolverParameter,
  SolverParameterSchema,
} from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import type { Weights } from "../proto/weight-sources.js";
import { lintCommand } from "../solvers/loss-error.js";
import { restartFrom } from "../solvers/restart.js";
import { Solver as CoreSolver } from "../solvers/solver.js";
import { separateNorms } from "../tools/batch-norm/separate.js";
import { check, MokaError, reasonOf } from "../util/errors.js";
import { type Files, pathOf } from "../util/files.js";
import { type Log, silent } from "../util/log.js";
import { checkOptions } from "../util/options.js";
import { freshSeed, Random } from "../util/random.js";
import { stoppable } from "../util/work.js";
import { createEngine, netContext, type RankOptions, type RunOptions, ranksOf } from "./environment.js";
import { netFrom, readSolver, readText, type SolverSource } from "./read-text.js";
import { causesIn, errorsIn, type Training, type TrainingFinding } from "./training.js";

export interface SolverOptions extends RunOptions, RankOptions {
  /** Weights to load: files or messages, as for `net.copyTrainedLayersFrom`. Not together with `snapshot`. */
  readonly weights?: Weights | undefined;
  /**
   * The path or address of a `.solverstate`, or its `.h5`, to resume from. With its `.moka.json` the results are bit for bit those without
   * the interruption. Without it, weights, history and iteration are restored; data and random numbers start from the
   * beginning, as in Caffe. If layers get data from the caller, call `solver.restore` instead, after they got the data.
   */
  readonly snapshot?: string | URL | undefined;
  /**
   * Resumes from the last whole snapshot with the solver's `snapshot_prefix`, if there is one: for a job that a scheduler starts
   * again after a failure. At most this many times in a row without a new snapshot; they are counted in
   * `<snapshot_prefix>.restarts.json`. Not together with `snapshot`. Default: no snapshot is looked for.
   */
  readonly restarts?: number | undefined;
  /** Level and stages of the training net's state, for include and exclude rules. Default: 0 and none. */
  readonly level?: number | undefined;
  readonly stages?: readonly string[] | undefined;
  /**
   * The blobs whose values and gradients can be read after a run; see `Net.load`. Default `all`, as in pycaffe. `outputs` takes
   * less memory and, in deep nets, less time: `moka train` uses it.
   */
  readonly keep?: "all" | "outputs" | undefined;
  /**
   * Gives each BatchNorm that works in place a top of its own, `conv1/bn1`, so that `watchBatchNorm` can look at its bottom. The nets compute
   * the same; each such layer takes the memory of one more blob. Default false.
   */
  readonly separateBatchNorm?: boolean | undefined;
  /**
   * `lintTraining`, to know why a training fails: the log then names errors of solver, nets and weights before the training starts,
   * and the error `MOKA_NAN` the most likely cause. Default: not looked for, since a page would have to load all of lint for it;
   * `moka train`, and `moka-caffe/worker`, do it.
   */
  readonly lint?: ((training: Training) => Promise<readonly TrainingFinding[]>) | undefined;
}

/** A solver with its nets; see `Solver.load`. */
export type Solver = CoreSolver;

export const Solver = {
  /**
   * Reads a solver and builds its nets, on one engine.
   *
   * Paths in the prototxts are relative to the working directory, as in Caffe, or, if there is no such file, to the folder of
   * the file that names them. `snapshot_prefix` is always relative to the working directory.
   *
   * @param source a solver's prototxt: its path or address, or its text (see `NetSource`); its bytes, a `Blob` or the message
   * @throws MokaError that names file, line, layer and blob
   * @example
   * ```ts
   * const solver = await Solver.load("solver.prototxt", { weights: "net.caffemodel" });
   * solver.on("test", ({ iter, outputs }) => console.log(iter, outputs.accuracy[0]));
   * await solver.solve();
   * await solver.dispose();
   * ```
   */
  async load(source: SolverSource, options: SolverOptions = {}): Promise<Solver> {
    checkOptions("Solver.load", options);
    return stoppable(options.signal, (signal) => loadSolver(source, { ...options, signal }));
  },
};

/** `Solver.load` with a choice of the passes that rewrite its programs. Default: all. */
export async function loadSolver(
  source: SolverSource,
  options: SolverOptions,
  passes?: readonly PassName[],
): Promise<Solver> {
  const { weights, keep = "all", restarts } = options;
  let { snapshot } = options;
  check(keep === "all" || keep === "outputs", "MOKA_USAGE", `keep must be "all" or "outputs", not "${keep}"`);
  check(
    weights === undefined || snapshot === undefined,
    "MOKA_USAGE",
    "give a snapshot to resume training or weights to finetune, but not both",
  );
  check(
    restarts === undefined || snapshot === undefined,
    "MOKA_USAGE",
    "give a snapshot to resume from, or restarts to look for the last one, but not both",
  );
  const ranks = ranksOf(options);
  const { communicator } = ranks;
  let engine: Engine | undefined;
  let solver: Solver | undefined;
  try {
    engine = await createEngine(options);
    const { files, log } = netContext(engine, options, undefined);
    const { param, file, text } = await readSolver(source, files, log);
    const texts = new Map([["", { file, text }]]);
    await completeParam(param, file, options, communicator, files, log);
    // All ranks ask rank 0, whatever their options: that they are the same is checked later.
    const last = await fromRoot(communicator, async () => {
      return restarts === undefined ? undefined : restartFrom(param, restarts, { files, log, modifiedAt });
    });
    snapshot ??= last;
    if (snapshot !== undefined) param.weights = [];
    const given = options.seed ?? seedOf(param);
    const seed = await commonSeed(communicator, given);
    const context = { ...netContext(engine, options, seed), ranks };
    const linted = async (net: Net) => {
      if (!options.lint) return undefined;
      try {
        const training = { texts: [...texts.values()], solver: param, weights: net.toMessage() };
        const known = { ranks: communicator.size, syncBatchNorm: ranks.syncBatchNorm };
        return await options.lint({ ...training, ...known, files, layers: options.layers });
      } catch (error) {
        // What lint cannot do must not end the training, nor hide its error.
        log("warning", "moka:0", `lint could not look at this training: ${reasonOf(error)}`);
        return undefined;
      }
    };
    solver = await CoreSolver.build(param, {
      log,
      readNet: async (path) => {
        const read = await readText(await files.resolve(path, file), files);
        texts.set(path, read);
        return netFrom(read, log);
      },
      causes: async (net, progress) => causesIn(await linted(net), progress),
      buildNet: async (message, state, { backward }) => {
        options.signal?.throwIfAborted();
        const built = options.separateBatchNorm ? withSeparateNorms(message, state) : message;
        return Net.build(built, state, { ...context, keep, passes, backward, ownsEngine: false });
      },
      states: new SolverStateFiles(files),
      files,
      random: context.random,
      seed: given,
      options: { keep, restarts, snapshot: snapshot === undefined ? undefined : pathOf(snapshot) },
      ranks,
      modifiedAt,
      engine,
    });
    // The nets were built with the same numbers on all ranks. From here on each draws its own, as in Caffe.
    if (communicator.rank > 0) context.random.restore(new Random(seed + communicator.rank).state);
    try {
      if (weights !== undefined && typeof weights !== "string" && snapshot === undefined) {
        for (const net of [solver.net, ...solver.testNets]) await net.copyTrainedLayersFrom(weights, undefined, true);
      }
      if (snapshot !== undefined) {
        log("info", "caffe.cpp:235", `Resuming from ${snapshot}`);
        await solver.restore(snapshot);
      }
      const command = file === undefined ? undefined : lintCommand(file, param.weights, ranks);
      const errors = errorsIn((await linted(solver.net)) ?? [], command);
      if (errors) log("warning", "moka:0", errors);
    } catch (error) {
      await solver.dispose();
      throw error;
    }
    options.signal?.throwIfAborted();
    return solver;
  } catch (error) {
    if (!(error instanceof MokaError && error.code === "MOKA_RANK" && communicator.rank > 0))
      await communicator.fail(error);
    await (solver ?? engine)?.dispose();
    throw error;
  }
}

function withSeparateNorms(net: NetParameter, state: NetState): NetParameter {
  const copy = copyMessage(NetParameterSchema, net);
  copy.layer = separateNorms(filterLayers(net, state, silent));
  return copy;
}

/** The seed of all ranks: the one that is given, else one that rank 0 draws. */
async function commonSeed(communicator: Communicator, given: number | undefined): Promise<number> {
  const seed = Float64Array.of(given ?? freshSeed());
  if (communicator.size > 1) await communicator.broadcast(seed);
  return seed[0] ?? 0;
}

/** Adds the options to a solver's message, and completes its `snapshot_prefix` as Caffe does. */
async function completeParam(
  param: SolverParameter,
  file: string | undefined,
  { weights, level, stages }: SolverOptions,
  communicator: Communicator,
  files: Files,
  log: Log,
): Promise<void> {
  if (weights !== undefined) param.weights = typeof weights === "string" ? [weights] : [];
  if (level !== undefined || stages !== undefined) {
    param.trainState ??= create(NetStateSchema);
    if (level !== undefined) param.trainState.level = level;
    param.trainState.stage = [...param.trainState.stage, ...(stages ?? [])];
  }
  // Rank 0 alone writes the snapshots: other machines need not have their folder.
  const isGiven = isFieldSet(param, SolverParameterSchema.field.snapshotPrefix);
  const isFolder = await fromRoot(communicator, async () => isGiven && (await files.isFolder(param.snapshotPrefix)));
  const stem = nameHere(file).replace(/\.[^./\\]*$/, "");
  if (!isGiven) {
    param.snapshotPrefix = stem;
    log("info", "upgrade_proto.cpp:1108", `snapshot_prefix was not specified and is set to ${stem}`);
  } else if (isFolder) {
    param.snapshotPrefix = `${param.snapshotPrefix.replace(/\/+$/, "")}/${stem.replace(/^.*[/\\]/, "")}`;
    log("info", "upgrade_proto.cpp:1113", `snapshot_prefix was a directory and is replaced to ${param.snapshotPrefix}`);
  }
}

/** The solver's file, as a path to write beside: of an address the last part alone. */
function nameHere(file = "snapshot"): string {
  if (!isAddress(file)) return file;
  return (/^https?:/i.test(file) && new URL(file).pathname.replace(/^.*\//, "")) || "snapshot";
}

function seedOf({ randomSeed }: SolverParameter): number | undefined {
  return randomSeed >= 0n ? Number(BigInt.asUintN(32, randomSeed)) : undefined;
}

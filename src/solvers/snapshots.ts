import { create, isFieldSet } from "@bufbuild/protobuf";
import { fromRoot, rankError } from "../core/communicator.js";
import type { Net } from "../core/net.js";
import type { Tensor } from "../core/tensor.js";
import {
  SolverParameter_SnapshotFormat as SnapshotFormat,
  type SolverParameter,
  SolverStateSchema,
} from "../proto/gen/caffe_pb.js";
import { MokaError, reasonOf } from "../util/errors.js";
import type { SolverContext } from "./context.js";
import type { DataParallel } from "./data-parallel.js";
import type { Progress } from "./lr-policy.js";
import { readRun, restoreRun, saveRun } from "./run-files.js";
import { type Position, runStateFile } from "./run-state.js";
import type { SmoothedLoss } from "./smoothed-loss.js";
import { SnapshotFiles, type SnapshotNames } from "./snapshot-files.js";
import type { Updater } from "./updater.js";

/** The parts of a training that snapshots store. */
interface Parts {
  readonly param: SolverParameter;
  /** The training net, then the test nets. */
  readonly nets: readonly [Net, ...Net[]];
  readonly updater: Updater;
  readonly parallel: DataParallel;
}

/** What a restored snapshot says of the run that wrote it. */
interface Restored extends Progress {
  /** What Caffe does not store; undefined if there is no state of the run that fits. */
  readonly run: { readonly tested: readonly number[]; readonly smoothedLoss: SmoothedLoss | undefined } | undefined;
}

/** Writes and restores a solver's snapshots. On several ranks all make each call, and rank 0 reads and writes for all. */
export class Snapshots {
  readonly files: SnapshotFiles;
  readonly #parts: Parts;
  readonly #context: SolverContext;

  constructor(parts: Parts, context: SolverContext) {
    this.#parts = parts;
    this.#context = context;
    this.files = new SnapshotFiles(parts.param, context);
  }

  /**
   * Writes the snapshot of an iteration. The solver state is written last: if it exists, the other files are complete.
   *
   * @param position where the run stands, if it can go on from here exactly
   * @returns the files, on the rank that writes them; or, on all ranks, why they could not be written
   * @throws MokaError for all other failures
   */
  async write(progress: Progress, position: Position | undefined): Promise<Written> {
    const { parallel } = this.#parts;
    const { communicator } = parallel;
    const positions = position && (await parallel.positions(position));
    let written: Written = {};
    // All ranks learn whether it was written: what they do next depends on it.
    const reason = await fromRoot(communicator, async () => {
      try {
        written = { files: await this.#write(progress, positions) };
        return undefined;
      } catch (failure) {
        if (!(failure instanceof MokaError) || failure.code !== "MOKA_FILE") throw failure;
        written = { failure };
        return reasonOf(failure);
      }
    });
    if (reason !== undefined && !written.failure) return { failure: rankError(communicator.names[0] ?? "", reason) };
    return written;
  }

  async #write(
    { iter, currentStep }: Progress,
    positions: readonly [Position, ...Position[]] | undefined,
  ): Promise<WrittenFiles> {
    const { param, nets, updater } = this.#parts;
    const { log, states } = this.#context;
    const hdf5 = param.snapshotFormat === SnapshotFormat.HDF5;
    const { model, state, run: runFile } = this.files.names(iter);
    await this.files.prepare(iter);
    const run = positions ? await saveRun(runFile, this.#runAt(iter), positions, this.#context) : undefined;
    const format = hdf5 ? "HDF5" : "binary proto";
    log("info", hdf5 ? "solver.cpp:474" : "solver.cpp:464", `Snapshotting to ${format} file ${model}`);
    await nets[0].inTurn.save(model, { diff: param.snapshotDiff });
    const origin = hdf5 ? "sgd_solver.cpp:296" : "sgd_solver.cpp:284";
    log("info", origin, `Snapshotting solver state to ${format} file ${state}`);
    const history = updater.historyToMessage();
    await states.write(state, create(SolverStateSchema, { iter, learnedNet: model, history, currentStep }));
    return { model, state, run };
  }

  /** Restores weights, history and, if its `.moka.json` fits, the position of the run. */
  async restore(path: string): Promise<Restored> {
    const { param, nets, updater, parallel } = this.#parts;
    const progress = await fromRoot(parallel.communicator, () => this.#restoreWeights(path));
    await parallel.shareRestored(updater.history);
    const file = runStateFile(path);
    const state = await fromRoot(parallel.communicator, () => readRun(file, this.#runAt(progress.iter), this.#context));
    // Another number of ranks begins with rank 0, where all stood.
    const isSame = (state?.ranks?.length ?? 1) === parallel.size;
    const run = state && {
      tested: isSame ? (state.tested ?? []) : [],
      smoothedLoss: await restoreRun(file, state, nets, param.averageLoss, this.#context),
    };
    return { ...progress, run };
  }

  async #restoreWeights(path: string): Promise<Progress> {
    const { nets, updater } = this.#parts;
    const { log, states } = this.#context;
    const state = await states.read(path);
    log("info", "sgd_solver.cpp:336", "SGDSolver: restoring history");
    updater.loadHistory(state.history);
    if (isFieldSet(state, SolverStateSchema.field.learnedNet)) {
      await nets[0].inTurn.copyTrainedLayersFrom(state.learnedNet, path);
    }
    return { iter: state.iter, currentStep: state.currentStep };
  }

  #runAt(iter: number): { iter: number; nets: readonly Net[]; history: readonly Tensor[] } {
    return { iter, nets: this.#parts.nets, history: this.#parts.updater.history };
  }
}

/** What came of writing a snapshot. */
interface Written {
  readonly files?: WrittenFiles;
  readonly failure?: MokaError;
}

/** The files of a snapshot; `run` is undefined if the state of the run could not be written. */
type WrittenFiles = Pick<SnapshotNames, "model" | "state"> & { readonly run: string | undefined };

import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import type { MpiCommunicator, SolverAction } from "../index.js";
import { MokaError, reasonOf } from "../util/errors.js";
import type { Log } from "../util/log.js";
import { flag, option } from "./command.js";
import { glog } from "./glog.js";
import { leaveBy } from "./leave.js";
import { oneOf, positive } from "./options.js";

/** Options of commands that run on several processes. */
export const rankOptions = {
  mpi: flag("--mpi", "run on all processes that mpirun or srun has started"),
  syncBatchNorm: flag(
    "--sync-bn",
    "with --mpi: BatchNorm's statistics over all ranks, as one process with their batches",
  ),
  bnAverages: option(
    "--bn-averages <whose>",
    "with --mpi: averages over all ranks, or rank 0's as in Caffe",
    oneOf("all", "root"),
    "all",
  ),
  timeout: option("--mpi-timeout <s>", "with --mpi: seconds after which a silent rank counts as lost", positive, 300),
  logFolder: option("--log-dir <folder>", "with --mpi: a folder for the log of each rank"),
};

interface RankValues {
  readonly mpi: boolean;
  readonly syncBatchNorm: boolean;
  readonly bnAverages: "all" | "root";
  readonly timeout: number;
  readonly logFolder: string | undefined;
}

/** What a command does with the processes that it runs on. */
export interface Processes {
  readonly communicator: MpiCommunicator | undefined;
  /** Whether this process prints what one process alone would. */
  readonly isRoot: boolean;
  /** The log of this rank: `log` on rank 0, and with --log-dir each rank's file. */
  log(log: Log): Log;
  /** The request of the launcher's SIGTERM, which comes before it ends all ranks. */
  onSignal(): SolverAction;
}

/**
 * Does the work of a command on this process alone, or with `--mpi` as one of the ranks of a launcher. If a rank fails, all of
 * them end, with the same message.
 */
export async function onRanks(values: RankValues, work: (processes: Processes) => Promise<void>): Promise<undefined> {
  const { mpi, logFolder, syncBatchNorm, bnAverages, timeout } = values;
  if (!mpi) {
    const needless = syncBatchNorm ? "--sync-bn" : bnAverages === "root" ? "--bn-averages" : logFolder && "--log-dir";
    if (needless) throw new MokaError("MOKA_USAGE", `${needless} is for several ranks: give --mpi too`);
    await work({ communicator: undefined, isRoot: true, log: (log) => log, onSignal: () => "none" });
    return undefined;
  }
  const { connectMpi } = await import("../index.js");
  const communicator = await connectMpi({ timeout });
  leaveBy(communicator.exit);
  const { rank, size } = communicator;
  let file: ReturnType<typeof openLog> | undefined;
  let isTerminated = false;
  const terminate = async () => {
    isTerminated = true;
    // A launcher sends SIGTERM to end the job: because it was asked to, or because a rank has died.
    const failure = await communicator.failure();
    if (failure) await communicator.fail(failure);
  };
  process.on("SIGTERM", terminate);
  try {
    if (logFolder !== undefined) file = openLog(logFolder, rank);
    await work({
      communicator,
      isRoot: rank === 0,
      log: (log) => (severity, origin, message) => {
        file?.log(severity, origin, message);
        if (rank === 0) log(severity, origin, message);
      },
      onSignal: () => {
        if (!isTerminated) return "none";
        isTerminated = false;
        return "stop";
      },
    });
    await communicator.close();
  } catch (error) {
    // All ranks say the same: which rank it was, where, and why. Several may fail at once: they settle on one.
    await communicator.fail(error);
    const isOwn = !(error instanceof MokaError && error.code === "MOKA_RANK");
    const isUsage = error instanceof MokaError && error.code === "MOKA_USAGE";
    const told = isOwn && !isUsage && size > 1 ? ((await communicator.failure()) ?? error) : error;
    file?.log("error", "moka:0", reasonOf(told));
    throw told;
  } finally {
    process.off("SIGTERM", terminate);
    file?.close();
  }
  return undefined;
}

/** The log of a rank, in Caffe's form, written line by line: what stands in it is there even if the process is killed. */
function openLog(folder: string, rank: number): { readonly log: Log; readonly close: () => void } {
  const path = `${folder}/moka.rank-${rank}.log`;
  let descriptor: number;
  try {
    mkdirSync(folder, { recursive: true });
    descriptor = openSync(path, "w");
  } catch (error) {
    throw new MokaError("MOKA_FILE", `cannot write the log ${path}: ${reasonOf(error)}`, { cause: error });
  }
  const write = (text: string) => {
    try {
      writeSync(descriptor, text);
    } catch {
      // A log that the disk cannot take is dropped, and the work goes on.
    }
  };
  return { log: glog(write), close: () => closeSync(descriptor) };
}

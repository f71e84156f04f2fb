import { oneRank } from "../core/communicator.js";
import type { Net } from "../core/net.js";
import type { Tensor } from "../core/tensor.js";
import { MokaError, reasonOf } from "../util/errors.js";
import type { SolverContext } from "./context.js";
import { fingerprint } from "./fingerprint.js";
import { formatRunState, type Position, parseRunState, type RunState, restorePosition } from "./run-state.js";
import { SmoothedLoss } from "./smoothed-loss.js";

/** What a run's state is written for. */
interface Run {
  readonly iter: number;
  /** The training net, then the test nets. */
  readonly nets: readonly Net[];
  readonly history: readonly Tensor[];
}

/**
 * Writes the state of a run. Returns its path; undefined, with a warning, where no hashes can be computed.
 *
 * @param positions the position of each rank
 */
export async function saveRun(
  path: string,
  { iter, nets, history }: Run,
  positions: readonly [Position, ...Position[]],
  { log, files }: SolverContext,
): Promise<string | undefined> {
  try {
    const text = formatRunState(positions, iter, await fingerprint(nets, history));
    await files.write(path, new TextEncoder().encode(text));
    return path;
  } catch (error) {
    if (!(error instanceof MokaError && error.code === "MOKA_UNSUPPORTED")) throw error;
    log("warning", "moka:0", `Snapshotting without ${path}: ${error.reason}`);
    return undefined;
  }
}

/** Reads the state of a run that belongs to the weights and history that were restored; undefined, with a line in the log, if there is none. */
export async function readRun(
  path: string,
  { iter, nets, history }: Run,
  { log, files }: SolverContext,
): Promise<RunState | undefined> {
  const fallback = "data, random numbers and smoothed loss start from the beginning, as in Caffe";
  const text = await files.readText(path).catch((error: unknown) => {
    log("info", "moka:0", `Resuming from Caffe's own files alone (${reasonOf(error)}): ${fallback}`);
  });
  if (text === undefined) return undefined;
  try {
    return parseRunState(text, iter, await fingerprint(nets, history));
  } catch (error) {
    if (!(error instanceof MokaError)) throw error;
    log("warning", "moka:0", `Ignoring ${path}, as ${error.reason}: ${fallback}`);
    return undefined;
  }
}

/**
 * Restores what the state of a run has of this rank; the log says what it lacks.
 *
 * @returns the smoothed loss to go on with; undefined if a new one begins
 */
export async function restoreRun(
  path: string,
  state: RunState,
  nets: readonly Net[],
  averageLoss: number,
  { log, random, ranks = oneRank }: SolverContext,
): Promise<SmoothedLoss | undefined> {
  const problems = await restorePosition(state, nets, random, ranks.communicator);
  const smoothed = new SmoothedLoss(averageLoss);
  const goesOn = smoothed.restore(state.losses);
  if (!goesOn) problems.push("average_loss has changed, so the smoothed loss starts from the beginning");
  for (const problem of problems) log("warning", "moka:0", `Resuming with ${path}, but not exactly: ${problem}`);
  if (problems.length === 0) log("info", "moka:0", `Resuming exactly where ${path} was written`);
  return goesOn ? smoothed : undefined;
}

import type { SolverParameter } from "../proto/gen/caffe_pb.js";
import { MokaError } from "../util/errors.js";
import { counted } from "../util/words.js";
import type { SolverContext } from "./context.js";
import { SnapshotFiles } from "./snapshot-files.js";

/** The content of `<snapshot_prefix>.restarts.json`: how often a run began at this iteration. */
interface Starts {
  readonly iter: number;
  readonly starts: number;
}

/**
 * The solver state that a run goes on from which a scheduler starts again after a failure: the last whole one of the solver's
 * prefix. How often it began there is counted beside it, so that what always fails does not go on for ever.
 *
 * @param most how often a run may begin again without a new snapshot
 * @returns undefined if there is no snapshot yet
 * @throws MokaError `MOKA_USAGE` if it began there that often already
 */
export async function restartFrom(
  param: SolverParameter,
  most: number,
  context: Pick<SolverContext, "files" | "log" | "modifiedAt">,
): Promise<string | undefined> {
  const { files, log } = context;
  const last = await new SnapshotFiles(param, context).last();
  const iter = last?.iter ?? 0;
  const path = `${param.snapshotPrefix}.restarts.json`;
  const before = await files
    .readText(path)
    .then((text) => (JSON.parse(text) as Partial<Starts> | null) ?? {})
    .catch((): Partial<Starts> => ({}));
  const restarts = before.iter === iter && Number.isInteger(before.starts) ? (before.starts ?? 0) : 0;
  if (restarts > most) {
    throw new MokaError(
      "MOKA_USAGE",
      `this training began ${counted(restarts, "time")} at iteration ${iter} without a new snapshot, more than --restarts ${most} ` +
        `allows: mend the cause, and remove ${path}`,
    );
  }
  const state: Starts = { iter, starts: restarts + 1 };
  await files.write(path, new TextEncoder().encode(`${JSON.stringify(state)}\n`));
  if (restarts > 0) log("warning", "moka:0", `Restart ${restarts} of at most ${most} at iteration ${iter}`);
  return last?.state;
}

import { isFieldSet } from "@bufbuild/protobuf";
import type { Layer } from "../core/layer.js";
import { type SolverParameter, SolverParameterSchema } from "../proto/gen/caffe_pb.js";
import { placeOf, sourceOf } from "../proto/source.js";
import { MokaError } from "../util/errors.js";
import type { Files } from "../util/files.js";
import type { Log } from "../util/log.js";
import { formatNumber } from "../util/number-format.js";
import { apVersions } from "./average-precision.js";
import { typeProblems } from "./index.js";
import { policyProblems } from "./lr-policy.js";
import { doubtful, refused, type SolverCheck, type SolverProblem } from "./problem.js";
import { netFilesOf, netProblems, trainChoices } from "./solver-nets.js";

/** All that is checked of a solver's fields, in the order in which building reports it. */
const checks: readonly SolverCheck[] = [
  countProblems,
  rateProblems,
  policyProblems,
  typeProblems,
  evalProblems,
  netProblems,
];

/**
 * What is wrong with a solver, by its message and by the folder of its snapshots. Building a solver and `moka lint` both
 * report these problems, in these words and at these places. No file is written.
 *
 * @param solver in today's form
 * @param files undefined where others write the snapshots: then their folder is not looked at
 */
export async function problemsOf(solver: SolverParameter, files: Files | undefined): Promise<readonly SolverProblem[]> {
  const problems = checks.flatMap((check) => [...check(solver)]);
  return files ? [...problems, ...(await snapshotProblems(solver, files))] : problems;
}

/**
 * Throws for the first error of `problemsOf`, and logs its warnings.
 *
 * @throws MokaError `MOKA_FIELD` at the field; `MOKA_FILE` if the folder of the snapshots is missing
 */
export async function checkSolver(solver: SolverParameter, files: Files | undefined, log: Log): Promise<void> {
  const problems = await problemsOf(solver, files);
  const error = problems.find(({ severity }) => severity === "error");
  if (error) throw asError(solver, error);
  logProblems(solver, problems, log);
}

/** Logs problems with which a solver is built. */
export function logProblems(solver: SolverParameter, problems: Iterable<SolverProblem>, log: Log): void {
  for (const problem of problems) log("warning", "moka:0", asError(solver, problem).message);
}

function asError(solver: SolverParameter, { field, index, reason }: SolverProblem): MokaError {
  const code = field === "snapshot_prefix" ? "MOKA_FILE" : "MOKA_FIELD";
  return new MokaError(code, reason, { place: placeOf(solver, field, index) });
}

function* countProblems({ averageLoss, iterSize, maxIter, snapshot, testIter }: SolverParameter) {
  if (averageLoss < 1) yield refused("average_loss", `average_loss must be 1 or more, not ${averageLoss}`);
  if (iterSize < 1) yield refused("iter_size", `iter_size must be 1 or more, not ${iterSize}`);
  if (maxIter < 0) yield doubtful("max_iter", `max_iter is ${maxIter}: no iteration is run`);
  if (snapshot < 0) yield doubtful("snapshot", `snapshot is ${snapshot}: no snapshot is taken before the end`);
  for (const [index, batches] of testIter.entries()) {
    if (batches <= 0)
      yield doubtful("test_iter", `test_iter is ${batches}: test net ${index} runs no batch`, { index });
  }
}

function* rateProblems(solver: SolverParameter) {
  const { baseLr, weightDecay } = solver;
  if (!isFieldSet(solver, SolverParameterSchema.field.baseLr)) {
    yield doubtful("base_lr", "base_lr is missing, which is 0: nothing is learned");
  } else if (baseLr < 0) {
    yield doubtful("base_lr", `base_lr is ${formatNumber(baseLr)}: the loss is made larger`, { divergesFrom: 1 });
  }
  if (weightDecay < 0) {
    const reason = `weight_decay is ${formatNumber(weightDecay)}: every update makes the weights larger`;
    yield doubtful("weight_decay", reason, { divergesFrom: 1 });
  }
}

function* evalProblems({ evalType, apVersion }: SolverParameter) {
  if (evalType !== "classification" && evalType !== "detection") {
    yield refused("eval_type", `eval_type must be "classification" or "detection", not "${evalType}"`);
  }
  if (evalType === "detection" && !apVersions.some((version) => version === apVersion)) {
    yield refused("ap_version", `ap_version must be one of ${apVersions.join(", ")}, not "${apVersion}"`);
  }
}

/** What is wrong with a solver whose test net has a layer that it evaluates in another way than its `eval_type` says. */
export function* evaluationProblems(
  { evalType }: SolverParameter,
  testNet: string,
  layers: Iterable<Pick<Layer, "evaluation" | "type" | "name">>,
): Iterable<SolverProblem> {
  for (const { evaluation, type, name } of layers) {
    if (evaluation === "mean" || evalType === evaluation) continue;
    yield doubtful(
      "eval_type",
      `${testNet}'s ${type} "${name}" needs eval_type: "${evaluation}"; without it its rows are averaged, which means nothing`,
    );
  }
}

/**
 * Reports a folder of the snapshots that does not exist. A prefix that is itself a folder gets the solver's name. If a net is
 * missing too, or none is named, nothing is reported: the solver does not run from this working directory.
 */
async function snapshotProblems(solver: SolverParameter, files: Files): Promise<readonly SolverProblem[]> {
  const { snapshot, snapshotAfterTrain, snapshotPrefix } = solver;
  if (!(snapshot > 0 || snapshotAfterTrain) || !isFieldSet(solver, SolverParameterSchema.field.snapshotPrefix))
    return [];
  if (trainChoices(solver).length === 0) return [];
  const folder = await failureOf(async () => {
    if (!(await files.isFolder(snapshotPrefix))) await files.probe(`${snapshotPrefix}_iter_0`, { readOnly: true });
  });
  if (!folder) return [];
  const net = await failureOf(async () => {
    const from = sourceOf(solver)?.file;
    for (const path of netFilesOf(solver)) (await files.open(await files.resolve(path, from))).close();
  });
  return net ? [] : [refused("snapshot_prefix", `snapshots cannot be taken: ${folder.reason}`)];
}

async function failureOf(work: () => Promise<void>): Promise<MokaError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof MokaError)) throw error;
    return error;
  }
}

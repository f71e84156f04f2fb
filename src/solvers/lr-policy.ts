import { isFieldSet } from "@bufbuild/protobuf";
import { type SolverParameter, SolverParameterSchema } from "../proto/gen/caffe_pb.js";
import { didYouMean, meant } from "../util/closest.js";
import type { Log } from "../util/log.js";
import { formatNumber } from "../util/number-format.js";
import { doubtful, refused, type SolverProblem } from "./problem.js";

/** The progress of a run, as far as learning rates depend on it. */
export interface Progress {
  /** Number of updates so far. */
  iter: number;
  /** Number of steps of the policies `step` and `multistep` so far; part of the solver state. */
  currentStep: number;
}

type Policy = (param: SolverParameter, progress: Progress) => number;

const f32 = Math.fround;

/** The policies of `lr_policy`; `t` is the iteration. */
const policies: Readonly<Record<string, Policy>> = {
  /** base_lr */
  fixed: ({ baseLr }) => baseLr,
  /** base_lr·gamma^⌊t/stepsize⌋ */
  step: ({ baseLr, gamma, stepsize }, progress) => {
    progress.currentStep = Math.floor(progress.iter / stepsize);
    return baseLr * gamma ** progress.currentStep;
  },
  /** base_lr·gamma^t */
  exp: ({ baseLr, gamma }, { iter }) => baseLr * gamma ** iter,
  /** base_lr·(1 + gamma·t)^−power */
  inv: ({ baseLr, gamma, power }, { iter }) => baseLr * f32(f32(1 + f32(gamma * iter)) ** -power),
  /** base_lr·gamma^n, n the number of `stepvalue` reached */
  multistep: ({ baseLr, gamma, stepvalue }, progress) => {
    const next = stepvalue[progress.currentStep];
    if (next !== undefined && progress.iter >= next) progress.currentStep++;
    return baseLr * gamma ** progress.currentStep;
  },
  /** base_lr·(1 − t/max_iter)^power */
  poly: ({ baseLr, maxIter, power }, { iter }) => baseLr * f32(f32(1 - f32(iter / maxIter)) ** power),
  /** base_lr/(1 + e^(−gamma·(t − stepsize))) */
  sigmoid: ({ baseLr, gamma, stepsize }, { iter }) => {
    return baseLr * f32(1 / f32(1 + f32(Math.exp(f32(-gamma * (iter - stepsize))))));
  },
};

/** The names of all policies. */
export const policyNames: readonly string[] = Object.keys(policies);

/** What is wrong with `lr_policy` and the fields that it reads. Of a field that is missing Caffe takes the default, 0. */
export function* policyProblems(solver: SolverParameter): Iterable<SolverProblem> {
  const { lrPolicy, gamma, power, stepsize, stepvalue, maxIter } = solver;
  if (!Object.hasOwn(policies, lrPolicy)) {
    const names = policyNames;
    const is = lrPolicy === "" ? "lr_policy is missing" : `lr_policy "${lrPolicy}" is unknown`;
    const reason = `${is}; there are ${names.join(", ")}${didYouMean(lrPolicy, names)}`;
    yield refused("lr_policy", reason, { meant: meant(lrPolicy, names) });
    return;
  }
  const policy = `lr_policy "${lrPolicy}"`;
  const reads = (...names: readonly string[]) => names.includes(lrPolicy);
  const isMissing = (field: "gamma" | "power") => !isFieldSet(solver, SolverParameterSchema.field[field]);
  if (reads("step", "sigmoid") && stepsize <= 0) {
    yield refused(given(solver, "stepsize"), `${policy} needs stepsize greater than 0`);
  }
  if (reads("step", "exp", "inv", "multistep", "sigmoid") && gamma < 0) {
    yield refused("gamma", `gamma must not be negative; it is ${formatNumber(gamma)}`);
  }
  if (reads("poly") && maxIter <= 0)
    yield refused(given(solver, "max_iter"), `${policy} needs max_iter greater than 0`);
  if (reads("step", "exp", "multistep") && isMissing("gamma")) {
    yield doubtful(
      "lr_policy",
      `${policy} without gamma, which is then 0: so is the learning rate after the first step`,
    );
  }
  if ((reads("inv", "sigmoid") && isMissing("gamma")) || (reads("inv", "poly") && isMissing("power"))) {
    const missing = isMissing("gamma") && !reads("poly") ? "gamma" : "power";
    yield doubtful("lr_policy", `${policy} without ${missing}, which is then 0: the learning rate never changes`);
  }
  if (reads("step", "exp", "multistep") && gamma > 1) {
    const reason = `gamma is ${formatNumber(gamma)}: ${policy} makes the learning rate larger, not smaller`;
    const firstStep = { step: stepsize, multistep: stepvalue[0] }[lrPolicy] ?? 1;
    yield doubtful("gamma", reason, { divergesFrom: firstStep + 1 });
  }
  if (reads("inv", "poly") && power < 0) {
    const reason = `power is ${formatNumber(power)}: ${policy} makes the learning rate larger, not smaller`;
    yield doubtful("power", reason, { divergesFrom: 2 });
  }
  if (!reads("multistep")) return;
  if (stepvalue.length === 0) {
    yield doubtful("lr_policy", `${policy} without stepvalue: the learning rate never changes`);
  }
  for (const [index, value] of stepvalue.entries()) {
    const before = stepvalue[index - 1];
    if (before === undefined || before < value) continue;
    const reason = `stepvalue ${value} stands after ${before}: steps are taken in the order of the text, one an iteration`;
    yield doubtful("stepvalue", reason, { index });
  }
}

/** A field, if the text gives it; else `lr_policy`, which asks for it. */
function given(solver: SolverParameter, field: "stepsize" | "max_iter"): string {
  const { stepsize, maxIter } = SolverParameterSchema.field;
  return isFieldSet(solver, field === "stepsize" ? stepsize : maxIter) ? field : "lr_policy";
}

/**
 * The learning rate of this iteration, with Caffe's rounding. `step` sets `progress.currentStep`, and `multistep`
 * increases it by at most one per call, as in Caffe.
 */
export function learningRate(param: SolverParameter, progress: Progress): number {
  return f32(policies[param.lrPolicy]?.(param, progress) ?? param.baseLr);
}

/** The learning rate of this iteration, logged as Caffe does: each step of `multistep`, and the rate where it `isDisplayed`. */
export function loggedRate(param: SolverParameter, progress: Progress, isDisplayed: boolean, log: Log): number {
  const { iter, currentStep } = progress;
  const rate = learningRate(param, progress);
  if (param.lrPolicy === "multistep" && progress.currentStep > currentStep) {
    log("info", "sgd_solver.cpp:50", `MultiStep Status: Iteration ${iter}, step = ${progress.currentStep}`);
  }
  if (isDisplayed) log("info", "sgd_solver.cpp:112", `Iteration ${iter}, lr = ${formatNumber(rate)}`);
  return rate;
}

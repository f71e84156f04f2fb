import type { SolverParameter } from "../proto/gen/caffe_pb.js";
import { check } from "../util/errors.js";

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
    check(stepsize > 0, "MOKA_FIELD", 'lr_policy "step" needs stepsize greater than 0');
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
    check(stepsize > 0, "MOKA_FIELD", 'lr_policy "sigmoid" needs stepsize greater than 0');
    return baseLr * f32(1 / f32(1 + f32(Math.exp(f32(-gamma * (iter - stepsize))))));
  },
};

/** Throws for an unknown policy or a negative gamma, before training starts. */
export function checkPolicy({ lrPolicy, gamma }: SolverParameter): void {
  const known = Object.keys(policies).join(", ");
  check(lrPolicy in policies, "MOKA_FIELD", `lr_policy "${lrPolicy}" is unknown; there are ${known}`);
  check(gamma >= 0, "MOKA_FIELD", `gamma must not be negative; it is ${gamma}`);
}

/**
 * The learning rate of this iteration, with Caffe's rounding. `step` sets `progress.currentStep`, and `multistep`
 * increases it by at most one per call, as in Caffe.
 */
export function learningRate(param: SolverParameter, progress: Progress): number {
  return f32(policies[param.lrPolicy]?.(param, progress) ?? param.baseLr);
}

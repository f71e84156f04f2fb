import { record } from "../core/recorder.js";
import { type Memory, Span } from "../core/span.js";
import { Tensor } from "../core/tensor.js";
import { bind } from "../engines/reference/bind.js";
import { adaDelta, adaGrad, adam, nesterov, rmsProp, sgd } from "../engines/reference/solver.js";
import type { SolverParameter } from "../proto/gen/caffe_pb.js";
import { ruleFor, typeProblems } from "../solvers/index.js";
import { learningRate, policyProblems } from "../solvers/lr-policy.js";
import { memoized } from "../util/memoized.js";

/** The multipliers of one parameter. */
export interface Multipliers {
  readonly lrMult: number;
  readonly decayMult: number;
}

/** What weight decay alone makes of a parameter. */
export interface Decayed {
  /** Its value after the iterations. */
  readonly value: number;
  readonly iterations: number;
  /** Whether a step is divided by the size of the gradients, so that decay moves a parameter with gradients less. */
  readonly isNormalized: boolean;
}

/** The definitions of the update kernels. An engine would bring all others into a page that only lints. */
const definitions = { sgd, nesterov, adaGrad, rmsProp, adaDelta, adam };

/** Single precision, as in training. */
const memory: Memory = { allocate: (count) => ({ array: new Float32Array(count), release() {} }) };

/** A longer training is computed up to here: a million iterations take about 0.2 s. */
const mostIterations = 1_000_000;

/**
 * The value that a parameter of 1 without gradients has at the end of the training. Undefined if the solver would be
 * refused, makes no iterations, or if the value overflows.
 */
export function decayOfOne(solver: SolverParameter, multipliers: Multipliers): Decayed | undefined {
  const known = computed(solver);
  const key = `${multipliers.lrMult} ${multipliers.decayMult}`;
  if (!known.has(key)) known.set(key, canRun(solver) ? compute(solver, multipliers) : undefined);
  return known.get(key);
}

/** The results of a solver, by multipliers: the layers of a net mostly have the same. */
const computed = memoized((_: SolverParameter) => new Map<string, Decayed | undefined>());

function canRun(solver: SolverParameter): boolean {
  const problems = [...policyProblems(solver), ...typeProblems(solver)];
  return solver.iterSize >= 1 && solver.maxIter > 0 && !problems.some(({ severity }) => severity === "error");
}

/**
 * Runs the solver's own rates and updates on one number, in single precision: so momentum, policy, type and regularization
 * count as they do in training.
 */
function compute(solver: SolverParameter, { lrMult, decayMult }: Multipliers): Decayed | undefined {
  const iterations = Math.min(solver.maxIter, mostIterations);
  const rule = ruleFor(solver);
  const tensor = new Tensor("parameter", [1], memory);
  const history = Array.from({ length: rule.histories }, (_, i) => new Tensor(`history ${i}`, [1], memory));
  const span = (name: string) => new Span(name, 1, memory);
  const [rate, clip, correction] = [span("rate"), span("clip"), span("correction")];
  const { recorder, steps } = record(0, "decay", memory, false);
  rule.record(recorder, {
    param: { tensor, lrMult, decayMult },
    history,
    rate,
    clip,
    correction,
    solver,
    batches: solver.iterSize,
  });
  const calls = steps
    .filter((step) => step.kind === "kernel")
    .map((step) => bind(step, definitions[step.kernel as keyof typeof definitions]));

  const [value, gradient] = [tensor.data.array, tensor.diff.array];
  const [rates, corrections] = [rate.array, correction.array];
  value[0] = 1;
  clip.array[0] = 1;
  const progress = { iter: 0, currentStep: 0 };
  for (; progress.iter < iterations; progress.iter++) {
    gradient[0] = 0; // The update leaves its step there.
    rates[0] = learningRate(solver, progress);
    corrections[0] = rule.correction?.(solver, progress.iter + 1) ?? 1;
    for (const call of calls) call();
  }
  const end = value[0] ?? Number.NaN;
  return Number.isFinite(end) ? { value: end, iterations, isNormalized: rule.isNormalized } : undefined;
}

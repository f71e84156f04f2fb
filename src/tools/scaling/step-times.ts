import { check } from "../../util/errors.js";

/** A step of a net's program, and the time that it takes. */
export interface StepTime {
  /** The layer that the step is recorded for, and its kernel or its label. */
  readonly layer: string;
  readonly kernel: string;
  readonly seconds: number;
  /** The bytes that it sums over all ranks before the next step can run; 0 for most steps. */
  readonly waitsFor: number;
}

/** The times of one iteration of a rank with `batch` records, each the median of several. */
export interface IterationTimes {
  readonly batch: number;
  readonly forward: readonly StepTime[];
  readonly backward: readonly StepTime[];
  /** The update of the parameters, and clearing their gradients. */
  readonly update: number;
  /** Half of the range in which two thirds of the iterations lie, beside the median. */
  readonly spread: number;
}

/** Seconds of forward, of backward, and of all. */
export function totalsOf({ forward, backward, update }: IterationTimes) {
  const sum = (steps: readonly StepTime[]) => steps.reduce((total, { seconds }) => total + seconds, 0);
  return { forward: sum(forward), backward: sum(backward), all: sum(forward) + sum(backward) + update };
}

/** Times as a linear function of the batch, step by step. */
export interface TimeFit {
  /** The times with this batch, which need not be one that was measured. */
  at(batch: number): IterationTimes;
  /** The largest difference between a measured iteration and the fit, relative to the measured one. */
  readonly error: number;
}

/**
 * Fits a + b·B to the times of each step, by least squares of relative differences; a and b are at least 0. The times of one
 * batch alone stand for that batch only.
 */
export function fitTimes(measured: readonly IterationTimes[]): TimeFit {
  const [first, ...others] = measured;
  check(first, "MOKA_USAGE", "no batch was measured");
  if (others.length === 0) return { at: (batch) => ({ ...first, batch }), error: 0 };
  const lengths = new Set(measured.map(({ forward, backward }) => `${forward.length} ${backward.length}`));
  check(
    lengths.size === 1,
    "MOKA_UNSUPPORTED",
    "the program of this net has other steps for other batches: give --batch instead of --global-batch",
  );
  const batches = measured.map(({ batch }) => batch);
  const lineOf = (pick: (times: IterationTimes) => number) => fitLine(batches, measured.map(pick));
  const stepLines = (direction: "forward" | "backward") =>
    first[direction].map((step, i) => ({
      step,
      seconds: lineOf((times) => times[direction][i]?.seconds ?? 0),
      waitsFor: lineOf((times) => times[direction][i]?.waitsFor ?? 0),
    }));
  const [forward, backward] = [stepLines("forward"), stepLines("backward")];
  const update = lineOf((times) => times.update);
  const spread = Math.max(...measured.map((times) => times.spread));
  const at = (batch: number): IterationTimes => {
    const stepsAt = (lines: typeof forward) =>
      lines.map(({ step, seconds, waitsFor }) => ({ ...step, seconds: seconds(batch), waitsFor: waitsFor(batch) }));
    return { batch, forward: stepsAt(forward), backward: stepsAt(backward), update: update(batch), spread };
  };
  const errors = measured.map((times) => Math.abs(totalsOf(at(times.batch)).all / totalsOf(times).all - 1));
  return { at, error: Math.max(...errors) };
}

/** The line a + b·x with the least relative differences from the points; a and b are at least 0. */
export function fitLine(xs: readonly number[], ys: readonly number[]): (x: number) => number {
  if (ys.every((y) => y === ys[0])) return () => ys[0] ?? 0;
  const weights = ys.map((y) => 1 / Math.max(y, 1e-9) ** 2);
  const sum = (of: (i: number) => number) => weights.reduce((total, weight, i) => total + weight * of(i), 0);
  const x = (i: number) => xs[i] ?? 0;
  const y = (i: number) => ys[i] ?? 0;
  const [sw, sx, sy] = [sum(() => 1), sum(x), sum(y)];
  const [sxx, sxy] = [sum((i) => x(i) ** 2), sum((i) => x(i) * y(i))];
  const slope = (sw * sxy - sx * sy) / (sw * sxx - sx ** 2);
  const offset = (sy - slope * sx) / sw;
  if (slope < 0) return () => sy / sw;
  if (offset < 0) return (at) => (sxy / sxx) * at;
  return (at) => offset + slope * at;
}

/** The same steps with other times. */
export function eachTimes(times: IterationTimes, change: (seconds: number) => number): IterationTimes {
  const steps = (of: readonly StepTime[]) => of.map((step) => ({ ...step, seconds: change(step.seconds) }));
  return {
    ...times,
    forward: steps(times.forward),
    backward: steps(times.backward),
    update: change(times.update),
    spread: change(times.spread),
  };
}

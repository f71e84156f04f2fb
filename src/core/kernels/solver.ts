// One kernel for each solver type: it makes one step as Caffe does, from the gradient g of `Descent`: dw = the step,
// w −= dw. The rate in the formulas is rate[0]·rateScale.
import { type ArgumentsFrom, elementwise, kernel } from "./kernel.js";

/** Before the step dw is the gradient, after it the value that was subtracted from w. */
const descent = {
  w: "inout",
  dw: "inout",
  rate: "in1",
  clip: "in1",
  rateScale: "number",
  gradientScale: "number",
  decay: "number",
  isL1: "boolean",
} as const;

const smoothing = { momentum: "number", delta: "number" } as const;

/** The arguments of all solver kernels: g = gradientScale·clip[0]·dw + decay·w, or + decay·sign(w) with `isL1`. */
export type Descent = ArgumentsFrom<typeof descent>;

/** y[0] += Σ x² */
export const sumSquares = kernel({ x: "in", y: "inout" }, { operations: 2 });
/** history = rate·g + momentum·history; dw = history */
export const sgd = elementwise({ ...descent, history: "inout", momentum: "number" }, { operations: 7 });
/** history as in `sgd`; dw = (1 + momentum)·history − momentum·(history before the step) */
export const nesterov = elementwise({ ...descent, history: "inout", momentum: "number" });
/** history += g²; dw = rate·g/(√history + delta) */
export const adaGrad = elementwise({ ...descent, history: "inout", delta: "number" });
/** history = rmsDecay·history + (1 − rmsDecay)·g²; dw = rate·g/(√history + delta) */
export const rmsProp = elementwise({ ...descent, history: "inout", rmsDecay: "number", delta: "number" });
/**
 * gradients = momentum·gradients + (1 − momentum)·g²; u = g·√((delta + updates)/(delta + gradients));
 * updates = momentum·updates + (1 − momentum)·u²; dw = rate·u
 */
export const adaDelta = elementwise({ ...descent, gradients: "inout", updates: "inout", ...smoothing });
/**
 * mean = momentum·mean + (1 − momentum)·g; square = momentum2·square + (1 − momentum2)·g²;
 * dw = rate·correction[0]·mean/(√square + delta)
 */
export const adam = elementwise({
  ...descent,
  mean: "inout",
  square: "inout",
  correction: "in1",
  momentum: "number",
  momentum2: "number",
  delta: "number",
});

import type { Descent } from "../../core/kernels.js";
import type { Arguments, Resolved } from "./kernel.js";

export function sumSquares({ x, y }: Arguments<"sumSquares">): void {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += x[i] * x[i];
  y[0] += total;
}

export function sgd(args: Arguments<"sgd">): void {
  const { history, momentum } = args;
  descend(args, (g, rate, i) => {
    history[i] = rate * g + momentum * history[i];
    return history[i];
  });
}

export function nesterov(args: Arguments<"nesterov">): void {
  const { history, momentum } = args;
  descend(args, (g, rate, i) => {
    const before = history[i];
    history[i] = rate * g + momentum * before;
    return (1 + momentum) * history[i] - momentum * before;
  });
}

export function adaGrad(args: Arguments<"adaGrad">): void {
  const { history, delta } = args;
  descend(args, (g, rate, i) => {
    history[i] += g * g;
    return (rate * g) / (Math.sqrt(history[i]) + delta);
  });
}

export function rmsProp(args: Arguments<"rmsProp">): void {
  const { history, rmsDecay, delta } = args;
  descend(args, (g, rate, i) => {
    history[i] = rmsDecay * history[i] + (1 - rmsDecay) * g * g;
    return (rate * g) / (Math.sqrt(history[i]) + delta);
  });
}

export function adaDelta(args: Arguments<"adaDelta">): void {
  const { gradients, updates, momentum, delta } = args;
  descend(args, (g, rate, i) => {
    gradients[i] = momentum * gradients[i] + (1 - momentum) * g * g;
    const update = g * Math.sqrt((delta + updates[i]) / (delta + gradients[i]));
    updates[i] = momentum * updates[i] + (1 - momentum) * update * update;
    return rate * update;
  });
}

export function adam(args: Arguments<"adam">): void {
  const { mean, square, correction, momentum, momentum2, delta } = args;
  descend(args, (g, rate, i) => {
    mean[i] = momentum * mean[i] + (1 - momentum) * g;
    square[i] = momentum2 * square[i] + (1 - momentum2) * g * g;
    return (rate * correction[0] * mean[i]) / (Math.sqrt(square[i]) + delta);
  });
}

/** Subtracts from each weight the step for its gradient at this rate. */
function descend(
  { w, dw, rate, clip, rateScale, gradientScale, decay, isL1 }: Resolved<Descent>,
  step: (gradient: number, rate: number, index: number) => number,
): void {
  for (let i = 0; i < w.length; i++) {
    const penalty = decay * (isL1 ? Math.sign(w[i]) : w[i]);
    dw[i] = step(gradientScale * clip[0] * dw[i] + penalty, rate[0] * rateScale, i);
    w[i] -= dw[i];
  }
}

import type { Arguments } from "./kernel.js";

export function sumSquares({ x, y }: Arguments<"sumSquares">): void {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += x[i] * x[i];
  y[0] += total;
}

export function sgd(args: Arguments<"sgd">): void {
  const { w, dw, history, rate, clip, rateScale, gradientScale, momentum, decay, decayNorm } = args;
  for (let i = 0; i < w.length; i++) {
    const penalty = decay * (decayNorm === "L1" ? Math.sign(w[i]) : w[i]);
    const gradient = gradientScale * clip[0] * dw[i] + penalty;
    history[i] = rate[0] * rateScale * gradient + momentum * history[i];
    dw[i] = history[i];
    w[i] -= history[i];
  }
}

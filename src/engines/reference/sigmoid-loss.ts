import type { Arguments } from "./kernel.js";
import { normalizer } from "./labels.js";

export function sigmoidLoss({ x, target, loss, ...args }: Arguments<"sigmoidLoss">): void {
  let total = 0;
  for (let i = 0; i < target.length; i++) {
    if (Math.trunc(target[i]) === args.ignore) continue;
    total += Math.max(x[i], 0) + Math.log1p(Math.exp(-Math.abs(x[i]))) - x[i] * target[i];
  }
  loss[0] = total / normalizer(args, target);
}

export function sigmoidLossBackward({ x, target, dloss, dx, ...args }: Arguments<"sigmoidLossBackward">): void {
  const multiplier = dloss[0] / normalizer(args, target);
  for (let i = 0; i < target.length; i++) {
    const probability = 1 / (1 + Math.exp(-x[i]));
    dx[i] = Math.trunc(target[i]) === args.ignore ? 0 : multiplier * (probability - target[i]);
  }
}

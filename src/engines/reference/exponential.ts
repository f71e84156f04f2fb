import type { Arguments } from "./kernel.js";

export function exp({ x, y, scale, shift }: Arguments<"exp">): void {
  for (let i = 0; i < y.length; i++) y[i] = Math.exp(scale * x[i] + shift);
}

export function log({ x, y, scale, shift }: Arguments<"log">): void {
  for (let i = 0; i < y.length; i++) y[i] = Math.log(scale * x[i] + shift);
}

export function logBackward({ x, dy, dx, scale, shift }: Arguments<"logBackward">): void {
  for (let i = 0; i < dx.length; i++) dx[i] = (scale * dy[i]) / (scale * x[i] + shift);
}

export function elu({ x, y, alpha }: Arguments<"elu">): void {
  for (let i = 0; i < y.length; i++) y[i] = Math.max(x[i], 0) + alpha * Math.expm1(Math.min(x[i], 0));
}

export function eluBackward({ x, y, dy, dx, alpha }: Arguments<"eluBackward">): void {
  for (let i = 0; i < dx.length; i++) dx[i] = x[i] > 0 ? dy[i] : dy[i] * (alpha + y[i]);
}

export function softplus({ x, y }: Arguments<"softplus">): void {
  for (let i = 0; i < y.length; i++) y[i] = Math.max(x[i], 0) + Math.log1p(Math.exp(-Math.abs(x[i])));
}

export function softplusBackward({ x, dy, dx }: Arguments<"softplusBackward">): void {
  for (let i = 0; i < dx.length; i++) dx[i] = dy[i] / (1 + Math.exp(-x[i]));
}

export function swish({ x, y, beta }: Arguments<"swish">): void {
  for (let i = 0; i < y.length; i++) y[i] = x[i] / (1 + Math.exp(-beta * x[i]));
}

export function swishBackward({ x, dy, dx, beta }: Arguments<"swishBackward">): void {
  for (let i = 0; i < dx.length; i++) {
    const gate = 1 / (1 + Math.exp(-beta * x[i]));
    dx[i] = dy[i] * (gate + beta * x[i] * gate * (1 - gate));
  }
}

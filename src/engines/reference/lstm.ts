import type { Arguments } from "./kernel.js";

export function lstmUnit({ gates, cPrev, cont, c, h, n, dim }: Arguments<"lstmUnit">): void {
  for (let at = 0; at < n * dim; at++) {
    const { input, forget, output, candidate } = unitAt(gates, cont, at, dim);
    c[at] = forget * cPrev[at] + input * candidate;
    h[at] = output * Math.tanh(c[at]);
  }
}

export function lstmUnitBackward(args: Arguments<"lstmUnitBackward">): void {
  const { gates, cPrev, cont, c, dc, dh, dgates, dcPrev, n, dim } = args;
  for (let at = 0; at < n * dim; at++) {
    const { first, input, forget, output, candidate } = unitAt(gates, cont, at, dim);
    const y = Math.tanh(c[at]);
    const dCell = dc[at] + dh[at] * output * (1 - y * y);
    dcPrev[at] = dCell * forget;
    dgates[first] = dCell * candidate * input * (1 - input);
    dgates[first + dim] = dCell * cPrev[at] * forget * (1 - forget);
    dgates[first + 2 * dim] = dh[at] * y * output * (1 - output);
    dgates[first + 3 * dim] = dCell * input * (1 - candidate * candidate);
  }
}

/** The gates of cell `at`, counted through n and dim; `first` is the index of the first of its four numbers. */
function unitAt(gates: ArrayLike<number>, cont: ArrayLike<number>, at: number, dim: number) {
  const row = Math.floor(at / dim);
  const first = at + 3 * row * dim;
  return {
    first,
    input: sigmoid(gates[first]),
    forget: cont[row] === 0 ? 0 : cont[row] * sigmoid(gates[first + dim]),
    output: sigmoid(gates[first + 2 * dim]),
    candidate: Math.tanh(gates[first + 3 * dim]),
  };
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

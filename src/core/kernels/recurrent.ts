// Gates (n, 4, dim) of an LSTM: input, forget, output and candidate, before their nonlinearities. cont (n) says whether a
// sequence goes on, 1, or begins, 0. All else is (n, dim).
import { kernel } from "./kernel.js";

const state = { gates: "in", cPrev: "in", cont: "in", n: "number", dim: "number" } as const;

/**
 * input, forget, output = sigmoid, candidate = tanh of the gates; c = cont·forget·cPrev + input·candidate;
 * h = output·tanh(c). c may be cPrev.
 */
export const lstmUnit = kernel({ ...state, c: "out", h: "out" });
/** Takes cont·forget for what the sigmoid gave, as Caffe does. dgates may be gates, and dcPrev dc. */
export const lstmUnitBackward = kernel({ ...state, c: "in", dc: "in", dh: "in", dgates: "out", dcPrev: "out" });

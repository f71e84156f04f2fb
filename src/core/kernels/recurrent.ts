// Gates (n, 4, dim) of an LSTM: input, forget, output and candidate, before their nonlinearities. cont (n) is 1 where a
// sequence continues and 0 where one begins. All other spans are (n, dim).
import { kernel } from "./kernel.js";

const state = { gates: "in", cPrev: "in", cont: "in", n: "number", dim: "number" } as const;

/**
 * input, forget, output = sigmoid, candidate = tanh of the gates; c = cont·forget·cPrev + input·candidate;
 * h = output·tanh(c). c may be cPrev.
 */
export const lstmUnit = kernel({ ...state, c: "out", h: "out" });
/** Takes cont·forget as the sigmoid of the forget gate, as Caffe does. dgates may be gates, and dcPrev may be dc. */
export const lstmUnitBackward = kernel({ ...state, c: "in", dc: "in", dh: "in", dgates: "out", dcPrev: "out" });

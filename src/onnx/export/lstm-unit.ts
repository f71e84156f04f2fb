import { LSTMUnitLayer } from "../../layers/recurrent/lstm-unit.js";
import type { Value } from "./graph-writer.js";
import { mapping } from "./mapping.js";
import type { Operators } from "./operators.js";

/** LSTMUnit → `Split`, `Sigmoid`, `Tanh`, `Mul`, `Add`. Exact. */
export const lstmUnit = mapping(LSTMUnitLayer, (w) => {
  const { dim } = w.call("lstmUnit");
  const cont = w.unsqueeze(w.input(2).value, [2]);
  const { c, h } = lstmCell(w, { gates: w.input(1).value, axis: 2, dim, before: w.x, cont });
  w.set(0, c);
  w.set(1, h);
});

/**
 * One step of an LSTM's cells: c = cont·f·(the c before) + i·g, h = o·tanh(c).
 *
 * @param step gates: i, f, o and g along `axis`, `dim` each, before their nonlinearities; cont: a factor for each row, default 1
 */
export function lstmCell(
  w: Operators,
  step: { gates: Value; axis: number; dim: number; before: Value; cont?: Value | undefined },
): { c: Value; h: Value } {
  const { gates, axis, dim, before, cont } = step;
  const [i = "", f = "", o = "", g = ""] = w.split(gates, axis, [dim, dim, dim, dim]);
  const sigmoid = (x: Value) => w.node("Sigmoid", [x]);
  const forget = cont === undefined ? sigmoid(f) : w.node("Mul", [cont, sigmoid(f)]);
  const kept = w.node("Mul", [forget, before]);
  const c = w.node("Add", [kept, w.node("Mul", [sigmoid(i), w.node("Tanh", [g])])]);
  return { c, h: w.node("Mul", [sigmoid(o), w.node("Tanh", [c])]) };
}

import { LSTMLayer } from "../../layers/recurrent/lstm.js";
import { RNNLayer } from "../../layers/recurrent/rnn.js";
import { bottomRoles, paramRoles } from "../../layers/recurrent/roles.js";
import type { Dim } from "../model.js";
import type { Value } from "./graph-writer.js";
import type { LayerWriter } from "./layer-writer.js";
import { lstmCell } from "./lstm-unit.js";
import { mapping } from "./mapping.js";
import type { Operators } from "./operators.js";
import { type Looped, scan } from "./scan.js";

/**
 * LSTM, RNN → `MatMul` of all steps' inputs, and a `Scan` over the steps, for any number of steps; the first states and the last are
 * inputs and outputs where `expose_hidden` makes them bottoms and tops. The sums are in another order.
 *
 * Without `expose_hidden` the exported net starts each run from 0, as the first forward of a Caffe net; the next forward of Caffe goes on from
 * the state before where cont of the first step is not 0.
 */
export const recurrent = mapping([LSTMLayer, RNNLayer], (w) => {
  const { layer } = w;
  const { x, cont, fixed, hidden } = bottomRoles(w.bottom, layer.exposedStates);
  const { wx, b, ws, wh, own } = paramRoles([...layer.params.keys()], fixed);
  const [steps = 1, streams = 1, dim = 1] = w.port(0).dims;
  const [, , size] = w.port(0).shape;
  const matrix = (index: number) => transposed(w, index);
  const width = w.layer.params[b]?.shape[0] ?? 0;

  const input = layer.params[wx]?.shape[1] ?? 0;
  let gates = w.node("MatMul", [w.reshaped(x.value, x.dims, [steps, streams, input]), matrix(wx)]);
  gates = w.node("Add", [gates, w.param(b)]);
  if (fixed && ws !== undefined) {
    const inputs = layer.params[ws]?.shape[1] ?? 0;
    const each = w.node("MatMul", [w.reshaped(fixed.value, fixed.dims, [streams, inputs]), matrix(ws)]);
    gates = w.node("Add", [gates, each]);
  }
  const recurrence = matrix(wh);
  const isLstm = layer instanceof LSTMLayer;
  const count = isLstm ? 2 : 1;
  const state = [streams, dim];
  const first = Array.from({ length: count }, (_, i): Looped => {
    const given = hidden[i]?.value;
    return { value: given === undefined ? zeros(w, x.value, state) : w.squeeze(given, [0]), dims: state };
  });
  const continues = w.unsqueeze(cont.value, [2]);
  const sequences = [
    { value: gates, dims: [streams, width] },
    { value: continues, dims: [streams, 1] },
  ];
  const last = scan(w, first, sequences, (o, [h = "", c = ""], [gate = "", keep = ""]) => {
    const sum = o.node("Add", [gate, o.node("MatMul", [o.node("Mul", [h, keep]), recurrence])]);
    if (!isLstm) {
      const now = o.node("Tanh", [sum]);
      return { states: [now], results: [{ value: now, dims: state }] };
    }
    const now = lstmCell(o, { gates: sum, axis: 1, dim: size ?? 1, before: c, cont: keep });
    return { states: [now.h, now.c], results: [{ value: now.h, dims: state }] };
  });
  const all = last[count] ?? "";
  const [wo, bo] = own;
  if (wo === undefined || bo === undefined) w.set(0, all);
  else w.set(0, w.node("Tanh", [w.node("Add", [w.node("MatMul", [all, matrix(wo)]), w.param(bo)])]));
  for (const i of hidden.keys()) w.set(1 + i, w.unsqueeze(last[i] ?? "", [0]));
  if (hidden.length === 0) w.note(startsAnew);
});

/** What is said of a layer that keeps its state between forwards. */
export const startsAnew =
  "each run starts from a state of 0, as Caffe's first forward; Caffe's next forwards go on from the state before where cont of the first " +
  "step is not 0";

/** The state (streams, dim) of zeros; `x` has the streams along its second axis. */
function zeros(w: Operators, x: Value, [streams = 1, dim = 1]: readonly Dim[]): Value {
  if (typeof streams === "number") {
    return w.floats(new Float32Array(streams * Number(dim)), [streams, Number(dim)], "start");
  }
  const count = w.slice(w.node("Shape", [x]), [{ axis: 0, from: 1, to: 2 }]);
  const row = w.floats(new Float32Array(Number(dim)), [1, Number(dim)], "start");
  return w.node("Expand", [row, w.concat([count, w.ints([1])], 0)]);
}

/** A parameter (outputs, inputs) as a constant (inputs, outputs). */
export function transposed(w: LayerWriter, index: number): Value {
  const values = w.paramValues(index);
  const [rows = 0, columns = 0] = w.layer.params[index]?.shape ?? [];
  const result = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) result[(i % columns) * rows + Math.floor(i / columns)] = values[i] ?? 0;
  return w.floats(result, [columns, rows], String(index));
}

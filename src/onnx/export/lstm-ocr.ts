import { LstmLayer } from "../../layers/recurrent/lstm-ocr.js";
import { lstmCell } from "./lstm-unit.js";
import { mapping } from "./mapping.js";
import { startsAnew, transposed } from "./recurrent.js";
import { type Looped, scan } from "./scan.js";

/**
 * Lstm, of text recognition → `MatMul` of all steps' inputs, and a `Scan` over the steps, for any number of steps. The sums are in another
 * order. With clip the exported net starts each run from 0, as the first forward of a Caffe net.
 */
export const lstmOcr = mapping(LstmLayer, (w) => {
  const { value, dims, shape } = w.input(0);
  const { steps, streams, inputs } = w.layer.sizesOf(shape);
  const [, , bias] = w.layer.params;
  const width = bias?.shape[0] ?? 0;
  const dim = width / 4;
  const clip = w.bottom[1];
  // Where steps and streams are one axis, only the steps' number can change.
  const isSplit = dims.length === 3;
  const [T, N] = isSplit ? [dims[0] ?? 1, dims[1] ?? 1] : [typeof dims[0] === "string" ? "steps" : steps, streams];
  if (typeof N === "string") throw w.needsFixedBatch("the state of the streams");
  const x = isSplit ? value : w.reshaped(value, dims, [T, N, inputs]);
  const gates = w.node("Add", [w.node("MatMul", [x, transposed(w, 0)]), w.param(2)]);
  const recurrence = transposed(w, 1);
  const zero = w.floats(new Float32Array(N * dim), [N, dim], "start");
  const state = { value: zero, dims: [N, dim] };
  const sequences: Looped[] = [{ value: gates, dims: [N, width] }];
  if (clip) {
    const marks = w.cast(w.cast(clip.value, "bool"), "float");
    sequences.push({ value: w.reshaped(marks, clip.dims, [T, N, 1]), dims: [N, 1] });
    w.note(startsAnew);
  }
  const [, , h = ""] = scan(w, [state, state], sequences, (o, [before = "", c = ""], [gate = "", cont]) => {
    const kept = cont === undefined ? before : o.node("Mul", [before, cont]);
    const sum = o.node("Add", [gate, o.node("MatMul", [kept, recurrence])]);
    const now = lstmCell(o, { gates: sum, axis: 1, dim, before: c, cont });
    return { states: [now.h, now.c], results: [{ value: now.h, dims: [N, dim] }] };
  });
  if (isSplit) w.set(0, h);
  else w.setReshaped(0, h, [T, N, dim]);
});

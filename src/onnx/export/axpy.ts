import { AxpyLayer } from "../../layers/activation/axpy.js";
import { mapping } from "./mapping.js";

/** Axpy → `Mul` and `Add`, behind a `Reshape` where the weights of the channels have another number of axes than x. Exact. */
export const axpy = mapping(AxpyLayer, (w) => {
  const [a, x, y] = [w.input(0), w.input(1), w.input(2)];
  const byChannel = x.dims.map((size, axis) => (axis < 2 ? size : 1));
  const weighed = w.node("Mul", [w.reshaped(a.value, a.dims, byChannel), x.value]);
  w.set(0, w.node("Add", [weighed, y.value]));
});

import { ConcatLayer } from "../../layers/common/concat.js";
import { mapping } from "./mapping.js";

/** Concat → `Concat`; of a single bottom nothing is written. Exact. */
export const concat = mapping(ConcatLayer, (w) => {
  const full = w.bottom.filter(({ shape }) => !shape.includes(0));
  const { shape } = w.port(0);
  const [first = w.input(0)] = full;
  const axis = shape.findIndex((size, i) => size !== first.shape[i]);
  const values = full.map(({ value }) => value);
  w.set(0, axis < 0 ? first.value : w.concat(values, axis));
});

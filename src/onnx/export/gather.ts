import { GatherLayer, GatherRanksLayer } from "../../layers/common/gather.js";
import { canonicalAxis } from "../../util/shape.js";
import { mapping } from "./mapping.js";

/** Gather of Synopsys → `Gather` with constant indices. Exact. */
export const gather = mapping(GatherLayer, (w) => {
  const { shape } = w.input(0);
  const { axis: given, indices } = w.layer.picks;
  const axis = canonicalAxis(shape, given);
  const picked = w.port(0).shape.slice(axis, axis + w.port(0).shape.length - shape.length + 1);
  w.set(0, w.node("Gather", [w.x, w.ints(indices, picked)], { axis }));
});

/** yjxiong's Gather, in one process: nothing is written; every reader of a top reads its bottom. */
export const gatherRanks = mapping(GatherRanksLayer, (w) => {
  for (const [i, { value }] of w.bottom.entries()) w.set(i, value);
});

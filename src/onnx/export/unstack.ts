import { UnstackLayer } from "../../layers/common/unstack.js";
import { canonicalAxis } from "../../util/shape.js";
import { mapping } from "./mapping.js";

/** Unstack → `Gather` of one index for each top. Exact. */
export const unstack = mapping(UnstackLayer, (w) => {
  const axis = canonicalAxis(w.input(0).shape, w.layer.axis);
  for (const i of w.top.keys()) w.set(i, w.node("Gather", [w.x, w.ints([i], [])], { axis }));
});

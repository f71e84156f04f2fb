import { BatchReindexLayer } from "../../layers/common/batch-reindex.js";
import { mapping } from "./mapping.js";

/** BatchReindex → `Cast` of the indices, which cuts fractions off, and `Gather`. Exact. */
export const batchReindex = mapping(BatchReindexLayer, (w) => {
  w.set(0, w.node("Gather", [w.x, w.cast(w.input(1).value, "int")], { axis: 0 }));
});

import { EmbedLayer } from "../../layers/common/embed.js";
import { mapping } from "./mapping.js";

/** Embed → `Cast` of the indices, which cuts fractions off, `Gather` of rows of the weights, and `Add` of the bias. Exact. */
export const embed = mapping(EmbedLayer, (w) => {
  const rows = w.node("Gather", [w.param(0), w.cast(w.x, "int")], { axis: 0 });
  w.set(0, w.layer.params.length > 1 ? w.node("Add", [rows, w.param(1)]) : rows);
});

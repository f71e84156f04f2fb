import { FilterLayer } from "../../layers/common/filter.js";
import { mapping } from "./mapping.js";

/** Filter: refused. */
export const filter = mapping(FilterLayer, (w) => {
  throw w.error(
    "the number of items that it passes on depends on the values of its selector, so that the layers behind it have a batch of their own; " +
      `cut the net there (cut: "${w.layer.name}", --cut ${w.layer.name}) and pick the items between two models`,
  );
});

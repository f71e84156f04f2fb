import { SPPLayer } from "../../layers/vision/spp.js";
import { mapping } from "./mapping.js";
import { poolPlanes } from "./pool.js";

/** SPP → a pooling for each level (see `poolPlanes`), `Flatten` and `Concat`; one level alone is its pooling. Exact. */
export const spp = mapping(SPPLayer, (w) => {
  const levels = w.layer.poolings(w.input(0).shape).map((level) => poolPlanes(w, w.x, level).y);
  const [only] = levels;
  if (levels.length === 1 && only !== undefined) return w.set(0, only);
  const rows = levels.map((level) => w.node("Flatten", [level], { axis: 1 }));
  w.set(0, w.concat(rows, 1));
});

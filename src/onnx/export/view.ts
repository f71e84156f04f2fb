import { ExpandDimsNDLayer } from "../../layers/common/expand-dims-nd.js";
import { FlattenLayer } from "../../layers/common/flatten.js";
import { ReshapeLayer } from "../../layers/common/reshape.js";
import { SqueezeLayer } from "../../layers/common/squeeze.js";
import { mapping } from "./mapping.js";

/**
 * Reshape, Flatten, Squeeze, ExpandDimsND → `Reshape` to the sizes of the top, where 0 copies a size that a run may choose and −1 is what is
 * left; nothing where the shape stays. Exact.
 */
export const view = mapping([ReshapeLayer, FlattenLayer, SqueezeLayer, ExpandDimsNDLayer], (w) => {
  w.setReshaped(0, w.x, w.input(0).dims);
});

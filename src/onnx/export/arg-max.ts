import { ArgMaxLayer } from "../../layers/common/arg-max.js";
import { countOf } from "../../util/shape.js";
import type { Value } from "./graph-writer.js";
import type { LayerWriter } from "./layer-writer.js";
import { mapping } from "./mapping.js";
import { reversed } from "./reverse.js";

/**
 * ArgMax → `ArgMax`, which takes the last of equal values from opset 12 on, and `ReduceMax` for the value. For several values, and in opset 11 →
 * `TopK` on the reversed axis: it takes the first of equal values. Indices become floats, as in Caffe. Exact, but for NaN.
 */
export const argMax = mapping(ArgMaxLayer, (w) => {
  const { shape, dims } = w.input(0);
  const { axis, topK, outMaxVal } = w.layer.search(shape);
  if (axis !== undefined) {
    const { index, value } = largest(
      w,
      w.x,
      axis,
      w.fixed([dims[axis] ?? 1], "the last of equal values")[0] ?? 1,
      topK,
    );
    return w.set(0, outMaxVal ? value() : index());
  }
  const size = countOf(w.fixed(dims.slice(1), "the number of values of an item"));
  const items = dims[0] ?? 1;
  const { index, value } = largest(w, w.reshaped(w.x, dims, [items, size]), 1, size, topK);
  if (!outMaxVal) return w.setReshaped(0, index(), [items, topK]);
  const both = w.concat([w.unsqueeze(index(), [1]), w.unsqueeze(value(), [1])], 1);
  w.setReshaped(0, both, [items, 2, topK]);
});

/** The `count` largest of `size` values along an axis: what writes their indices, and what writes their values. */
function largest(w: LayerWriter, x: Value, axis: number, size: number, count: number) {
  if (count === 1 && w.opset >= 12) {
    return {
      index: () => w.cast(w.node("ArgMax", [x], { axis, select_last_index: 1 }), "float"),
      value: () => w.reduce("ReduceMax", x, [axis]),
    };
  }
  const [values = "", places = ""] = w.nodes("TopK", [reversed(w, x, [axis]), w.ints([count])], 2, { axis });
  return {
    index: () => w.node("Sub", [w.scalar(size - 1), w.cast(places, "float")]),
    value: () => values,
  };
}

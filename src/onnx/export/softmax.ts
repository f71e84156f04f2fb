import type { Collapsed } from "../../core/kernels.js";
import { SoftmaxLayer } from "../../layers/common/softmax.js";
import { countOf } from "../../util/shape.js";
import type { Value } from "./graph-writer.js";
import type { LayerWriter } from "./layer-writer.js";
import { mapping } from "./mapping.js";

/** Softmax → `Softmax`. Until opset 12, which takes all axes from one on, between two `Transpose`s where the axis is not the last. Exact. */
export const softmax = mapping(SoftmaxLayer, (w) => w.set(0, softmaxOf(w, w.call("softmax"))));

/** The softmax of the first bottom along the axis that is `dim`. */
export function softmaxOf(w: LayerWriter, { outer, dim }: Collapsed): Value {
  const { shape, dims, value } = w.input(0);
  const axes = [...shape.keys()].filter((axis) => shape[axis] === dim && countOf(shape, 0, axis) === outer);
  // Of several axes of size 1 it does not matter which one it is, unless a run may choose its size.
  if (axes.length > 1)
    w.fixed(
      axes.map((axis) => dims[axis] ?? 1),
      "softmax along an axis of size 1",
    );
  return w.softmax(value, axes[0] ?? 0, shape.length);
}

import type { Shape } from "../../util/shape.js";
import { formatShape } from "../../util/shape.js";
import { ViewLayer } from "./view.js";

/**
 * Puts in axes of size 1.
 *
 * Bottom x, top y with the same values; no copy is made. Cannot work in place.
 *
 * `expand_dims_nd_param`: `axis` (none), for each new axis the axis of x before which it stands; as many as x has axes: behind all. Negative
 * ones count from the end: −1 is behind all. They must rise: the fork counts each on by the number of those before it.
 *
 * Source: synopsys-caffe, after TensorFlow. Dialect: synopsys.
 */
export class ExpandDimsNDLayer extends ViewLayer {
  static readonly type = "ExpandDimsND";
  static override readonly paramField = "expand_dims_nd_param";

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const given = this.message.expandDimsNdParam?.axis ?? [];
    const places = given.map((axis) => (axis < 0 ? axis + x.length + 1 : axis));
    const shape = [...x];
    for (const [i, place] of places.entries()) {
      this.check(
        place >= (places[i - 1] ?? 0) && place <= x.length,
        "MOKA_SHAPE",
        `expand_dims_nd_param.axis must be rising places in its bottom ${formatShape(x)}, 0 to ${x.length}; it is ${given.join(" ")}`,
      );
      shape.splice(place + i, 0, 1);
    }
    return [shape];
  }
}

import { canonicalAxis, formatShape, type Shape } from "../../util/shape.js";
import { ViewLayer } from "./view.js";

/**
 * Takes out axes of size 1.
 *
 * Bottom x, top y with the same values; no copy is made. Cannot work in place.
 *
 * `squeeze_param`: `axis` (none), the axes to take out, each of size 1, may count from the end; without any, all axes of size 1.
 *
 * Source: synopsys-caffe, after TensorFlow. Dialect: synopsys.
 */
export class SqueezeLayer extends ViewLayer {
  static readonly type = "Squeeze";

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const given = this.message.squeezeParam?.axis ?? [];
    const axes = given.map((axis) => canonicalAxis(x, axis, "squeeze_param.axis"));
    for (const axis of axes) {
      const reason = `squeeze_param.axis ${axis} must be an axis of size 1; its bottom is ${formatShape(x)}`;
      this.check(x[axis] === 1, "MOKA_SHAPE", reason);
    }
    return [x.filter((size, axis) => size !== 1 || (axes.length > 0 && !axes.includes(axis)))];
  }
}

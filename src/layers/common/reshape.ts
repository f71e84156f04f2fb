import { create } from "@bufbuild/protobuf";
import { ReshapeParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { ViewLayer } from "./view.js";

/**
 * Gives a blob another shape of the same count.
 *
 * Bottom x, top y with the same values; no copy is made. Cannot work in place.
 * `reshape_param`: `shape`: the sizes that replace `num_axes` (−1: all that follow) axes from `axis` (0)
 * on. A size 0 copies that of the bottom's axis at the same place; one size may be −1, and is inferred.
 */
export class ReshapeLayer extends ViewLayer {
  static readonly type = "Reshape";
  readonly #param = this.message.reshapeParam ?? create(ReshapeParameterSchema);

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const { axis, numAxes } = this.#param;
    const start = axis >= 0 ? axis : x.length + axis + 1;
    const end = numAxes === -1 ? x.length : start + numAxes;
    this.check(
      start >= 0 && numAxes >= -1 && end <= x.length && start <= end,
      "MOKA_SHAPE",
      `reshape_param.axis ${axis} and num_axes ${numAxes} do not lie within the bottom's ${x.length} axes`,
    );
    const wanted = (this.#param.shape?.dim ?? []).map((size, i) => {
      this.check(
        size >= -1n,
        "MOKA_FIELD",
        `reshape_param.shape: dim ${i} is ${size}; a dim is a size, 0 to copy one, or -1 for what is left`,
      );
      if (size !== 0n) return Number(size);
      const copied = x[start + i];
      this.check(
        copied !== undefined,
        "MOKA_SHAPE",
        `reshape_param.shape: dim ${i} is 0, but there is no such axis to copy`,
      );
      return copied;
    });
    const inferred = wanted.filter((size) => size === -1).length;
    this.check(inferred <= 1, "MOKA_FIELD", "reshape_param.shape: at most one dim may be -1");
    const rest = countOf(wanted.filter((size) => size !== -1)) * countOf(x, 0, start) * countOf(x, end);
    const replaced = end - start < x.length ? ` in the place of ${formatShape(x.slice(start, end))}` : "";
    this.check(
      inferred === 1 ? rest > 0 && countOf(x) % rest === 0 : rest === countOf(x),
      "MOKA_SHAPE",
      `reshape_param.shape ${wanted.join(" ")}${replaced} does not hold the ${countOf(x)} values of ${formatShape(x)}`,
    );
    const sizes = wanted.map((size) => (size === -1 ? countOf(x) / rest : size));
    return [[...x.slice(0, start), ...sizes, ...x.slice(end)]];
  }
}

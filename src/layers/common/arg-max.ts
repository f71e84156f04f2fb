import { create, isFieldSet } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { FloatArray } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { ArgMaxParameterSchema } from "../../proto/gen/caffe_pb.js";
import { canonicalAxis, collapseShape, countOf, formatShape, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "./unary.js";

/**
 * The indices of the `top_k` largest values, the largest first; of equal values, the last is the largest.
 *
 * Bottom x (N, …). Without `axis` each of the N items is searched as a whole: top (N, 1, top_k), or, with
 * `out_max_val`, (N, 2, top_k), first the indices and then the values. Axes of size 1 follow if x has more than three.
 * With `axis` the search goes along that axis: the top has the shape of x, but size `top_k` on the axis, and holds the
 * indices, or the values with `out_max_val`. No gradient: a net that needs one is refused at its first backward.
 *
 * `argmax_param`: `top_k` (1), `out_max_val` (false), `axis` (none), may count from the end.
 */
export class ArgMaxLayer extends UnaryLayer {
  static readonly type = "ArgMax";
  readonly #param = this.message.argmaxParam ?? create(ArgMaxParameterSchema);
  override readonly spareTops = "all";

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const { topK, outMaxVal } = this.#param;
    const axis = this.#axis(x);
    this.check(axis !== undefined || x.length > 0, "MOKA_SHAPE", "needs a bottom of one axis or more, not a scalar");
    const { dim } = this.#collapse(x);
    this.check(
      topK >= 1 && topK <= dim,
      "MOKA_FIELD",
      `argmax_param.top_k must be 1 to ${dim}, the number of values to choose from in ${formatShape(x)}, not ${topK}`,
    );
    if (axis !== undefined) return [x.map((size, i) => (i === axis ? topK : size))];
    const rest = Array<number>(Math.max(x.length - 3, 0)).fill(1);
    return [[x[0] ?? 1, outMaxVal ? 2 : 1, topK, ...rest]];
  }

  /** How it searches a bottom of this shape: along an axis, or, without one, each item as a whole. */
  search(x: Shape): { readonly axis: number | undefined; readonly topK: number; readonly outMaxVal: boolean } {
    const { topK, outMaxVal } = this.#param;
    return { axis: this.#axis(x), topK, outMaxVal };
  }

  override allowForceBackward(): boolean {
    return false;
  }

  override takesIndices(): boolean {
    return false;
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const { topK, outMaxVal } = this.#param;
    const { outer, dim, inner } = this.#collapse(x.shape);
    const both = outMaxVal && this.#axis(x.shape) === undefined;
    const run = () => {
      const [from, to] = [x.data.array, y.data.array];
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const first = o * dim * inner + i;
          const target = o * (both ? 2 : 1) * topK * inner + i;
          largest(from, first, dim, inner, topK).forEach((index, rank) => {
            const value = from[first + index * inner] ?? 0;
            to[target + rank * inner] = outMaxVal && !both ? value : index;
            if (both) to[target + topK + rank] = value;
          });
        }
      }
    };
    k.host("argmax", run, { reads: [x.data], writes: [y.data] });
  }

  override backward(_k: Recorder, _top: readonly Tensor[], [wanted]: [boolean], [x]: [Tensor]): void {
    this.check(!wanted, "MOKA_FIELD", `has no gradient: cannot propagate down to "${x.name}"`);
  }

  #axis(x: Shape): number | undefined {
    const given = isFieldSet(this.#param, ArgMaxParameterSchema.field.axis);
    return given ? canonicalAxis(x, this.#param.axis, "argmax_param.axis") : undefined;
  }

  #collapse(x: Shape) {
    const axis = this.#axis(x);
    return axis === undefined ? { outer: x[0] ?? 1, dim: countOf(x, 1), inner: 1 } : collapseShape(x, axis, axis + 1);
  }
}

/** The indices of the `count` largest of `length` values, which start at `first` and are `stride` apart. */
function largest(
  values: FloatArray,
  first: number,
  length: number,
  stride: number,
  count: number,
): readonly number[] | Uint32Array {
  const at = (index: number) => values[first + index * stride] ?? 0;
  if (count === 1) {
    let best = 0;
    for (let i = 1; i < length; i++) if (at(i) >= at(best)) best = i;
    return [best];
  }
  const order = Uint32Array.from({ length }, (_, i) => i);
  return order.sort((a, b) => at(b) - at(a) || b - a).subarray(0, count);
}

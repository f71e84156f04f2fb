import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { ReductionParameter_ReductionOp as Operation, ReductionParameterSchema } from "../../proto/gen/caffe_pb.js";
import { canonicalAxis, countOf, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "./unary.js";

/**
 * Reduces all axes from `axis` on to one number.
 *
 * Bottom x; top y with the axes of x before `axis`, a scalar if there are none.
 * y = coeff·Σ x (SUM), coeff·Σ |x| (ASUM), coeff·Σ x² (SUMSQ), or coeff·Σ x/n over the n values of each (MEAN).
 * Gradient: dx = coeff·dy times 1, sign(x), 2·x or 1/n.
 *
 * `reduction_param`: `operation` (SUM), `axis` (0), may count from the end, `coeff` (1).
 */
export class ReductionLayer extends UnaryLayer {
  static readonly type = "Reduction";
  readonly #param = this.message.reductionParam ?? create(ReductionParameterSchema);
  readonly operation = this.#param.operation;
  readonly coeff = this.#param.coeff;
  override readonly rereads = [Operation.SUM, Operation.MEAN].includes(this.#param.operation)
    ? {}
    : ({ bottom: "values" } as const);

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    return [x.slice(0, this.#axis(x))];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const collapsed = this.#collapse(x.shape);
    const sum = { dbias: y.data, accumulate: false, ...collapsed };
    switch (this.#param.operation) {
      case Operation.SUM:
      case Operation.MEAN:
        k.biasBackward({ dy: x.data, ...sum });
        break;
      case Operation.ASUM: {
        const sizes = k.span("sizes", x.count);
        k.abs({ x: x.data, y: sizes });
        k.biasBackward({ dy: sizes, ...sum });
        break;
      }
      case Operation.SUMSQ:
        k.scaleBackward({ x: x.data, dy: x.data, dscale: y.data, accumulate: false, ...collapsed });
    }
    const coefficient = this.#coefficient(collapsed.inner);
    if (coefficient !== 1) k.axpby({ x: y.data, y: y.data, a: coefficient, b: 0 });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    const collapsed = this.#collapse(x.shape);
    const coefficient = this.#coefficient(collapsed.inner);
    const { operation } = this.#param;
    if (operation === Operation.SUMSQ) k.axpby({ x: x.data, y: x.diff, a: 2 * coefficient, b: 0 });
    else k.fill({ y: x.diff, value: coefficient });
    if (operation === Operation.ASUM) k.absBackward({ x: x.data, dy: x.diff, dx: x.diff });
    k.scale({ x: x.diff, scale: y.diff, bias: undefined, y: x.diff, ...collapsed });
  }

  #axis(x: Shape): number {
    return canonicalAxis(x, this.#param.axis, "reduction_param.axis");
  }

  /** One sum for each index of the middle axis. */
  #collapse(x: Shape) {
    const axis = this.#axis(x);
    return { outer: 1, dim: countOf(x, 0, axis), inner: countOf(x, axis) };
  }

  #coefficient(count: number): number {
    const { operation, coeff } = this.#param;
    return operation === Operation.MEAN ? coeff / Math.max(count, 1) : coeff;
  }
}

import { create } from "@bufbuild/protobuf";
import { Layer, type OneOrMore } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { EltwiseParameterSchema, EltwiseParameter_EltwiseOp as Operation } from "../../proto/gen/caffe_pb.js";
import { formatShape, type Shape, sameShape } from "../../util/shape.js";

/**
 * Combines blobs of one shape elementwise: product, sum with coefficients, or maximum.
 *
 * Bottoms, two or more; top y of the same shape.
 * Gradients: PROD: dy times the product of the others (with `stable_prod_grad: false` dy·y/x, which is
 * NaN where x is 0); SUM: dy times the coefficient; MAX: dy where this bottom was the largest. Of equal values the
 * second bottom's wins over the first's, and otherwise the earlier bottom's.
 *
 * `eltwise_param`: `operation` (SUM), `coeff` (1 each; only for SUM, one for each bottom),
 * `stable_prod_grad` (true).
 */
export class EltwiseLayer extends Layer {
  static readonly type = "Eltwise";
  static override readonly coordinates = "same";
  override readonly bottomCount = [2, Number.POSITIVE_INFINITY] as const;
  override readonly topCount = 1;
  readonly #param = this.message.eltwiseParam ?? create(EltwiseParameterSchema);
  #mask: Span | undefined;
  override readonly rereads = this.#param.operation === Operation.PROD ? ({ bottom: "values" } as const) : {};
  override readonly passesOn = "all";

  override setup(bottom: readonly Shape[]): void {
    const { coeff, operation } = this.#param;
    this.check(
      coeff.length === 0 || coeff.length === bottom.length,
      "MOKA_FIELD",
      `has ${coeff.length} eltwise_param.coeff for ${bottom.length} bottoms; give none, or one for each`,
    );
    this.check(
      operation !== Operation.PROD || coeff.length === 0,
      "MOKA_FIELD",
      "eltwise_param.coeff is for operation SUM, not PROD",
    );
  }

  override topShapes(bottom: OneOrMore<Shape>): readonly Shape[] {
    this.check(
      bottom.every((shape) => sameShape(shape, bottom[0])),
      "MOKA_SHAPE",
      `all bottoms must have one shape; there are ${bottom.map(formatShape).join(", ")}`,
    );
    return [bottom[0]];
  }

  override forward(k: Recorder, bottom: readonly [Tensor, Tensor, ...Tensor[]], [y]: [Tensor]): void {
    const [first, second, ...others] = bottom;
    switch (this.#param.operation) {
      case Operation.PROD:
        k.mul({ a: first.data, b: second.data, y: y.data });
        for (const x of others) k.mul({ a: y.data, b: x.data, y: y.data });
        break;
      case Operation.SUM:
        k.sum({ xs: bottom.map((x) => x.data), coefficients: this.#coefficients(bottom.length), y: y.data });
        break;
      case Operation.MAX: {
        const mask = k.span("mask", y.count);
        this.#mask = mask;
        k.copy({ x: first.data, y: y.data });
        k.fill({ y: mask, value: 0 });
        bottom.slice(1).forEach((x, i) => void k.maxOf({ x: x.data, y: y.data, mask, index: i + 1, ties: i === 0 }));
      }
    }
  }

  override backward(k: Recorder, [y]: [Tensor], wanted: readonly boolean[], bottom: readonly Tensor[]): void {
    const coefficients = this.#coefficients(bottom.length);
    bottom.forEach((x, i) => {
      if (!wanted[i]) return;
      switch (this.#param.operation) {
        case Operation.PROD:
          this.#productGradient(k, y, bottom, i);
          break;
        case Operation.SUM:
          k.axpby({ x: y.diff, y: x.diff, a: coefficients[i] ?? 1, b: 0 });
          break;
        case Operation.MAX:
          if (this.#mask) k.maxOfBackward({ dy: y.diff, mask: this.#mask, dx: x.diff, index: i });
      }
    });
  }

  #productGradient(k: Recorder, y: Tensor, bottom: readonly Tensor[], index: number): void {
    const x = bottom[index] as Tensor;
    if (!this.#param.stableProdGrad) {
      k.div({ a: y.data, b: x.data, y: x.diff });
      k.mul({ a: x.diff, b: y.diff, y: x.diff });
      return;
    }
    const others = bottom.filter((_, i) => i !== index);
    k.copy({ x: y.diff, y: x.diff });
    for (const other of others) k.mul({ a: x.diff, b: other.data, y: x.diff });
  }

  #coefficients(count: number): readonly number[] {
    const { coeff } = this.#param;
    return coeff.length > 0 ? coeff : Array<number>(count).fill(1);
  }
}

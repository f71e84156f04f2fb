import { ElementwiseLayer } from "./elementwise.js";

/**
 * Absolute value: y = |x|.
 *
 * Bottom x of any shape, top y of the same; not in place, as in Caffe: the gradient needs the sign of x.
 * Gradient: dx = dy·sign(x), 0 where x is 0.
 */
export class AbsValLayer extends ElementwiseLayer<"abs"> {
  static readonly type = "AbsVal";
  protected override readonly kernel = { name: "abs" } as const;
  override readonly inPlace = false;
  override readonly rereads = { bottom: "values" } as const;
}

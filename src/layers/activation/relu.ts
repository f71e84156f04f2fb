import { ElementwiseLayer } from "./elementwise.js";

/**
 * Rectified linear unit: y = max(x, 0) + negative_slope·min(x, 0).
 *
 * Bottom x of any shape, top y of the same; works in place.
 * Gradient: dx = dy where x > 0, else negative_slope·dy. In place the sign is taken from y, as in Caffe;
 * y has the sign of x unless negative_slope is negative.
 *
 * `relu_param`: `negative_slope` (0); `engine` is read and ignored.
 *
 * Source: Nair and Hinton 2010; the leaky form Maas et al. 2013.
 */
export class ReLULayer extends ElementwiseLayer<"relu"> {
  static readonly type = "ReLU";
  protected override readonly kernel = {
    name: "relu",
    negativeSlope: this.message.reluParam?.negativeSlope ?? 0,
  } as const;
  override readonly activation = "rectifier";
  override readonly keepsSign = true;
  override readonly rereads = { bottom: "sign" } as const;
}

import { ElementwiseLayer } from "./elementwise.js";

/**
 * Exponential linear unit: y = x where x > 0, else alpha·(e^x − 1).
 *
 * Bottom x of any shape, top y of the same; works in place.
 * Gradient: dx = dy where x > 0, else dy·(alpha + y). In place the sign is taken from y, as in Caffe; y has the
 * sign of x unless alpha is negative.
 *
 * `elu_param`: `alpha` (1).
 *
 * Source: Clevert et al. 2015.
 */
export class ELULayer extends ElementwiseLayer<"elu"> {
  static readonly type = "ELU";
  protected override readonly kernel = { name: "elu", alpha: this.message.eluParam?.alpha ?? 1 } as const;
  override readonly activation = "rectifier";
  override readonly keepsSign = true;
  override readonly rereads = { bottom: "sign", top: "values" } as const;
}

import { ElementwiseLayer } from "./elementwise.js";

/**
 * Hyperbolic tangent: y = tanh(x).
 *
 * Bottom x of any shape, top y of the same; works in place. Gradient: dx = dy·(1 − y²).
 * `tanh_param.engine` is read and ignored.
 */
export class TanHLayer extends ElementwiseLayer<"tanh"> {
  static readonly type = "TanH";
  protected override readonly kernel = { name: "tanh" } as const;
  override readonly activation = "saturating";
  override readonly keepsSign = true;
  override readonly rereads = { top: "values" } as const;
}

import { ElementwiseLayer } from "./elementwise.js";

/**
 * Swish: y = x/(1 + e^(−beta·x)), x times its sigmoid.
 *
 * Bottom x of any shape, top y of the same; works in place.
 * Gradient: dx = dy·(s + beta·x·s·(1 − s)), s = 1/(1 + e^(−beta·x)); in place a copy of x is kept for it.
 *
 * `swish_param`: `beta` (1).
 *
 * Source: Ramachandran et al. 2017.
 */
export class SwishLayer extends ElementwiseLayer<"swish"> {
  static readonly type = "Swish";
  protected override readonly kernel = { name: "swish", beta: this.message.swishParam?.beta ?? 1 } as const;
  protected override readonly needsBottom = true;
  override readonly keepsSign = true;
  override readonly rereads = { top: "values" } as const;
}

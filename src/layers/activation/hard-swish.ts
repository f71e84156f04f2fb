import { ElementwiseLayer } from "./elementwise.js";

/**
 * Hard swish: y = x·min(max(x + 3, 0), 6)/6, Swish of straight pieces.
 *
 * Bottom x of any shape, top y of the same; works in place.
 * Gradient: dx = 0 where x ≤ −3, dy where x ≥ 3, else dy·(2x + 3)/6; in place a copy of x is kept for it. The fork has none.
 *
 * No parameters.
 *
 * Source: synopsys-caffe; Howard et al. 2019 (MobileNetV3). Dialect: synopsys.
 */
export class HardSwishLayer extends ElementwiseLayer<"hardSwish"> {
  static readonly type = "HardSwish";
  static override readonly fork = "Synopsys's";
  protected override readonly kernel = { name: "hardSwish" } as const;
  protected override readonly needsBottom = true;
  override readonly keepsSign = true;
  override readonly rereads = { bottom: "values", inPlace: "copied" } as const;
}

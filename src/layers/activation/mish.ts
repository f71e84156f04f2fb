import { ElementwiseLayer } from "./elementwise.js";

/**
 * Mish: y = x·tanh(log(1 + e^x)).
 *
 * Bottom x of any shape, top y of the same; works in place.
 * Gradient: dx = dy·(t + x·(1 − t²)·s), t = tanh(log(1 + e^x)), s = 1/(1 + e^(−x)); in place a copy of x is kept for it. The fork takes
 * y for x there, which is the gradient of nothing; Moka's is right.
 *
 * No parameters.
 *
 * Source: synopsys-caffe; Misra 2019 (YOLOv4). Dialect: synopsys.
 */
export class MishLayer extends ElementwiseLayer<"mish"> {
  static readonly type = "Mish";
  static override readonly fork = "Synopsys's";
  protected override readonly kernel = { name: "mish" } as const;
  protected override readonly needsBottom = true;
  override readonly keepsSign = true;
  override readonly rereads = { top: "values" } as const;
}

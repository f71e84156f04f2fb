import { ElementwiseLayer } from "./elementwise.js";

/**
 * Logistic function: y = 1/(1 + e^−x).
 *
 * Bottom x of any shape, top y of the same; works in place. Gradient: dx = dy·y·(1 − y).
 * `sigmoid_param.engine` is read and ignored.
 */
export class SigmoidLayer extends ElementwiseLayer<"sigmoid"> {
  static readonly type = "Sigmoid";
  protected override readonly kernel = { name: "sigmoid" } as const;
  override readonly activation = "saturating";
  override readonly spareTops = "all";
  override readonly rereads = { top: "values" } as const;
}

import { ElementwiseLayer } from "./elementwise.js";

/**
 * Binomial normal log likelihood, also called softplus: y = log(1 + e^x).
 *
 * Bottom x of any shape, top y of the same; works in place.
 * Gradient: dx = dy/(1 + e^−x). In place Moka keeps a copy of x for it; Caffe uses y instead, which is wrong.
 *
 * No parameters.
 */
export class BNLLLayer extends ElementwiseLayer<"softplus"> {
  static readonly type = "BNLL";
  protected override readonly kernel = { name: "softplus" } as const;
  protected override readonly needsBottom = true;
  override readonly rereads = { bottom: "values", inPlace: "lost" } as const;
}

import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { ElementwiseLayer } from "./elementwise.js";

/** The upper bound of `relu6`, and the float32 value next to it, below. */
const [six, belowSix] = [6, 6 - 2 ** -21];

/**
 * Rectified linear unit: y = max(x, 0) + negative_slope·min(x, 0).
 *
 * Bottom x of any shape, top y of the same; works in place.
 * Gradient: dx = dy where x > 0, else negative_slope·dy. In place the sign is taken from y, as in Caffe;
 * y has the sign of x unless negative_slope is negative.
 *
 * `relu_param`: `negative_slope` (0); `engine` is read and ignored; of Synopsys's fork `relu6` (false): y is at most 6, also behind the
 * leaky form, and dx = 0 where x ≥ 6. NaN then becomes 0, with a negative_slope −∞.
 *
 * Source: Nair and Hinton 2010; the leaky form Maas et al. 2013. Dialect: synopsys (`relu6`).
 */
export class ReLULayer extends ElementwiseLayer<"relu"> {
  static readonly type = "ReLU";
  static override readonly forkFields = ["relu_param.relu6"];
  protected override readonly kernel = {
    name: "relu",
    negativeSlope: this.message.reluParam?.negativeSlope ?? 0,
  } as const;
  readonly #isBounded = this.message.reluParam?.relu6 ?? false;
  override readonly activation = "rectifier";
  override readonly keepsSign = true;
  override readonly rereads = { bottom: this.#isBounded ? "values" : "sign" } as const;

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const isPlain = this.kernel.negativeSlope === 0;
    if (!this.#isBounded || !isPlain) super.forward(k, [x], [y]);
    if (!this.#isBounded) return;
    const min = isPlain ? 0 : Number.NEGATIVE_INFINITY;
    k.clip({ x: isPlain ? x.data : y.data, y: y.data, min, max: six });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!this.#isBounded) super.backward(k, [y], [wanted], [x]);
    else if (wanted) {
      k.clipBackward({ x: x.data, dy: y.diff, dx: x.diff, min: Number.NEGATIVE_INFINITY, max: belowSix });
      k.reluBackward({ x: x.data, dy: x.diff, dx: x.diff, negativeSlope: this.kernel.negativeSlope });
    }
  }
}

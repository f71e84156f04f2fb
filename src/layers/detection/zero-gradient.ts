import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";

/** A layer without gradient in nets that learn: one that is asked for is 0, for all bottoms. */
export abstract class ZeroGradientLayer extends Layer {
  static override readonly group: "data" | "detection" = "detection";

  override allowForceBackward(): boolean {
    return false;
  }

  override backward(k: Recorder, _top: readonly Tensor[], wanted: readonly boolean[], bottom: readonly Tensor[]): void {
    for (const [i, x] of bottom.entries()) if (wanted[i]) k.fill({ y: x.diff, value: 0 });
  }
}

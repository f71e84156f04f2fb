import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import type { Shape } from "../../util/shape.js";

/** Reads blobs, so that they are not outputs of the net. Bottoms, one or more; no top. Gradient: 0. */
export class SilenceLayer extends Layer {
  static readonly type = "Silence";
  override readonly bottomCount = [1, Number.POSITIVE_INFINITY] as const;
  override readonly topCount = 0;

  override topShapes(): readonly Shape[] {
    return [];
  }

  override forward(): void {}

  override backward(k: Recorder, _top: readonly Tensor[], wanted: readonly boolean[], bottom: readonly Tensor[]): void {
    bottom.forEach((x, i) => {
      if (wanted[i]) k.fill({ y: x.diff, value: 0 });
    });
  }
}

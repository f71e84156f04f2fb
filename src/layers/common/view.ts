import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { UnaryLayer } from "./unary.js";

/** A layer whose top is its bottom in another shape: data and diff are shared, nothing is computed. */
export abstract class ViewLayer extends UnaryLayer {
  override readonly sharesBottom = true;
  override readonly passesOn = "first";

  override forward(_k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    y.shareData(x);
    y.shareDiff(x);
  }
}

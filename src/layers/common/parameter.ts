import { create } from "@bufbuild/protobuf";
import type { ParamDeclaration } from "../../core/layer.js";
import { paramSpec } from "../../core/params.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { FillerParameterSchema } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { SourceLayer } from "../data/source-layer.js";

/**
 * Puts a learned blob into the net.
 *
 * No bottoms; top y, the parameter itself: its data and its diff are those of the parameter, without a copy.
 * Gradient: dp = dy. As in Caffe, each backward sets the gradient and adds nothing up: with `iter_size` only the last
 * backward counts, and a parameter shared with another layer learns from one of the two layers only.
 *
 * Parameters: 0 p, of the shape given; it starts at 0, or with the values in the layer's `blobs`.
 * `parameter_param`: `shape` (a scalar, if none is given).
 */
export class ParameterLayer extends SourceLayer {
  static readonly type = "Parameter";
  override readonly topCount = 1;
  override readonly paramCount = 1;

  override topShapes(): readonly Shape[] {
    return [(this.message.parameterParam?.shape?.dim ?? []).map(Number)];
  }

  override declareParams(): readonly ParamDeclaration[] {
    const filler = create(FillerParameterSchema, { type: "constant", value: 0 });
    return this.topShapes().map((shape) => ({ shape, filler }));
  }

  override forward(k: Recorder, _bottom: readonly Tensor[], [y]: [Tensor]): void {
    const parameter = this.params[0] as Tensor;
    y.shareData(parameter);
    // A fixed parameter has no gradient: what stands in the diff of y, such as a loss weight, is not one.
    if (k.needsBackward || paramSpec(this, 0).lrMult !== 0) y.shareDiff(parameter);
  }
}

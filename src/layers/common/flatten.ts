import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { FlattenParameterSchema } from "../../proto/gen/caffe_pb.js";
import { canonicalAxis, countOf, formatShape, type Shape } from "../../util/shape.js";
import { ViewLayer } from "./view.js";

/**
 * Collapses the axes `axis` … `end_axis` into one.
 *
 * Bottom x, top y with the same values; no copy is made. Cannot work in place. As in Caffe, y has its own diff if the
 * layer does not run backward, as under no loss; the diff of a Reshape's top is always that of its bottom.
 * `flatten_param`: `axis` (1), `end_axis` (−1), both may count from the end. As in Caffe, an `end_axis` right before
 * `axis` inserts an axis of size 1.
 */
export class FlattenLayer extends ViewLayer {
  static readonly type = "Flatten";
  readonly #param = this.message.flattenParam ?? create(FlattenParameterSchema);

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    y.shareData(x);
    if (k.needsBackward) y.shareDiff(x);
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const { axis, endAxis } = this.#param;
    const start = canonicalAxis(x, axis, "flatten_param.axis");
    const end = canonicalAxis(x, endAxis, "flatten_param.end_axis") + 1;
    this.check(
      start <= end,
      "MOKA_SHAPE",
      `flatten_param.end_axis ${endAxis} lies before axis ${axis} of the bottom ${formatShape(x)}`,
    );
    return [[...x.slice(0, start), countOf(x, start, end), ...x.slice(end)]];
  }
}

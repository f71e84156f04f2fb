import { create, isFieldSet } from "@bufbuild/protobuf";
import { ClipParameterSchema } from "../../proto/gen/caffe_pb.js";
import { ElementwiseLayer } from "./elementwise.js";

/**
 * Keeps values between two bounds: y = max(min, min(x, max)); NaN becomes min.
 *
 * Bottom x of any shape, top y of the same; works in place.
 * Gradient: dx = dy where min ≤ x ≤ max, else 0. In place, y is compared instead of x, as in Caffe, so that dx = dy.
 *
 * `clip_param`: `min` and `max`, both required. A layer without `clip_param` is an error here; Caffe takes 0 for both.
 */
export class ClipLayer extends ElementwiseLayer<"clip"> {
  static readonly type = "Clip";
  readonly #param = this.message.clipParam ?? create(ClipParameterSchema);
  protected override readonly kernel = { name: "clip", min: this.#param.min, max: this.#param.max } as const;
  override readonly rereads = { bottom: "values", inPlace: "wrong" } as const;
  override readonly keepsSign = this.#param.min <= 0 && this.#param.max > 0;

  override setup(): void {
    const { field } = ClipParameterSchema;
    const given = [field.min, field.max].every((bound) => isFieldSet(this.#param, bound));
    this.check(given, "MOKA_FIELD", "clip_param.min and clip_param.max must be given");
  }
}

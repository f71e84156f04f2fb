import { create } from "@bufbuild/protobuf";
import { ReorgParameterSchema } from "../../proto/gen/caffe_pb.js";
import { ReorgBase } from "./reorg-base.js";

/**
 * Moves values between channels and positions, in darknet's order: YOLOv2's passthrough layer.
 *
 * Bottom x (N, C, H, W). With s = `stride` and D = C/s², F(c, h, w) is the place of (c mod D, h·s + ⌊⌊c/D⌋/s⌋, w·s + ⌊c/D⌋ mod s) in an array
 * (D, H·s, W·s). With `reverse` the top is (N, D, H·s, W·s), and y[F(c, h, w)] = x[c, h, w]: channels go to positions. Without it the top is
 * (N, C·s², H/s, W/s), and value (c·H + h)·W + w of y is value F(c, h, w) of x, with the sizes of x. This is darknet's order, neither the
 * inverse of `reverse` nor the usual space-to-depth; trained nets depend on it. C must be divisible by s², and H and W by s without `reverse`.
 * Gradient: each dy goes back where its value came from. The fork's is 0, from a blob that nothing writes.
 *
 * `reorg_param`: `stride` (must be given), `reverse` (false).
 *
 * Source: eric612's MobileNet-YOLO, after darknet. Dialect: eric612.
 */
export class ReorgLayer extends ReorgBase {
  static readonly type = "Reorg";
  static override readonly paramField = "reorg_param";
  protected override readonly order = this.message.reorgParam ?? create(ReorgParameterSchema);

  override setup(): void {
    this.check(this.order.stride > 0, "MOKA_FIELD", "reorg_param.stride must be given, and 1 or more");
  }
}

import { NearestLayer } from "./nearest.js";

/**
 * Makes planes larger: each value becomes a block of `stride` × `stride`, as in darknet.
 *
 * Bottom x (…, H, W); top (…, H·stride, W·stride). Gradient: the sum of dy over the block.
 *
 * `upsample_darknet_param`: `stride` (1).
 *
 * Source: Synopsys' caffe, after darknet. Dialect: synopsys.
 */
export class UpsampleDarknetLayer extends NearestLayer {
  static readonly type = "UpsampleDarknet";
  static override readonly paramField = "upsample_darknet_param";
  protected override readonly field = "upsample_darknet_param.stride";
  protected override readonly scale = this.message.upsampleDarknetParam?.stride ?? 1;
}

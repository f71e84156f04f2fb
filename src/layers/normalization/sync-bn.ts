import { BNPspLayer } from "./bn-psp.js";

/**
 * SyncBN of PSPNet: its BN, whose statistics on several GPUs are those of all batches together.
 *
 * Bottom, top, formulas, gradients, parameters and `bn_param` are those of PSPNet's BN. Where several ranks train the net together, each
 * normalizes by its own batch here, as BN does; Moka's BatchNorm has statistics over all ranks.
 *
 * Source: hszhao/PSPNet (training code), yjxiong/caffe.
 */
export class SyncBNLayer extends BNPspLayer {
  static override readonly type = "SyncBN";
}

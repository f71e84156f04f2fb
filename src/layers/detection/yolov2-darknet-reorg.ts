import { ReorgBase } from "./reorg-base.js";

/**
 * YOLOv2's passthrough layer as a `Python` layer, with `python_param { module: "yolov2" layer: "darknet_reorg" }`: Reorg with `stride` 2.
 *
 * Bottom x (N, C, H, W), C divisible by 4, H and W by 2; top y (N, 4·C, H/2, W/2), in darknet's order: see Reorg. Gradient: each dy goes back
 * where its value came from. In the fork the gradient is an error, as its nets are never trained.
 *
 * `param_str` is not read, as in the fork.
 *
 * Source: Synopsys's Caffe, python/yolov2.py, which calls darknet itself. Dialect: synopsys.
 */
export class Yolov2DarknetReorgLayer extends ReorgBase {
  static readonly type = "yolov2.darknet_reorg";
  static override readonly paramField = "python_param";
  protected override readonly order = { stride: 2, reverse: false };
}

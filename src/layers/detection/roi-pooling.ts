import { create } from "@bufbuild/protobuf";
import type { RegionGeometry } from "../../core/kernels.js";
import type { LayerUse } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { ROIPoolingParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../../util/shape.js";
import { RegionPoolingLayer } from "./region-pooling.js";

/**
 * Takes the largest values of regions of images, in a grid of bins for each region (RoI pooling).
 *
 * Bottoms: x (N, C, H, W); rois (R, 5), perhaps with axes of size 1: image, x1, y1, x2, y2. Top y (R, C, pooled_h, pooled_w).
 *
 * Coordinates times `spatial_scale` are rounded, half away from zero; the region includes both its ends, and is at least one place
 * high and wide, also where the end lies before the start. Bin i of height h/pooled_h covers the rows from ⌊i·h/pooled_h⌋ to below
 * ⌈(i + 1)·h/pooled_h⌉, so that neighbors may overlap. All of this is in single precision, rounded after each step, and bins are cut
 * to the image. An empty bin gives 0.
 *
 * Gradient: dy goes to where the maximum was, the first of equals, but only inside the rounded region, and only if the place, divided
 * by the height of a bin, falls into this bin: a region whose end lies before its start pools one place and gets no gradient. The
 * regions have none: a gradient asked of them is 0.
 *
 * `roi_pooling_param`: `pooled_h` and `pooled_w` (must be given), `spatial_scale` (1).
 *
 * R may be 0. An image that does not exist is an error; Caffe aborts on a CPU, and reads other memory on a GPU. A coordinate that is
 * infinite or no number is an error; Caffe computes with any integer.
 *
 * Source: Girshick 2015, in Faster R-CNN's Caffe and many others; backward is that of its GPU code. Synopsys's has a gradient on a
 * CPU that is right for one channel only; it is not followed.
 */
export class ROIPoolingLayer extends RegionPoolingLayer {
  static readonly type = "ROIPooling";
  readonly #param = this.message.roiPoolingParam ?? create(ROIPoolingParameterSchema);
  #mask: Span | undefined;

  override setup(): void {
    const { pooledH, pooledW, pooledSize } = this.#param;
    this.check(
      pooledSize.length === 0,
      "MOKA_UNSUPPORTED",
      "roi_pooling_param.pooled_size, of Intel's Caffe, is not known; give pooled_h and pooled_w",
    );
    this.check(
      pooledH > 0 && pooledW > 0,
      "MOKA_FIELD",
      "roi_pooling_param needs pooled_h and pooled_w greater than 0",
    );
  }

  protected override geometry([x, rois]: readonly [Shape, Shape]): RegionGeometry {
    const { pooledH, pooledW, spatialScale: scale } = this.#param;
    const [n = 0, channels = 0, height = 0, width = 0] = x;
    return { n, channels, regions: rois[0] ?? 0, input: [height, width], output: [pooledH, pooledW], scale };
  }

  /** max_idx_. */
  override caffeBuffers({ top: [y = []] }: LayerUse): number {
    return countOf(y);
  }

  override forward(k: Recorder, [x, rois]: [Tensor, Tensor], [y]: [Tensor]): void {
    const mask = k.span("mask", y.count);
    const geometry = this.begin(k, [x, rois]);
    k.regionMax({ x: x.data, rois: rois.data, y: y.data, mask, ...geometry });
    this.#mask = mask;
  }

  override backward(k: Recorder, [y]: [Tensor], wanted: [boolean, boolean], [x, rois]: [Tensor, Tensor]): void {
    const mask = this.#mask;
    const geometry = this.geometry([x.shape, rois.shape]);
    if (wanted[0] && mask) k.regionMaxBackward({ rois: rois.data, dy: y.diff, mask, dx: x.diff, ...geometry });
    if (wanted[1]) k.fill({ y: rois.diff, value: 0 });
  }
}

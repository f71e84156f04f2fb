import { create, isFieldSet } from "@bufbuild/protobuf";
import type { RegionGeometry } from "../../core/kernels.js";
import type { LayerUse } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { PSROIPoolingParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../../util/shape.js";
import { RegionPoolingLayer } from "./region-pooling.js";

/**
 * Averages regions of images in a grid of bins, each bin on channels of its own (position-sensitive RoI pooling).
 *
 * Bottoms: x (N, D·g², H, W); rois (R, 5), perhaps with axes of size 1: image, x1, y1, x2, y2. Top y (R, D, g, g), D the
 * `output_dim`, g the `group_size`: bin (i, j) of channel c is the average of channel (c·g + i)·g + j of x under it.
 *
 * Coordinates are rounded, half away from zero, then scaled: a region reaches from round(x1)·scale to (round(x2) + 1)·scale, and is
 * at least 0.1 places high and wide. Bin i covers the rows from ⌊y1 + i·h/g⌋ to below ⌈y1 + (i + 1)·h/g⌉. All of this is in single
 * precision, rounded after each step, and bins are cut to the image. An empty bin gives 0.
 *
 * Gradient: dy of a bin, divided by its number of places, goes to each of them. The regions have none: a gradient asked of them is 0.
 *
 * `psroi_pooling_param`: `spatial_scale`, `output_dim`, `group_size`, all of which must be given.
 *
 * R may be 0. An image that does not exist is an error, where Caffe reads other memory, and so is a coordinate that is infinite or no
 * number.
 *
 * Source: Dai, Li, He and Sun 2016, in R-FCN's Caffe, which computes it on GPUs only.
 */
export class PSROIPoolingLayer extends RegionPoolingLayer {
  static readonly type = "PSROIPooling";
  readonly #param = this.message.psroiPoolingParam ?? create(PSROIPoolingParameterSchema);

  override setup(): void {
    for (const [name, field] of Object.entries(PSROIPoolingParameterSchema.field)) {
      const isGiven = isFieldSet(this.#param, field) && this.#param[name as "groupSize"] > 0;
      this.check(isGiven, "MOKA_FIELD", `psroi_pooling_param.${field.name} must be given, and greater than 0`);
    }
  }

  protected override geometry([x, rois]: readonly [Shape, Shape]): RegionGeometry {
    const { outputDim: channels, groupSize: size, spatialScale: scale } = this.#param;
    const [n = 0, given = 0, height = 0, width = 0] = x;
    this.check(
      given === channels * size * size,
      "MOKA_SHAPE",
      `its first bottom must have output_dim · group_size² = ${channels * size * size} channels, not ${given}`,
    );
    return { n, channels, regions: rois[0] ?? 0, input: [height, width], output: [size, size], scale };
  }

  /** mapping_channel_. */
  override caffeBuffers({ top: [y = []] }: LayerUse): number {
    return countOf(y);
  }

  override forward(k: Recorder, [x, rois]: [Tensor, Tensor], [y]: [Tensor]): void {
    const geometry = this.begin(k, [x, rois]);
    k.regionAverage({ x: x.data, rois: rois.data, y: y.data, ...geometry });
  }

  override backward(k: Recorder, [y]: [Tensor], wanted: [boolean, boolean], [x, rois]: [Tensor, Tensor]): void {
    const geometry = this.geometry([x.shape, rois.shape]);
    if (wanted[0]) k.regionAverageBackward({ rois: rois.data, dy: y.diff, dx: x.diff, ...geometry });
    if (wanted[1]) k.fill({ y: rois.diff, value: 0 });
  }
}

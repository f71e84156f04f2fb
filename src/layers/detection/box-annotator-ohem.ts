import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { BoxAnnotatorOHEMParameterSchema } from "../../proto/gen/caffe_pb.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { ZeroGradientLayer } from "./zero-gradient.js";

/**
 * Chooses the regions of each image with the highest loss, its hard examples; the others are not learned from (R-FCN).
 *
 * Bottoms: regions (N, 5, H, W), of which only the first value, the image, is used; losses (N, 1, H, W); labels (N, 1, H, W); weights of the box
 * loss (N, C, H, W). Missing axes are 1. Tops: labels (N, 1, H, W) and weights (N, C, H, W): those of the bottoms for the `roi_per_img` regions of an image with the
 * highest losses, `ignore_label` and 0 for the others. Equal losses: the first region; NaN counts as the highest. The choice has no gradient: one that is asked
 * for is 0.
 *
 * `box_annotator_ohem_param`: `roi_per_img` (required), `ignore_label` (−1).
 *
 * An image that is no whole number from 0 on is an error; the fork writes beyond its memory.
 *
 * Source: R-FCN; Dai et al. 2016; Shrivastava et al. 2016. Dialects: r-fcn, intel.
 */
export class BoxAnnotatorOHEMLayer extends ZeroGradientLayer {
  static readonly type = "BoxAnnotatorOHEM";
  static override readonly paramField = "box_annotator_ohem_param";
  override readonly bottomCount = 4;
  override readonly topCount = 2;
  readonly #param = this.message.boxAnnotatorOhemParam ?? create(BoxAnnotatorOHEMParameterSchema);

  override setup(): void {
    const { roiPerImg } = this.#param;
    this.check(roiPerImg > 0, "MOKA_FIELD", "box_annotator_ohem_param.roi_per_img must be given, 1 or more");
  }

  override topShapes(bottom: readonly Shape[]): readonly Shape[] {
    const [rois = [], loss = [], labels = [], weights = []] = bottom.map((shape) => [...shape, 1, 1, 1].slice(0, 4));
    const [n = 1, five, h = 1, w = 1] = rois;
    const one = formatShape([n, 1, h, w]);
    this.check(
      bottom.every(({ length }) => length >= 1 && length <= 4) &&
        five === 5 &&
        formatShape(loss) === one &&
        formatShape(labels) === one &&
        formatShape([n, 1, ...weights.slice(2)]) === one &&
        weights[0] === n,
      "MOKA_SHAPE",
      `needs regions N 5 H W, losses N 1 H W, labels N 1 H W and weights N C H W; they are ${bottom.map(formatShape).join(", ")}`,
    );
    return [[n, 1, h, w], weights];
  }

  override forward(k: Recorder, bottom: [Tensor, Tensor, Tensor, Tensor], top: [Tensor, Tensor]): void {
    const [rois, losses, labels, weights] = bottom;
    const [n = 1, channels = 1, h = 1, w = 1] = top[1].shape;
    const plane = h * w;
    const { roiPerImg, ignoreLabel } = this.#param;
    const order = new Uint32Array(n * plane);
    const run = () => {
      const [regions, values, from, factors] = [rois, losses, labels, weights].map(({ data }) => data.array) as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      const [to, kept] = [top[0].data.array.fill(ignoreLabel), top[1].data.array.fill(0)];
      const rank = (i: number) => (Number.isNaN(values[i]) ? Number.POSITIVE_INFINITY : (values[i] as number));
      for (let i = 0; i < order.length; i++) order[i] = i;
      order.sort((a, b) => (rank(a) === rank(b) ? a - b : rank(b) - rank(a)));
      const taken = new Map<number, number>();
      for (const i of order) {
        const [item, s] = [Math.floor(i / plane), i % plane];
        const image = regions[item * 5 * plane + s] as number;
        this.check(
          Number.isInteger(image) && image >= 0,
          "MOKA_DATA",
          `region ${i} must have an image, a whole number from 0 on, not ${image}`,
        );
        const count = taken.get(image) ?? 0;
        if (count >= roiPerImg) continue;
        taken.set(image, count + 1);
        to[i] = from[i] as number;
        for (let c = 0; c < channels; c++) {
          const at = (item * channels + c) * plane + s;
          kept[at] = factors[at] as number;
        }
      }
    };
    k.host("hard examples", run, { reads: bottom.map(({ data }) => data), writes: top.map(({ data }) => data) });
  }
}

import type { RegionGeometry } from "../../core/kernels.js";
import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";

/** The layers that pool regions of images: bottoms are the images and the regions, (R, 5). */
export abstract class RegionPoolingLayer extends Layer {
  static override readonly group = "detection";
  override readonly bottomCount = 2;
  override readonly topCount = 1;

  /** The sizes for these bottoms; checks them. */
  protected abstract geometry(bottom: readonly Shape[]): RegionGeometry;

  override topShapes(bottom: readonly Shape[]): readonly Shape[] {
    const [x = [], rois = []] = bottom;
    this.check(x.length === 4, "MOKA_SHAPE", `its first bottom must be (N, C, H, W), not ${formatShape(x)}`);
    this.check(
      rois.length >= 2 && countOf(rois, 1) === 5,
      "MOKA_SHAPE",
      `its regions, the second bottom, must have 5 values each (image, x1, y1, x2, y2), not ${formatShape(rois)}`,
    );
    const { regions, channels, output } = this.geometry(bottom);
    return [[regions, channels, ...output]];
  }

  override allowForceBackward(bottom: number): boolean {
    return bottom === 0;
  }

  /** The sizes, and a step that checks the regions before they are used. */
  protected begin(k: Recorder, [x, rois]: readonly [Tensor, Tensor]): RegionGeometry {
    const geometry = this.geometry([x.shape, rois.shape]);
    const { n, regions } = geometry;
    const check = () => {
      const values = rois.data.array;
      for (let i = 0; i < 5 * regions; i++) {
        const value = values[i] ?? 0;
        const isRight = i % 5 === 0 ? value > -1 && value < n : Number.isFinite(value);
        if (isRight) continue;
        const what = i % 5 === 0 ? `image ${value}; there are ${n} images` : `a coordinate that is ${value}`;
        throw this.error("MOKA_DATA", `region ${Math.floor(i / 5)} of "${rois.name}" has ${what}`);
      }
    };
    k.host("check regions", check, { reads: [rois.data] });
    return geometry;
  }
}

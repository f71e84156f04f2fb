import { create, isFieldSet } from "@bufbuild/protobuf";
import type { InterpolateGeometry } from "../../core/kernels.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { InterpParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "../common/unary.js";

/**
 * Resizes planes by bilinear interpolation with aligned corners: the first and the last place stay where they are.
 *
 * Bottom x (N, C, H, W); top (N, C, H', W'). y[i, j] lies at (i·(H − 1)/(H' − 1), j·(W − 1)/(W' − 1)) of x, at 0 where the top has size
 * 1, and is interpolated between the four nearest values. Positions are computed in single precision, as in the fork.
 * Gradient: dy goes to the four values by the same weights.
 *
 * `interp_param`: sizes by the first that applies: `shrink_factor` s alone, (H − 1)/s + 1 rounded down; `zoom_factor` z alone, H + (H −
 * 1)(z − 1); `height` and `width`; both factors, shrink first. So a factor alone beats `height` and `width`, as in the fork. `pad_beg`
 * and `pad_end` (0), not above 0: so many places are cut off first, `pad_beg` above and at the left, `pad_end` below and at the
 * right. Synopsys' `full_zoom_factor` f (1): H·f, if nothing else gives the size.
 *
 * Source: DeepLab (Chen et al. 2014) and PSPNet (Zhao et al. 2017). Dialects: pspnet, deeplab-v2, synopsys, caffe-ocr.
 */
export class InterpLayer extends UnaryLayer {
  static readonly type = "Interp";
  static override readonly group = "segmentation";
  static override readonly paramField = "interp_param";
  readonly #param = this.message.interpParam ?? create(InterpParameterSchema);

  override setup(): void {
    const { padBeg, padEnd, shrinkFactor, zoomFactor } = this.#param;
    this.check(
      padBeg <= 0 && padEnd <= 0,
      "MOKA_FIELD",
      "interp_param.pad_beg and pad_end must not be above 0: they only cut",
    );
    this.check(
      shrinkFactor > 0 && zoomFactor > 0,
      "MOKA_FIELD",
      "interp_param.shrink_factor and zoom_factor must be 1 or more",
    );
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const { input, size } = this.#part(x);
    this.check(
      x.length === 4 && Math.min(...size) > 0,
      "MOKA_SHAPE",
      `needs (N, C, H, W) of which pad_beg and pad_end leave something; it is ${formatShape(x)}`,
    );
    const output = [this.#sizeOf(size[0], "height"), this.#sizeOf(size[1], "width")];
    this.check(
      Math.min(...output) > 0,
      "MOKA_FIELD",
      `interp_param gives ${output.join("×")} from ${input.join("×")}; needs height and width, zoom_factor or shrink_factor`,
    );
    return [[x[0] ?? 0, x[1] ?? 0, ...output]];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    k.interpolate({ x: x.data, y: y.data, ...this.#geometry(x.shape, y.shape) });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) k.interpolateBackward({ dy: y.diff, dx: x.diff, ...this.#geometry(x.shape, y.shape) });
  }

  /** The part of the planes that is used. */
  #part([, , h = 0, w = 0]: Shape) {
    const { padBeg, padEnd } = this.#param;
    const first = [-padBeg, -padBeg] as const;
    return { input: [h, w] as const, first, size: [h + padBeg + padEnd, w + padBeg + padEnd] as const };
  }

  #sizeOf(size: number, side: "height" | "width"): number {
    const { shrinkFactor: shrink, zoomFactor: zoom } = this.#param;
    const has = (name: keyof typeof InterpParameterSchema.field) =>
      isFieldSet(this.#param, InterpParameterSchema.field[name]);
    const [shrinks, zooms] = [has("shrinkFactor"), has("zoomFactor")];
    if (shrinks !== zooms) return shrinks ? shrunk(size, shrink) : zoomed(size, zoom);
    if (has("height") && has("width")) return this.#param[side];
    if (shrinks) return zoomed(shrunk(size, shrink), zoom);
    return has("fullZoomFactor") ? size * this.#param.fullZoomFactor : 0;
  }

  #geometry(x: Shape, y: Shape): InterpolateGeometry {
    const { input, first, size } = this.#part(x);
    const output = [y[2] ?? 0, y[3] ?? 0] as const;
    const ratioOf = (axis: 0 | 1) => (output[axis] > 1 ? Math.fround((size[axis] - 1) / (output[axis] - 1)) : 0);
    const ratio = [ratioOf(0), ratioOf(1)] as const;
    return { planes: countOf(x, 0, 2), input, output, first, size, ratio, offset: [0, 0] };
  }
}

const shrunk = (size: number, factor: number) => Math.trunc((size - 1) / factor) + 1;
const zoomed = (size: number, factor: number) => size + (size - 1) * (factor - 1);

import { create, isFieldSet } from "@bufbuild/protobuf";
import type { InterpolateGeometry } from "../../core/kernels.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { ResizeBilinearParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "../common/unary.js";
import { resizedShape } from "./resized.js";

/** The fields that are computed. */
const computed: readonly string[] = [
  ...["align_corners", "output_height", "output_width", "data_format", "scale_height", "scale_width"],
  ...["half_pixel_centers", "pytorch_half_pixel"],
];

/**
 * Resizes planes by bilinear interpolation, as TensorFlow and ONNX do.
 *
 * Bottom x (N, C, H, W); top (N, C, H', W'), with `output_height` and `output_width`, else H·`scale_height` and W·`scale_width` (1), rounded
 * down. Output i lies at i·H/H' of the input; with `align_corners` at i·(H − 1)/(H' − 1); with `half_pixel_centers` or
 * `pytorch_half_pixel` at (i + 0.5)·H/H' − 0.5, the last at 0 where H' is 1. Positions beyond the edges are moved to them.
 * Gradient: dy goes to the four values by the same weights; the fork has none.
 *
 * `resize_bilinear_param`: at most one of `align_corners`, `half_pixel_centers`, `pytorch_half_pixel` (false). `data_format` must be
 * given as "NCHW": its default, "NHWC", and "NCHWD" are errors here, as are fields of quantization.
 *
 * Source: Synopsys' caffe, after TensorFlow's resize_bilinear. Dialect: synopsys.
 */
export class ResizeBilinearLayer extends UnaryLayer {
  static readonly type = "ResizeBilinear";
  static override readonly group = "segmentation";
  static override readonly paramField = "resize_bilinear_param";
  readonly #param = this.message.resizeBilinearParam ?? create(ResizeBilinearParameterSchema);

  override setup(): void {
    const { alignCorners, halfPixelCenters, pytorchHalfPixel } = this.#param;
    const other = ResizeBilinearParameterSchema.fields.find(
      (field) => isFieldSet(this.#param, field) && !computed.includes(field.name),
    );
    this.check(!other, "MOKA_UNSUPPORTED", `resize_bilinear_param.${other?.name} is not computed`);
    this.check(
      Number(alignCorners) + Number(halfPixelCenters) + Number(pytorchHalfPixel) <= 1,
      "MOKA_FIELD",
      "resize_bilinear_param takes one of align_corners, half_pixel_centers and pytorch_half_pixel",
    );
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    return [resizedShape(this, x, this.#param, ResizeBilinearParameterSchema, "resize_bilinear_param")];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    k.interpolate({ x: x.data, y: y.data, ...this.#geometry(x.shape, y.shape) });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) k.interpolateBackward({ dy: y.diff, dx: x.diff, ...this.#geometry(x.shape, y.shape) });
  }

  #geometry(x: Shape, y: Shape): InterpolateGeometry {
    const { alignCorners, halfPixelCenters, pytorchHalfPixel } = this.#param;
    const input = [x[2] ?? 0, x[3] ?? 0] as const;
    const output = [y[2] ?? 0, y[3] ?? 0] as const;
    const place = (axis: 0 | 1) => {
      const [from, to] = [input[axis], output[axis]];
      if (alignCorners && to > 1) return [Math.fround((from - 1) / (to - 1)), 0] as const;
      const ratio = Math.fround(from / to);
      if (pytorchHalfPixel && to === 1) return [0, 0] as const;
      return [ratio, halfPixelCenters || pytorchHalfPixel ? Math.fround(0.5 * ratio - 0.5) : 0] as const;
    };
    const [rows, columns] = [place(0), place(1)];
    const places = { ratio: [rows[0], columns[0]], offset: [rows[1], columns[1]] } as const;
    return { planes: countOf(x, 0, 2), input, output, first: [0, 0], size: input, ...places };
  }
}

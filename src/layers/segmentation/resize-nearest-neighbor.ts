import { create } from "@bufbuild/protobuf";
import type { UpsampleGeometry } from "../../core/kernels.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { ResizeNearestNeighborParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "../common/unary.js";
import { resizedShape } from "./resized.js";

const f32 = Math.fround;

interface Places {
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  readonly blocks: UpsampleGeometry | undefined;
}

/**
 * Resizes planes by their nearest values, as TensorFlow and ONNX do.
 *
 * Bottom x (N, C, H, W); top (N, C, H', W'), with `output_height` and `output_width`, else H·`scale_height` and W·`scale_width` (1), rounded
 * down. Output i is the value at ⌊i·H/H'⌋ of the input; with `align_corners` at i·(H − 1)/(H' − 1), rounded half up; with
 * `half_pixel_centers` at ⌊(i + 0.5)·H/H'⌋; with `half_pixel_onnx` at ⌊(i + 0.5)·H/H' − 0.5⌋; all moved into the input, and computed in
 * single precision. Gradient: each value gets the sum of dy over its copies; the fork has none.
 *
 * `resize_nearest_neighbor_param`: at most one of the three (false). `data_format` must be given as "NCHW": its default, "NHWC", is an
 * error here.
 *
 * Source: Synopsys' caffe, after TensorFlow's resize_nearest_neighbor. Dialect: synopsys.
 */
export class ResizeNearestNeighborLayer extends UnaryLayer {
  static readonly type = "ResizeNearestNeighbor";
  static override readonly group = "segmentation";
  static override readonly paramField = "resize_nearest_neighbor_param";
  readonly #param = this.message.resizeNearestNeighborParam ?? create(ResizeNearestNeighborParameterSchema);
  override readonly passesOn = "first";

  override setup(): void {
    const { alignCorners, halfPixelCenters, halfPixelOnnx } = this.#param;
    this.check(
      Number(alignCorners) + Number(halfPixelCenters) + Number(halfPixelOnnx) <= 1,
      "MOKA_FIELD",
      "resize_nearest_neighbor_param takes one of align_corners, half_pixel_centers and half_pixel_onnx",
    );
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const schema = ResizeNearestNeighborParameterSchema;
    return [resizedShape(this, x, this.#param, schema, "resize_nearest_neighbor_param")];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const { rows, columns, blocks } = this.places(x.shape, y.shape);
    if (blocks) {
      k.upsample({ x: x.data, y: y.data, ...blocks });
      return;
    }
    const width = x.shape[3] ?? 0;
    const plane = countOf(x.shape, 2);
    const run = () => {
      const [from, to] = [x.data.array, y.data.array];
      let at = 0;
      for (let start = 0; start < from.length; start += plane) {
        for (const row of rows) {
          for (const column of columns) to[at++] = from[start + row * width + column] ?? 0;
        }
      }
    };
    k.host("nearest", run, { reads: [x.data], writes: [y.data] });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    const { rows, columns, blocks } = this.places(x.shape, y.shape);
    if (blocks) {
      k.upsampleBackward({ dy: y.diff, dx: x.diff, ...blocks });
      return;
    }
    const width = x.shape[3] ?? 0;
    const plane = countOf(x.shape, 2);
    const run = () => {
      const [from, to] = [y.diff.array, x.diff.array];
      to.fill(0);
      let at = 0;
      for (let start = 0; start < to.length; start += plane) {
        for (const row of rows) {
          for (const column of columns) {
            const place = start + row * width + column;
            to[place] = (to[place] ?? 0) + (from[at++] ?? 0);
          }
        }
      }
    };
    k.host("nearest gradient", run, { reads: [y.diff], writes: [x.diff] });
  }

  /** The row and the column of each output, and the geometry of blocks if that is all. */
  places(x: Shape, y: Shape): Places {
    const [h = 0, w = 0] = x.slice(2);
    const [height = 0, width = 0] = y.slice(2);
    const rows = this.#axis(h, height);
    const columns = this.#axis(w, width);
    const scale = [height / h, width / w] as const;
    const isBlock = (places: Int32Array, times: number) =>
      Number.isInteger(times) && places.every((place, i) => place === Math.trunc(i / times));
    const areBlocks = isBlock(rows, scale[0]) && isBlock(columns, scale[1]);
    const blocks = areBlocks ? { planes: countOf(x, 0, 2), input: [h, w] as const, scale } : undefined;
    return { rows, columns, blocks };
  }

  #axis(from: number, to: number): Int32Array {
    const { alignCorners, halfPixelCenters, halfPixelOnnx } = this.#param;
    const ratio = alignCorners && to > 1 ? f32((from - 1) / (to - 1)) : f32(from / to);
    return Int32Array.from({ length: to }, (_, i) => {
      const centre = f32(f32(i + 0.5) * ratio);
      const place = halfPixelOnnx
        ? Math.floor(centre - 0.5)
        : halfPixelCenters
          ? Math.floor(centre)
          : alignCorners
            ? Math.floor(f32(i * ratio) + 0.5)
            : Math.floor(f32(i * ratio));
      return Math.max(0, Math.min(place, from - 1));
    });
  }
}

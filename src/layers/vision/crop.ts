import { create } from "@bufbuild/protobuf";
import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { CropParameterSchema } from "../../proto/gen/caffe_pb.js";
import { canonicalAxis, countOf, formatShape, type Shape } from "../../util/shape.js";

/**
 * Cuts a blob to the size of another.
 *
 * Bottoms: x; a reference with as many axes, whose values are not read. Top y: the axes of x before `axis`, those of the
 * reference from there on; the values of x from the offsets on. Gradient: dy where it came from, 0 for the rest of x
 * and for the reference.
 *
 * `crop_param`: `axis` (2), may count from the end; `offset` (0): none, one for all axes from `axis` on, or one each.
 */
export class CropLayer extends Layer {
  static readonly type = "Crop";
  static override readonly group = "vision";
  static override readonly coordinates = "cut";
  override readonly bottomCount = 2;
  override readonly topCount = 1;
  readonly #param = this.message.cropParam ?? create(CropParameterSchema);
  override readonly passesOn = "first";

  override topShapes([x, reference]: readonly [Shape, Shape]): readonly Shape[] {
    const axis = canonicalAxis(x, this.#param.axis, "crop_param.axis");
    this.check(
      reference.length >= x.length,
      "MOKA_SHAPE",
      `the reference must have the ${x.length} axes of the first bottom ${formatShape(x)}; it is ${formatShape(reference)}`,
    );
    const offsets = this.offsets(x);
    return [
      x.map((size, i) => {
        if (i < axis) return size;
        const wanted = reference[i] ?? 0;
        const offset = offsets[i] ?? 0;
        this.check(
          offset + wanted <= size,
          "MOKA_SHAPE",
          `cannot cut ${wanted} from offset ${offset} on out of axis ${i} of ${formatShape(x)}; ` +
            `the reference is ${formatShape(reference)}`,
        );
        return wanted;
      }),
    ];
  }

  override forward(k: Recorder, [x]: [Tensor, Tensor], [y]: [Tensor]): void {
    if (y.count === 0) return;
    const cuts = this.#cuts(x.shape, y.shape);
    if (cuts.length === 0) k.copy({ x: x.data, y: y.data });
    let from = x.data;
    cuts.forEach(({ rows, width, start, stride }, i) => {
      const to = i === cuts.length - 1 ? y.data : k.span(`cut${i}`, rows * width);
      k.copyRows({ x: from.slice(start, from.count - start), y: to, rows, width, xStride: stride, yStride: width });
      from = to;
    });
  }

  override backward(
    k: Recorder,
    [y]: [Tensor],
    [wantsX, wantsReference]: [boolean, boolean],
    [x, reference]: [Tensor, Tensor],
  ): void {
    if (wantsReference) k.fill({ y: reference.diff, value: 0 });
    if (!wantsX) return;
    if (y.count === 0) {
      k.fill({ y: x.diff, value: 0 });
      return;
    }
    const cuts = this.#cuts(x.shape, y.shape);
    if (cuts.length === 0) k.copy({ x: y.diff, y: x.diff });
    let from = y.diff;
    for (const [i, { rows, width, start, stride }] of [...cuts.entries()].reverse()) {
      const to = i === 0 ? x.diff : k.span(`cut${i}`, rows * stride);
      k.fill({ y: to, value: 0 });
      k.copyRows({ x: from, y: to.slice(start, to.count - start), rows, width, xStride: width, yStride: stride });
      from = to;
    }
  }

  /** The index in x at which the top begins, for each axis. */
  offsets(x: Shape): readonly number[] {
    const axis = canonicalAxis(x, this.#param.axis, "crop_param.axis");
    const { offset } = this.#param;
    this.check(
      offset.length <= 1 || axis + offset.length === x.length,
      "MOKA_FIELD",
      `has ${offset.length} crop_param.offset for the ${x.length - axis} axes from ${axis} on of ${formatShape(x)}; ` +
        "give none, one, or one each",
    );
    return x.map((_, i) => (i < axis ? 0 : ((offset.length > 1 ? offset[i - axis] : offset[0]) ?? 0)));
  }

  /**
   * The axes that are cut, the outermost first: rows of `width` values from `start` on, `stride` apart. When an axis is cut,
   * the axes before it are cut already.
   */
  #cuts(x: Shape, y: Shape) {
    const offsets = this.offsets(x);
    return x.flatMap((size, axis) => {
      const [length = 0, offset = 0] = [y[axis], offsets[axis]];
      if (length === size) return [];
      const inner = countOf(x, axis + 1);
      return [{ rows: countOf(y, 0, axis), width: length * inner, start: offset * inner, stride: size * inner }];
    });
  }
}

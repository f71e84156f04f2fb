import { create } from "@bufbuild/protobuf";
import type { LayerVariants } from "../../core/catalog.js";
import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { GatherParameterSchema } from "../../proto/gen/caffe_pb.js";
import { canonicalAxis, countOf, formatShape, type Shape } from "../../util/shape.js";

/**
 * Picks items along an axis: ONNX's Gather with indices that do not change. A Gather without `gather_param` is another layer, of yjxiong's Caffe:
 * its tops are its bottoms.
 *
 * Bottom x (…, A, …), A the size of `axis`; top y, in which A is replaced by the axes of `shape`, none if `shape` is 0: y[…, i, …] =
 * x[…, `indices`[i], …]. Gradient: the sum of the dy that its values went to. The fork has none.
 *
 * `gather_param`: `indices` (from 0 to A − 1, must be given), `shape` (one axis as long as `indices`; 0, with one index: no axis), `axis` (0). In the
 * fork `shape` must be given, and does not go with more indices than it has places.
 *
 * In yjxiong's Caffe, which trains on several GPUs by MPI, a Gather joins the batches of all ranks, so that the layers behind it see one large batch.
 * Here each rank goes on with its own batch, and gradients are summed over the ranks. Bottoms and tops: one or more, as many.
 *
 * Source: Synopsys's Caffe; yjxiong's Caffe. Dialects: synopsys, yjxiong.
 */
export class GatherLayer extends Layer {
  static readonly type = "Gather";
  static override readonly group: "common" = "common";
  static readonly variants: LayerVariants = {
    get classes() {
      return [GatherLayer, GatherRanksLayer];
    },
    choose: ({ gatherParam }) => (gatherParam ? GatherLayer : GatherRanksLayer),
  };
  override readonly bottomCount = 1;
  override readonly topCount = 1;
  override readonly passesOn = "first";
  readonly #param = this.message.gatherParam ?? create(GatherParameterSchema);

  /** The places that it picks, and the axis that they lie on, perhaps counted from the end. */
  get picks(): { readonly axis: number; readonly indices: readonly number[] } {
    return this.#param;
  }

  override setup(): void {
    const { indices, shape } = this.#param;
    this.check(indices.length > 0, "MOKA_FIELD", "gather_param.indices must be given");
    const isRight =
      shape.length === 0 || (shape.length === 1 && shape[0] === 0 ? 1 : countOf(shape)) === indices.length;
    this.check(
      isRight,
      "MOKA_FIELD",
      `gather_param.shape ${shape.join(" ")} must have as many places as there are indices, ${indices.length}, or be 0 for a single one`,
    );
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const { indices, shape } = this.#param;
    const axis = canonicalAxis(x, this.#param.axis, "gather_param.axis");
    const other = indices.find((index) => index >= (x[axis] ?? 0));
    this.check(
      other === undefined,
      "MOKA_SHAPE",
      `gather_param.indices has ${other}, where axis ${axis} of its bottom ${formatShape(x)} has ${x[axis]} places`,
    );
    const picked = shape.length === 0 ? [indices.length] : shape.filter((size) => size > 0);
    return [[...x.slice(0, axis), ...picked, ...x.slice(axis + 1)]];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const { outer, size, width, indices } = this.#sizes(x.shape);
    const run = () => {
      const [from, to] = [x.data.array, y.data.array];
      for (let n = 0, at = 0; n < outer; n++) {
        for (const index of indices) {
          const start = (n * size + index) * width;
          to.set(from.subarray(start, start + width), at);
          at += width;
        }
      }
    };
    k.host("gather", run, { reads: [x.data], writes: [y.data] });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    const { outer, size, width, indices } = this.#sizes(x.shape);
    const run = () => {
      const [from, to] = [y.diff.array, x.diff.array];
      to.fill(0);
      for (let n = 0, at = 0; n < outer; n++) {
        for (const index of indices) {
          const start = (n * size + index) * width;
          for (let i = 0; i < width; i++) to[start + i] = (to[start + i] as number) + (from[at++] as number);
        }
      }
    };
    k.host("gather gradient", run, { reads: [y.diff], writes: [x.diff] });
  }

  #sizes(x: Shape) {
    const axis = canonicalAxis(x, this.#param.axis);
    const { indices } = this.#param;
    return { outer: countOf(x, 0, axis), size: x[axis] ?? 0, width: countOf(x, axis + 1), indices };
  }
}

/** yjxiong's Gather, on each rank for itself: see `GatherLayer`. */
export class GatherRanksLayer extends Layer {
  static override readonly group = "common";
  override readonly bottomCount = [1, Number.POSITIVE_INFINITY] as const;
  override readonly topCount = [1, Number.POSITIVE_INFINITY] as const;
  override readonly equalCounts = true;
  override readonly sharesBottom = true;
  override readonly passesOn = "all";

  override topShapes(bottom: readonly Shape[]): readonly Shape[] {
    return bottom;
  }

  override forward(_k: Recorder, bottom: readonly Tensor[], top: readonly Tensor[]): void {
    for (const [i, x] of bottom.entries()) {
      top[i]?.shareData(x);
      top[i]?.shareDiff(x);
    }
  }
}

import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { SPPParameter_PoolMethod as PoolMethod, SPPParameterSchema } from "../../proto/gen/caffe_pb.js";
import type { Shape } from "../../util/shape.js";
import { UnaryLayer } from "../common/unary.js";
import { type PoolMethod as Method, type PlanePooling, type RecordPoolBackward, recordPool } from "./pool.js";
import { type Pair, poolGeometry } from "./pool-geometry.js";

/**
 * Spatial pyramid pooling: pools the whole image into 1×1 bins, 2×2, 4×4 and so on, so that images of any size give
 * the same number of values.
 *
 * Bottom x (N, C, H, W); top y (N, C·Σ bins), level after level, each (C, bins, bins), or, as in Caffe, with one level
 * only (N, C, 1, 1). Level l has 2^l bins along an axis of size s: its kernel and stride are ⌈s/2^l⌉, its padding on
 * either side half of what 2^l kernels are longer than s, rounded up; an image for which that leaves a window in the
 * padding has fewer bins, and one whose padding would reach the kernel is refused.
 * Gradient: the sum of those of the levels, each as in Pooling.
 *
 * `spp_param`: `pyramid_height`, the number of levels; `pool` (MAX; AVE, STOCHASTIC), as in Pooling, where STOCHASTIC
 * takes no padding. `engine` is read and ignored.
 *
 * Source: He et al. 2014.
 */
export class SPPLayer extends UnaryLayer {
  static readonly type = "SPP";
  static override readonly group = "vision";
  readonly #param = this.message.sppParam ?? create(SPPParameterSchema);
  #recordBackward: readonly RecordPoolBackward[] = [];

  override setup(): void {
    const { pyramidHeight } = this.#param;
    this.check(pyramidHeight > 0, "MOKA_FIELD", "spp_param.pyramid_height must be given, and greater than 0");
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const levels = this.#levels(x);
    const [n = 0, channels = 0] = x;
    if (levels.length === 1) return [[n, channels, ...(levels[0]?.geometry.output ?? [])]];
    return [[n, levels.reduce((sum, { width }) => sum + width, 0)]];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const [rows = 0] = x.shape;
    const row = y.count / rows;
    this.#recordBackward = this.#levels(x.shape).map(({ geometry, start, width }, level) => {
      const pooled = k.span(`level ${level}`, rows * width);
      const recordBackward = recordPool(k, this.#method, { x: x.data, y: pooled }, geometry, this.context);
      const target = y.data.tail(start);
      k.copyRows({ x: pooled, y: target, rows, width, xStride: width, yStride: row });
      return recordBackward;
    });
  }

  /** The pooling of each level of a bottom of this shape. */
  poolings(x: Shape): readonly PlanePooling[] {
    return this.#levels(x).map(({ geometry }) => ({ method: this.#method, geometry }));
  }

  get #method(): Method {
    return PoolMethod[this.#param.pool] as Method;
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    const [rows = 0] = x.shape;
    const row = y.count / rows;
    const gradients = this.#levels(x.shape).map(({ start, width }, level) => {
      const dy = k.span(`level ${level}'`, rows * width);
      const dx = k.span(`bottom of level ${level}'`, x.count);
      const source = y.diff.tail(start);
      k.copyRows({ x: source, y: dy, rows, width, xStride: row, yStride: width });
      this.#recordBackward[level]?.(k, { dy, dx });
      return dx;
    });
    k.sum({ xs: gradients, coefficients: gradients.map(() => 1), y: x.diff });
  }

  /** The levels of the pyramid, each with the place of its part in each row of the top. */
  #levels(x: Shape) {
    const { pool, pyramidHeight } = this.#param;
    const [, channels = 0, h = 0, w = 0] = x;
    let start = 0;
    return Array.from({ length: pyramidHeight }, (_, level) => {
      const bins = 2 ** level;
      const kernel: Pair = [Math.ceil(h / bins), Math.ceil(w / bins)];
      const pad: Pair = [Math.ceil((kernel[0] * bins - h) / 2), Math.ceil((kernel[1] * bins - w) / 2)];
      const where = `level ${level} of spp_param.pyramid_height ${pyramidHeight}`;
      const geometry = poolGeometry(this, x, { kernel, stride: kernel, pad, round: "CEIL" }, where);
      this.check(
        pool !== PoolMethod.STOCHASTIC || Math.max(...pad) === 0,
        "MOKA_FIELD",
        `${where} needs padding, which spp_param.pool STOCHASTIC does not take`,
      );
      const width = channels * geometry.output[0] * geometry.output[1];
      start += width;
      return { geometry, start: start - width, width };
    });
  }
}

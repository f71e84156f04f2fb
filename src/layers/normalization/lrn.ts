import { create } from "@bufbuild/protobuf";
import type { PoolGeometry } from "../../core/kernels.js";
import type { LayerUse } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { LRNParameter_NormRegion, LRNParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "../common/unary.js";

/**
 * Local response normalization.
 *
 * Bottom x (N, C, H, W), top y of the same shape.
 * ACROSS_CHANNELS: y = x·s^−beta, s = k + alpha/local_size · Σ x² over the local_size channels around each.
 * WITHIN_CHANNEL: y = x·(1 + alpha·a)^−beta, a the mean of x² over the local_size × local_size square around each;
 * the square's size counts padding, and `k` is not used.
 * Gradient across channels: dx = dy·s^−beta − 2·alpha·beta/local_size · x·Σ dy·y/s over the same channels.
 *
 * `lrn_param`: `local_size` (5, odd), `alpha` (1), `beta` (0.75), `k` (1), `norm_region` (ACROSS_CHANNELS);
 * `engine` is read and ignored.
 *
 * Source: Krizhevsky et al. 2012.
 */
export class LRNLayer extends UnaryLayer {
  static readonly type = "LRN";
  static override readonly group = "normalization";
  static override readonly coordinates = "same";
  readonly #param = this.message.lrnParam ?? create(LRNParameterSchema);
  override readonly ignoresPropagateDown = this.#isAcross;
  /** Across channels: s. */
  #scale: Span | undefined;
  /** Within a channel: the mean of squares a, and (1 + alpha·a)^−beta. */
  #within: { readonly mean: Span; readonly multiplier: Span } | undefined;
  override readonly rereads = { bottom: "values", top: "values" } as const;

  override setup(): void {
    const size = this.#param.localSize;
    this.check(size % 2 === 1, "MOKA_FIELD", `lrn_param.local_size must be odd, not ${size}`);
  }

  override topShapes(bottom: readonly [Shape]): readonly Shape[] {
    this.check(bottom[0].length === 4, "MOKA_SHAPE", `needs a bottom (N, C, H, W), not ${formatShape(bottom[0])}`);
    return bottom;
  }

  /** scale_, which is s. */
  override caffeBuffers({ bottom: [x = []] }: LayerUse): number {
    return countOf(x);
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const { localSize: size, alpha, beta, k: offset } = this.#param;
    if (this.#isAcross) {
      this.#scale = k.span("scale", x.count);
      k.lrn({ x: x.data, scale: this.#scale, y: y.data, size, alpha, beta, k: offset, ...channelsOf(x.shape) });
      return;
    }
    const square = k.span("square", x.count);
    const mean = k.span("mean square", x.count);
    const multiplier = k.span("multiplier", x.count);
    this.#within = { mean, multiplier };
    k.mul({ a: x.data, b: x.data, y: square });
    k.avePool({ x: square, y: mean, ...this.#square(x.shape) });
    k.power({ x: mean, y: multiplier, power: -beta, scale: alpha, shift: 1 });
    k.mul({ a: x.data, b: multiplier, y: y.data });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    const { localSize: size, alpha, beta } = this.#param;
    const [dy, dx] = [y.diff, x.diff];
    if (this.#scale) {
      k.lrnBackward({ x: x.data, y: y.data, scale: this.#scale, dy, dx, size, alpha, beta, ...channelsOf(x.shape) });
    } else if (this.#within) {
      const { mean, multiplier } = this.#within;
      const gradient = k.span("gradient", x.count);
      k.mul({ a: dy, b: x.data, y: gradient });
      k.powerBackward({ x: mean, dy: gradient, dx: gradient, power: -beta, scale: alpha, shift: 1 });
      k.avePoolBackward({ dy: gradient, dx, ...this.#square(x.shape) });
      k.mul({ a: dx, b: x.data, y: dx });
      k.mul({ a: dy, b: multiplier, y: gradient });
      k.sum({ xs: [gradient, dx], coefficients: [1, 2], y: dx });
    }
  }

  get #isAcross(): boolean {
    return this.#param.normRegion === LRNParameter_NormRegion.ACROSS_CHANNELS;
  }

  /** The pooling that averages over the square around each value. */
  #square([n = 1, channels = 1, h = 1, w = 1]: Shape): PoolGeometry {
    const { localSize } = this.#param;
    const pad = (localSize - 1) / 2;
    return {
      planes: n * channels,
      input: [h, w],
      output: [h, w],
      kernel: [localSize, localSize],
      stride: [1, 1],
      pad: [pad, pad],
    };
  }
}

function channelsOf([n = 1, channels = 1, h = 1, w = 1]: Shape) {
  return { n, channels, inner: h * w };
}

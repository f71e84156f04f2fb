import { create, isFieldSet } from "@bufbuild/protobuf";
import type { PoolGeometry } from "../../core/kernels.js";
import { Layer, type OneOrMore } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import {
  PoolingParameterSchema,
  PoolingParameter_PoolMethod as PoolMethod,
  PoolingParameter_RoundMode as RoundMode,
} from "../../proto/gen/caffe_pb.js";
import { formatShape, type Shape } from "../../util/shape.js";

type Pair = readonly [h: number, w: number];

/**
 * Takes the largest value, or the average, under a window that moves over each plane.
 *
 * Bottom x (N, C, H, W); top y (N, C, H', W'), H' = ⌈(H + 2·pad − kernel)/stride⌉ + 1, or ⌊…⌋ + 1 with
 * `round_mode: FLOOR`; with padding the last window must start inside the image or its left padding, so that
 * H' may be one less. A second top of MAX gets the index in its plane that each maximum came from.
 * AVE divides by the window's size, which counts padding but not what lies beyond it.
 * Gradient: MAX passes dy to where the maximum was (the first of equals), AVE spreads it evenly.
 *
 * `pooling_param`: `pool` (MAX, AVE; STOCHASTIC is not there yet), `kernel_size` or `kernel_h` and `kernel_w`,
 * `stride` (1), `pad` (0), likewise; `global_pooling` (false: kernel as large as the bottom), `round_mode`
 * (CEIL). `engine` is read and ignored.
 */
export class PoolingLayer extends Layer {
  static readonly type = "Pooling";
  override readonly bottomCount = 1;
  readonly #param = this.message.poolingParam ?? create(PoolingParameterSchema);
  override readonly topCount = this.#param.pool === PoolMethod.MAX ? ([1, 2] as const) : 1;
  #mask: Span | undefined;

  override setup(): void {
    const { pool, globalPooling } = this.#param;
    const has = (name: keyof typeof PoolingParameterSchema.field) =>
      isFieldSet(this.#param, PoolingParameterSchema.field[name]);
    const [kernel, kernelH, kernelW] = [has("kernelSize"), has("kernelH"), has("kernelW")];
    if (globalPooling) {
      this.check(
        !kernel && !kernelH && !kernelW,
        "MOKA_FIELD",
        "with pooling_param.global_pooling no kernel size can be given",
      );
    } else {
      this.check(
        kernel ? !(kernelH || kernelW) : kernelH && kernelW,
        "MOKA_FIELD",
        "pooling_param needs kernel_size, or kernel_h and kernel_w, not both",
      );
    }
    this.check(
      has("padH") === has("padW") && !(has("pad") && has("padH")),
      "MOKA_FIELD",
      "pooling_param takes pad, or pad_h and pad_w, not both",
    );
    this.check(
      has("strideH") === has("strideW") && !(has("stride") && has("strideH")),
      "MOKA_FIELD",
      "pooling_param takes stride, or stride_h and stride_w, not both",
    );
    this.check(
      pool === PoolMethod.MAX || pool === PoolMethod.AVE,
      "MOKA_UNSUPPORTED",
      "pooling_param.pool must be MAX or AVE",
    );
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    this.check(x.length === 4, "MOKA_SHAPE", `needs a bottom (N, C, H, W), not ${formatShape(x)}`);
    const { output } = this.#geometry(x);
    const y = [x[0] ?? 0, x[1] ?? 0, ...output];
    return [y, y];
  }

  override forward(k: Recorder, [x]: [Tensor], [y, maskTop]: OneOrMore<Tensor>): void {
    const geometry = this.#geometry(x.shape);
    if (this.#param.pool === PoolMethod.AVE) {
      k.avePool({ x: x.data, y: y.data, ...geometry });
      return;
    }
    this.#mask = maskTop?.data ?? k.span("mask", y.count);
    k.maxPool({ x: x.data, y: y.data, mask: this.#mask, ...geometry });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    const geometry = this.#geometry(x.shape);
    if (this.#mask) k.maxPoolBackward({ dy: y.diff, mask: this.#mask, dx: x.diff, ...geometry });
    else k.avePoolBackward({ dy: y.diff, dx: x.diff, ...geometry });
  }

  #geometry([n = 0, channels = 0, h = 0, w = 0]: Shape): PoolGeometry {
    const param = this.#param;
    const { field } = PoolingParameterSchema;
    const pair = (one: number, perAxis: Pair, split: boolean): Pair => (split ? perAxis : [one, one]);
    const kernel: Pair = param.globalPooling
      ? [h, w]
      : pair(param.kernelSize, [param.kernelH, param.kernelW], isFieldSet(param, field.kernelH));
    const stride = pair(param.stride, [param.strideH, param.strideW], isFieldSet(param, field.strideH));
    const pad = pair(param.pad, [param.padH, param.padW], isFieldSet(param, field.padH));
    this.check(
      Math.min(...kernel, ...stride) > 0,
      "MOKA_FIELD",
      `pooling_param: kernel ${kernel.join("×")} and stride ${stride.join("×")} must be greater than 0`,
    );
    this.check(
      !param.globalPooling || (Math.max(...pad) === 0 && Math.max(...stride) === 1),
      "MOKA_FIELD",
      "with pooling_param.global_pooling pad must be 0 and stride 1",
    );
    this.check(
      (pad[0] === 0 && pad[1] === 0) || (pad[0] < kernel[0] && pad[1] < kernel[1]),
      "MOKA_FIELD",
      `pooling_param: pad ${pad.join("×")} must be smaller than the kernel ${kernel.join("×")}`,
    );
    const padded = pad[0] > 0 || pad[1] > 0;
    const output: Pair = [
      this.#pooled(h, kernel[0], stride[0], pad[0], padded),
      this.#pooled(w, kernel[1], stride[1], pad[1], padded),
    ];
    this.check(
      output[0] > 0 && output[1] > 0,
      "MOKA_SHAPE",
      `the kernel ${kernel.join("×")} does not fit into the padded bottom ${formatShape([n, channels, h, w])}`,
    );
    return { planes: n * channels, input: [h, w], output, kernel, stride, pad };
  }

  #pooled(size: number, kernel: number, stride: number, pad: number, padded: boolean): number {
    const round = this.#param.roundMode === RoundMode.FLOOR ? Math.floor : Math.ceil;
    // Caffe divides in single precision.
    const steps = round(Math.fround(Math.fround(size + 2 * pad - kernel) / stride)) + 1;
    return padded && (steps - 1) * stride >= size + pad ? steps - 1 : steps;
  }
}

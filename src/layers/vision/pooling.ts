import { create, isFieldSet } from "@bufbuild/protobuf";
import { refuseForkFields } from "../../core/fork-fields.js";
import type { PoolGeometry } from "../../core/kernels.js";
import type { OneOrMore } from "../../core/layer.js";
import type { LayerUse } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import {
  PoolingParameterSchema,
  PoolingParameter_PoolMethod as PoolMethod,
  PoolingParameter_RoundMode as RoundMode,
} from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "../common/unary.js";
import { type PoolMethod as Method, type PlanePooling, type RecordPoolBackward, recordPool } from "./pool.js";
import { type Pair, poolGeometry } from "./pool-geometry.js";

/** The methods by the values of `pool`. */
const methods: { readonly [P in PoolMethod]?: Method } = {
  [PoolMethod.MAX]: "MAX",
  [PoolMethod.AVE]: "AVE",
  [PoolMethod.STOCHASTIC]: "STOCHASTIC",
  [PoolMethod.AVE_EXC_PAD]: "AVE",
};

/**
 * Takes the largest value, the average, or a value drawn at random, under a window that moves over each plane.
 *
 * Bottom x (N, C, H, W); top y (N, C, H', W'), H' = ⌈(H + 2·pad − kernel)/stride⌉ + 1, or ⌊…⌋ + 1 with
 * `round_mode: FLOOR`; with padding the last window must start inside the image or its left padding, so that
 * H' may be one less. A second top of MAX gets the index of each maximum in its plane; the other methods have
 * no second top.
 *
 * MAX: the largest value, never the padding.
 * AVE: the sum divided by the window's size, which counts the padding but nothing beyond it.
 * STOCHASTIC, for values that are not negative: in TRAIN one of them, x with probability x/Σ x; in TEST their mean by
 * the same shares, Σ x²/Σ x, or 0 where Σ x is. It draws one uniform number for each y at every forward, and takes no
 * padding.
 *
 * Gradient: MAX passes dy to where the maximum was (the first of equals), AVE spreads it evenly, STOCHASTIC passes it
 * to the value that was drawn.
 *
 * AVE_EXC_PAD (Synopsys; Intel's `avg_include_pad: false` with AVE): the sum divided by the number of values inside the image.
 *
 * `pooling_param`: `pool` (MAX; AVE, STOCHASTIC, AVE_EXC_PAD), `kernel_size` or `kernel_h` and `kernel_w`; `stride` (1) and `pad` (0),
 * each in the same two forms; `global_pooling` (false: kernel as large as the bottom), `round_mode` (CEIL). `engine` is
 * read and ignored. Of forks: `ceil_mode` (true; false is `round_mode: FLOOR`; `round_mode`, when given, wins); `pad_l`, `pad_r`,
 * `pad_t`, `pad_b` (0) instead of `pad`, the padding of each side: the size is ⌈(H + pad_t + pad_b − kernel)/stride⌉ + 1, and so on.
 * All other fields and methods of forks that would change the result (`pad_type`, quantization, DEF) are errors.
 *
 * Departures: Caffe has STOCHASTIC on GPUs only, with the draws of cuRAND, and aborts on a CPU; here the run's generator
 * draws. In TEST its gradient is that of the mean, where Caffe uses the draws of an earlier forward. If the running sum
 * stays below the draw because of negative values, Caffe does not write y; here y is the last value under the window.
 *
 * Synopsys' gradient of AVE takes `pad_b` for the left padding, which is wrong where they differ; here it is right.
 *
 * Source: for STOCHASTIC Zeiler and Fergus 2013; for pads of each side Synopsys' caffe. Dialects: synopsys; `ceil_mode` has many.
 */
export class PoolingLayer extends UnaryLayer {
  static readonly type = "Pooling";
  static override readonly group = "vision";
  static override readonly coordinates = "window";
  static override readonly forkFields = ["ceil_mode", "pad_l", "pad_r", "pad_t", "pad_b", "avg_include_pad"].map(
    (name) => `pooling_param.${name}`,
  );
  readonly #param = this.message.poolingParam ?? create(PoolingParameterSchema);
  override readonly topCount = this.#param.pool === PoolMethod.MAX ? ([1, 2] as const) : 1;
  #recordBackward: RecordPoolBackward | undefined;
  override readonly passesOn = "first";
  override readonly spareTops = "extra";

  override setup(): void {
    const { pool, globalPooling } = this.#param;
    const has = (name: keyof typeof PoolingParameterSchema.field) =>
      isFieldSet(this.#param, PoolingParameterSchema.field[name]);
    refuseForkFields(this, "pooling_param");
    this.check(
      methods[pool] !== undefined,
      "MOKA_UNSUPPORTED",
      `pooling_param.pool ${PoolMethod[pool] ?? pool} is a method of a fork, which Moka does not compute`,
    );
    this.check(
      !this.#hasSides || !(["pad", "padH", "padW"] as const).some(has),
      "MOKA_FIELD",
      "pooling_param takes pad, or pad_l, pad_r, pad_t and pad_b, not both",
    );
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
    for (const name of ["pad", "stride"] as const) {
      this.check(
        has(`${name}H`) === has(`${name}W`) && !(has(name) && has(`${name}H`)),
        "MOKA_FIELD",
        `pooling_param takes ${name}, or ${name}_h and ${name}_w, not both`,
      );
    }
    const isPadded = Math.max(...this.#pads.flat()) > 0;
    this.check(
      pool !== PoolMethod.STOCHASTIC || !isPadded,
      "MOKA_FIELD",
      "pooling_param: pool STOCHASTIC takes no padding",
    );
    this.check(
      !globalPooling || (!isPadded && Math.max(...this.#pair("stride")) === 1),
      "MOKA_FIELD",
      "with pooling_param.global_pooling pad must be 0 and stride 1",
    );
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const { output } = this.#geometry(x);
    const y = [x[0] ?? 0, x[1] ?? 0, ...output];
    return [y, y];
  }

  /** max_idx_ of MAX, unless a second top holds the indices. */
  override caffeBuffers({ top: [y = [], mask] }: LayerUse): number {
    return this.#param.pool === PoolMethod.MAX && !mask ? countOf(y) : 0;
  }

  /** What it computes of a bottom of this shape. */
  pooling(x: Shape): PlanePooling {
    return { method: methods[this.#param.pool] ?? "MAX", geometry: this.#geometry(x) };
  }

  override forward(k: Recorder, [x]: [Tensor], [y, mask]: OneOrMore<Tensor>): void {
    const { method, geometry } = this.pooling(x.shape);
    const spans = { x: x.data, y: y.data, mask: mask?.data };
    this.#recordBackward = recordPool(k, method, spans, geometry, this.context);
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) this.#recordBackward?.(k, { dy: y.diff, dx: x.diff });
  }

  #geometry(x: Shape): PoolGeometry {
    const { globalPooling, roundMode, ceilMode, pool, avgIncludePad } = this.#param;
    const kernel: Pair = globalPooling ? [x[2] ?? 0, x[3] ?? 0] : this.#pair("kernel");
    const floors = isFieldSet(this.#param, PoolingParameterSchema.field.roundMode)
      ? roundMode === RoundMode.FLOOR
      : !ceilMode;
    const [pad, padAfter] = this.#pads;
    const excludesPad = pool === PoolMethod.AVE_EXC_PAD || !avgIncludePad;
    const window = { kernel, stride: this.#pair("stride"), pad, padAfter, excludesPad };
    return poolGeometry(this, x, { ...window, round: floors ? "FLOOR" : "CEIL" }, "pooling_param");
  }

  get #hasSides(): boolean {
    const { padL, padR, padT, padB } = this.#param;
    return Math.max(padL, padR, padT, padB) > 0;
  }

  /** The padding above and at the left, and that below and at the right. */
  get #pads(): readonly [Pair, Pair] {
    const { padL, padR, padT, padB } = this.#param;
    if (this.#hasSides)
      return [
        [padT, padL],
        [padB, padR],
      ];
    const pad = this.#pair("pad");
    return [pad, pad];
  }

  /** The values for height and width of a field that is given once, or as `_h` and `_w`. */
  #pair(name: "kernel" | "stride" | "pad"): Pair {
    const param = this.#param;
    if (isFieldSet(param, PoolingParameterSchema.field[`${name}H`])) return [param[`${name}H`], param[`${name}W`]];
    const both = param[name === "kernel" ? "kernelSize" : name];
    return [both, both];
  }
}

import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import type { YamlValue } from "../../util/yaml.js";
import { readParamStr } from "./python-param.js";
import { UnaryLayer } from "./unary.js";

/**
 * Dropout of whole channels: a `Python` layer of ENet, with `python_param { module: "spatial_dropout" layer: "SpatialDropoutLayer" }`.
 *
 * Bottom x (N, C, …), top y of the same shape. With `phase` TRAIN each channel of each item is set to 0 with probability `p`, or else multiplied
 * by 1/(1 − p). With another `phase` all of x is multiplied by 1/(1 − p): that is wrong, as a net in use gets larger values than it learned
 * from, but it is what ENet's nets computed. The phase is the one in `param_str`, not the net's.
 * Gradient: dx = dy times what x was multiplied by. The fork's takes the channels that the last item dropped for all items.
 *
 * `param_str`: `phase`, `p` (above 0, below 1), both must be given. The run's generator draws, not numpy's.
 *
 * It cannot work in place, as the fork's does with the diffs of two blobs.
 *
 * Source: Timo Sämann's ENet, python/spatial_dropout.py; Tompson et al. 2015.
 */
export class SpatialDropoutLayer extends UnaryLayer {
  static readonly type = "spatial_dropout.SpatialDropoutLayer";
  static override readonly paramField = "python_param";
  override readonly passesOn = "first";
  override readonly keepsSign = true;
  #isTraining = true;
  #ratio = 0;
  #multipliers: Span | undefined;

  override setup(): void {
    const { phase, p } = (readParamStr(this) ?? {}) as Readonly<Record<string, YamlValue>>;
    this.check(
      typeof phase === "string",
      "MOKA_FIELD",
      `python_param.param_str must give phase, "TRAIN" or "TEST", not ${JSON.stringify(phase ?? null)}`,
    );
    const ratio = typeof p === "string" && p.trim() !== "" ? Number(p) : p;
    this.check(
      typeof ratio === "number" && ratio > 0 && ratio < 1,
      "MOKA_FIELD",
      `python_param.param_str must give p, above 0 and below 1, not ${JSON.stringify(p ?? null)}`,
    );
    this.#isTraining = phase === "TRAIN";
    this.#ratio = ratio;
  }

  /** What all of x is multiplied by; undefined where channels are dropped at random. */
  get multiplier(): number | undefined {
    return this.#isTraining ? undefined : 1 / (1 - this.#ratio);
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    this.check(x.length >= 2, "MOKA_SHAPE", `needs (N, C, …); it is ${formatShape(x)}`);
    return [x];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const multipliers = k.span("multipliers", countOf(x.shape, 0, 2));
    this.#multipliers = multipliers;
    const [keep, isTraining] = [1 - this.#ratio, this.#isTraining];
    const { random } = this.context;
    const draw = () => {
      const values = multipliers.array;
      if (isTraining) random.bernoulli(values, keep);
      else values.fill(1);
      for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) / keep;
    };
    k.host("channels to drop", draw, { writes: [multipliers] });
    k.scale({ x: x.data, scale: multipliers, bias: undefined, y: y.data, ...sizes(x) });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    const scale = this.#multipliers;
    if (wanted && scale) k.scale({ x: y.diff, scale, bias: undefined, y: x.diff, ...sizes(x) });
  }
}

const sizes = ({ shape }: Tensor) => ({ outer: 1, dim: countOf(shape, 0, 2), inner: countOf(shape, 2) });

import { create, isFieldSet } from "@bufbuild/protobuf";
import type { LayerConstructor, LayerVariants } from "../../core/catalog.js";
import type { LayerContext, ParamDeclaration } from "../../core/layer.js";
import type { Rereads } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { FillerParameterSchema, type LayerParameter, NormalizeParameterSchema } from "../../proto/gen/caffe_pb.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { NeuronLayer } from "../activation/neuron.js";
import { channelsOf } from "./bn-channels.js";
import { type Norm, NormGroups } from "./norm-groups.js";
import { NormalizeHappynearLayer } from "./normalize-happynear.js";

/**
 * SSD's normalization: y = s·x/n, n the norm of x over each image, or over the channels at each place.
 *
 * Bottom x (N, C, …), top y of its shape; works in place. n = √(Σx² + eps).
 * Parameter: s, a scalar, or (C) without `channel_shared`; its filler is constant 1 by default.
 * Gradient: dx = s·(dy − u·Σ(dy·u))/n, u = x/n; ds = Σ(dy·u). With different s by channel that is not the derivative, where s would be a factor of
 * dy in the sum. Nets were trained with it, so it is the same here. The fork computes ds as Σ(dy·y)/s, which is NaN for s = 0; here it is not.
 * The fork keeps the sizes of its first batch across images; here batches may change.
 *
 * `norm_param`: `across_spatial` (true: over each image), `channel_shared` (true), `scale_filler` (constant 1), `eps` (1e-10; in the root).
 * `add_eps_before_sqrt: false`, of another fork, is an error.
 *
 * happynear's fork has another layer of this name, see `NormalizeHappynearLayer`: fields that only its `normalize_param` has mean that one, then `norm_param`
 * SSD's, two tops that one, blobs in the weights SSD's, and any `normalize_param` that one; else the dialects decide; else it is SSD's.
 *
 * Source: weiliu89's SSD; Liu et al. 2015, "ParseNet". Dialects: ssd, happynear.
 */
export class NormalizeLayer extends NeuronLayer {
  static readonly type = "Normalize";
  static override readonly group = "normalization";
  static override readonly paramField: string = "norm_param";
  override readonly paramCount = 1;
  override readonly rereads: Rereads = { bottom: "values", top: "values", inPlace: "lost" };
  readonly #param = this.message.normParam ?? create(NormalizeParameterSchema);
  /** 1/n of each group of values. */
  #inverse: Span | undefined;

  static readonly variants: LayerVariants = { classes: [NormalizeLayer, NormalizeHappynearLayer], choose };

  /** The norm n: over an image or over the channels at each place, and what is added to the sum. */
  get norm(): Norm {
    return { isAcross: this.#param.acrossSpatial, isL1: false, eps: this.#param.eps };
  }

  override setup(): void {
    const { eps, addEpsBeforeSqrt } = this.#param;
    this.check(eps >= 0, "MOKA_FIELD", `norm_param.eps must be 0 or more, not ${eps}`);
    this.check(
      addEpsBeforeSqrt,
      "MOKA_FIELD",
      "norm_param.add_eps_before_sqrt: false is another fork's, and not supported",
    );
  }

  override topShapes(bottom: readonly [Shape]): readonly Shape[] {
    this.check(bottom[0].length >= 2, "MOKA_SHAPE", `needs a bottom (N, C, …), not ${formatShape(bottom[0])}`);
    return bottom;
  }

  override declareParams([x]: readonly [Shape]): readonly ParamDeclaration[] {
    const { channelShared, scaleFiller } = this.#param;
    const filler = scaleFiller ?? create(FillerParameterSchema, { type: "constant", value: 1 });
    return [{ shape: channelShared ? [] : [x[1] ?? 1], filler }];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const groups = new NormGroups(x.shape, this.#param.acrossSpatial);
    const inverse = k.span("inverse norm", groups.count);
    this.#inverse = inverse;
    this.copyBottom(k, x, y);
    groups.sum(k, x.data, x.data, inverse);
    k.power({ x: inverse, y: inverse, power: -0.5, scale: 1, shift: this.#param.eps });
    groups.scale(k, x.data, inverse, y.data);
    this.#scale(k, y.data, y);
  }

  override backward(
    k: Recorder,
    [y]: [Tensor],
    [wanted]: [boolean],
    [x]: [Tensor],
    [learns]: readonly boolean[],
  ): void {
    const [scale] = this.params as readonly [Tensor];
    const inverse = this.#inverse;
    if (!inverse) return;
    const groups = new NormGroups(x.shape, this.#param.acrossSpatial);
    const unit = k.span("unit", x.count);
    groups.scale(k, this.bottomOf(x), inverse, unit);
    if (learns) {
      const { n, channels, inner } = channelsOf(x.shape);
      const size = this.#param.channelShared
        ? { outer: 1, dim: 1, inner: x.count }
        : { outer: n, dim: channels, inner };
      k.scaleBackward({ x: unit, dy: y.diff, dscale: scale.diff, accumulate: true, ...size });
    }
    if (!wanted) return;
    const along = k.span("gradient along x", groups.count);
    groups.sum(k, unit, y.diff, along);
    groups.scale(k, unit, along, unit);
    k.sum({ xs: [y.diff, unit], coefficients: [1, -1], y: x.diff });
    groups.scale(k, x.diff, inverse, x.diff);
    this.#scale(k, x.diff, x);
  }

  /** Multiplies values of the layer's shape by s, in place. */
  #scale(k: Recorder, values: Span, { shape }: Tensor): void {
    const [{ data: scale }] = this.params as readonly [Tensor];
    if (this.#param.channelShared) {
      k.scaleBy({ x: values, multiplier: scale, y: values, alpha: 1 });
      return;
    }
    const { n, channels, inner } = channelsOf(shape);
    k.scale({ x: values, scale, bias: undefined, y: values, outer: n, dim: channels, inner });
  }
}

function choose(message: LayerParameter, { dialects = [], blobsOf }: LayerContext): LayerConstructor {
  const { name, normParam, normalizeParam, top } = message;
  const fields = NormalizeParameterSchema.field;
  const isOther = (["normalizeType", "fixGradient", "bpNorm"] as const).some(
    (field) => normalizeParam && isFieldSet(normalizeParam, fields[field]),
  );
  if (isOther) return NormalizeHappynearLayer;
  if (normParam) return NormalizeLayer;
  if (top.length > 1) return NormalizeHappynearLayer;
  if (blobsOf?.(name)) return NormalizeLayer;
  const dialect = dialects.find((each) => each === "ssd" || each === "happynear");
  return normalizeParam || dialect === "happynear" ? NormalizeHappynearLayer : NormalizeLayer;
}

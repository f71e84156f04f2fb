import { create } from "@bufbuild/protobuf";
import type { Arity, OneOrMore } from "../../core/layer.js";
import type { Rereads } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { NormalizeParameterSchema } from "../../proto/gen/caffe_pb.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { NeuronLayer } from "../activation/neuron.js";
import { type Norm, NormGroups } from "./norm-groups.js";

const eps = 1e-6;

/**
 * Normalization of happynear's caffe-windows: y = x/n, n the norm over the channels at each place of each image.
 *
 * Bottom x (N, C, …); top y of its shape; optional second top, n (N, 1, …). It works in place.
 * L2: n = √(Σx² + 1e-6); L1: n = Σ|x| + 1e-6.
 * Gradient: L2: dx = (dy − y·Σ(dy·y))/n + y·dn; L1: dx = (dy − sign(x)·Σ(dy·y))/n + sign(x)·dn. dn counts only with `bp_norm`.
 *
 * `normalize_param`: `normalize_type` ("L2", or "L1"), `bp_norm` (false). `fix_gradient` is an error where a gradient is needed.
 *
 * Source: happynear's caffe-windows; Wang et al. 2017, "NormFace". Dialect: happynear.
 */
export class NormalizeHappynearLayer extends NeuronLayer {
  static readonly type: string = "Normalize";
  static override readonly group = "normalization";
  override readonly topCount: Arity = [1, 2];
  override readonly spareTops = "extra";
  override readonly rereads: Rereads = { bottom: "values", top: "values", inPlace: "lost" };
  readonly #param = this.message.normalizeParam ?? create(NormalizeParameterSchema);
  /** 1/n of each place. */
  #inverse: Span | undefined;

  /** The norm n. */
  get norm(): Norm {
    return { isAcross: false, isL1: this.#isL1, eps };
  }

  override setup(): void {
    const { normalizeType } = this.#param;
    this.check(
      normalizeType === "L1" || normalizeType === "L2",
      "MOKA_FIELD",
      `normalize_param.normalize_type must be "L1" or "L2", not "${normalizeType}"`,
    );
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    this.check(x.length >= 2, "MOKA_SHAPE", `needs a bottom (N, C, …), not ${formatShape(x)}`);
    const norm = x.map((dim, axis) => (axis === 1 ? 1 : dim));
    return [x, norm].slice(0, this.message.top.length);
  }

  override forward(k: Recorder, [x]: [Tensor], [y, norm]: OneOrMore<Tensor>): void {
    const groups = new NormGroups(x.shape, false);
    const inverse = k.span("inverse norm", groups.count);
    this.#inverse = inverse;
    this.copyBottom(k, x, y);
    if (this.#isL1) {
      const size = k.span("size", x.count);
      k.abs({ x: x.data, y: size });
      groups.sum(k, size, undefined, inverse);
    } else groups.sum(k, x.data, x.data, inverse);
    const power = this.#isL1 ? 1 : 0.5;
    if (norm) k.power({ x: inverse, y: norm.data, power, scale: 1, shift: eps });
    k.power({ x: inverse, y: inverse, power: -power, scale: 1, shift: eps });
    groups.scale(k, x.data, inverse, y.data);
  }

  override backward(k: Recorder, [y, norm]: OneOrMore<Tensor>, [wanted]: [boolean], [x]: [Tensor]): void {
    const inverse = this.#inverse;
    if (!wanted || !inverse) return;
    this.check(!this.#param.fixGradient, "MOKA_FIELD", "normalize_param.fix_gradient is not supported");
    const groups = new NormGroups(x.shape, false);
    const values = this.bottomOf(x);
    // dx = dy/n − d·(Σ(dy·y)/n − dn), with d = y or sign(x), the derivative of n.
    const factor = k.span("factor", groups.count);
    const part = k.span("part along the norm", x.count);
    groups.scale(k, values, inverse, part);
    groups.sum(k, part, y.diff, factor);
    k.mul({ a: factor, b: inverse, y: factor });
    if (norm && this.#param.bpNorm) k.sum({ xs: [factor, norm.diff], coefficients: [1, -1], y: factor });
    if (this.#isL1) {
      k.fill({ y: part, value: 0 });
      groups.shift(k, part, factor, part);
      k.absBackward({ x: values, dy: part, dx: part });
    } else groups.scale(k, part, factor, part);
    groups.scale(k, y.diff, inverse, x.diff);
    k.sum({ xs: [x.diff, part], coefficients: [1, -1], y: x.diff });
  }

  get #isL1(): boolean {
    return this.#param.normalizeType === "L1";
  }
}

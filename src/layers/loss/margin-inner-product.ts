import { create } from "@bufbuild/protobuf";
import { Layer, type OneOrMore, type ParamDeclaration } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { FloatArray, Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { FillerParameterSchema, MarginInnerProductParameterSchema } from "../../proto/gen/caffe_pb.js";
import { canonicalAxis, countOf, formatShape, type Shape } from "../../util/shape.js";
import { checkLabels } from "./labels.js";

/**
 * The last inner product of SphereFace, whose classes are held apart by a margin between angles (A-Softmax): y = x·w with rows w of length 1,
 * but for the item's own class (|x|·ψ(θ) + λ·x·w)/(1 + λ), θ the angle between x and w and ψ(θ) = (−1)^k·cos(m·θ) − 2·k, k = ⌊m·θ/π⌋.
 *
 * Bottoms: x (…M, …K); labels, one for each of M vectors, 0 … `num_output` − 1. Tops: y (…M, `num_output`); if named, λ (1). Parameter: w
 * (`num_output`, K), whose rows each forward scales to length 1. m is 1 (y = x·w alone), 2, 3 or 4.
 * Gradient: dw = dyᵀ·x, without the margin. dx: w for other classes, and for the own one ((ψ's gradient scaled to length 1) + λ·w)/(1 + λ). Neither
 * is the derivative; both are the fork's, and training depends on them. Labels and λ have none.
 *
 * λ = max(`base`·(1 + `gamma`·i)^−`power`, `lambda_min`), where i counts the forwards from `iteration` + 1 on. A saved state has i.
 *
 * `margin_inner_product_param`: `num_output`, `type` (SINGLE; DOUBLE, TRIPLE, QUADRUPLE: m), `weight_filler`, `axis` (1), `base` (1), `gamma` (0),
 * `power` (1), `iteration` (0), `lambda_min` (0).
 *
 * A vector x or row w of zeros stays as it is; the fork computes NaN. The fork crashes without the second top. Where x and w are parallel, so that the
 * gradient to be scaled is 0, it is 0 here and NaN there.
 *
 * Source: wy1iu's SphereFace; Liu et al. 2017. Dialects: sphereface, happynear.
 */
export class MarginInnerProductLayer extends Layer {
  static readonly type = "MarginInnerProduct";
  static override readonly group = "loss";
  static override readonly paramField = "margin_inner_product_param";
  override readonly bottomCount = 2;
  override readonly topCount = [1, 2] as const;
  override readonly spareTops = "extra";
  override readonly withoutGradient = { 1: "its labels" };
  override readonly paramCount = 1;
  override readonly rereads = { bottom: "values" } as const;
  readonly #param = this.message.marginInnerProductParam ?? create(MarginInnerProductParameterSchema);
  override readonly weightFiller = { field: "margin_inner_product_param", filler: this.#param.weightFiller };
  readonly #state = { iteration: this.#param.iteration, lambda: 0 };
  #product: Span | undefined;

  /** The factor of angles, m. */
  get margin(): number {
    return this.#param.type + 1;
  }

  override setup(): void {
    const { numOutput } = this.#param;
    this.check(numOutput > 0, "MOKA_FIELD", "margin_inner_product_param.num_output must be given, and greater than 0");
  }

  override topShapes([x, labels]: readonly [Shape, Shape]): readonly Shape[] {
    const axis = canonicalAxis(x, this.#param.axis, "margin_inner_product_param.axis");
    const vectors = countOf(x, 0, axis);
    this.check(
      countOf(labels) === vectors,
      "MOKA_SHAPE",
      `${vectors} vectors need one label each; there are ${formatShape(labels)}`,
    );
    return [[...x.slice(0, axis), this.#param.numOutput], [1]];
  }

  override declareParams([x]: readonly [Shape]): readonly ParamDeclaration[] {
    const { numOutput, weightFiller, axis } = this.#param;
    const filler = weightFiller ?? create(FillerParameterSchema);
    return [{ shape: [numOutput, countOf(x, canonicalAxis(x, axis))], filler }];
  }

  override multiplyAdds([x]: readonly [Shape]): number {
    return countOf(x) * this.#param.numOutput;
  }

  override forward(k: Recorder, [x, labels]: [Tensor, Tensor], [y, lambda]: OneOrMore<Tensor>): void {
    const w = this.params[0] as Tensor;
    const [classes, width] = w.shape as [number, number];
    const vectors = x.count / Math.max(width, 1);
    const [state, param, margin] = [this.#state, this.#param, this.margin];
    const product = k.span("product", y.count);
    this.#product = product;
    checkLabels(k, this, labels, classes, undefined);
    const begin = () => {
      state.iteration++;
      state.lambda = Math.max(param.base * (1 + param.gamma * state.iteration) ** -param.power, param.lambdaMin);
      if (lambda) lambda.data.array[0] = state.lambda;
      const rows = w.data.array;
      for (let row = 0; row < classes; row++) {
        const length = lengthOf(rows, row * width, width);
        if (length > 0) for (let i = row * width; i < (row + 1) * width; i++) rows[i] = (rows[i] ?? 0) / length;
      }
    };
    k.host("unit weights", begin, { reads: [w.data], writes: lambda ? [w.data, lambda.data] : [w.data] });
    const sizes = { m: vectors, n: classes, k: width, transA: false, transB: true, alpha: 1, beta: 0 };
    k.gemm({ a: x.data, b: w.data, c: product, ...sizes });
    const run = () => {
      const [from, to, label] = [product.array, y.data.array, labels.data.array];
      to.set(from);
      if (margin === 1) return;
      for (let n = 0; n < vectors; n++) {
        const place = n * classes + Math.trunc(label[n] ?? 0);
        const length = lengthOf(x.data.array, n * width, width);
        if (length === 0) continue;
        const { value } = marginOf((from[place] ?? 0) / length, margin);
        to[place] = (length * value + state.lambda * (from[place] ?? 0)) / (1 + state.lambda);
      }
    };
    k.host("margin", run, { reads: [product, x.data, labels.data], writes: [y.data] });
  }

  override backward(
    k: Recorder,
    [y]: OneOrMore<Tensor>,
    [wanted]: readonly boolean[],
    [x, labels]: readonly [Tensor, Tensor],
    [learns]: readonly boolean[],
  ): void {
    const [w, product] = [this.params[0] as Tensor, this.#product];
    if (!product) return;
    const [classes, width] = w.shape as [number, number];
    const vectors = x.count / Math.max(width, 1);
    const [state, margin] = [this.#state, this.margin];
    if (learns) {
      const sizes = { m: classes, n: width, k: vectors, transA: true, transB: false, alpha: 1, beta: 1 };
      k.gemm({ a: y.diff, b: x.data, c: w.diff, ...sizes });
    }
    if (!wanted) return;
    // The own class takes its weights times one factor, and x times another.
    const factors = k.span("factors", y.count);
    const shares = k.span("shares", vectors);
    const run = () => {
      const [dy, factor, share] = [y.diff.array, factors.array, shares.array];
      factor.set(dy);
      share.fill(0);
      if (margin === 1) return;
      for (let n = 0; n < vectors; n++) {
        const place = n * classes + Math.trunc(labels.data.array[n] ?? 0);
        const length = lengthOf(x.data.array, n * width, width);
        if (length === 0) continue;
        const cosine = (product.array[place] ?? 0) / length;
        const { value, slope } = marginOf(cosine, margin);
        const ofX = (value - slope * cosine) / length;
        const norm = Math.hypot(slope, ofX) || 1;
        const scale = (dy[place] ?? 0) / (1 + state.lambda);
        factor[place] = scale * (slope / norm + state.lambda);
        share[n] = (scale * ofX) / norm;
      }
    };
    const reads = [y.diff, product, x.data, labels.data];
    k.host("margin gradient", run, { reads, writes: [factors, shares] });
    k.scale({ x: x.data, scale: shares, bias: undefined, y: x.diff, outer: 1, dim: vectors, inner: width });
    const sizes = { m: vectors, n: width, k: classes, transA: false, transB: false, alpha: 1, beta: 1 };
    k.gemm({ a: factors, b: w.data, c: x.diff, ...sizes });
  }

  override saveState(): unknown {
    return this.#state.iteration;
  }

  override restoreState(state: unknown): void {
    this.check(
      typeof state === "number" && Number.isSafeInteger(state) && state >= 0,
      "MOKA_DATA",
      "the state to go on from must be the number of forwards so far",
    );
    this.#state.iteration = state;
  }
}

function lengthOf(values: FloatArray, start: number, count: number): number {
  let sum = 0;
  for (let i = start; i < start + count; i++) sum += (values[i] ?? 0) ** 2;
  return Math.sqrt(sum);
}

/** ψ of an angle and its slope by the cosine, for a margin of 2, 3 or 4. At a sign of 0 they are the fork's. */
function marginOf(c: number, margin: number): { value: number; slope: number } {
  const sign = Math.sign(c);
  if (margin === 2) return { value: 2 * sign * c ** 2 - 1, slope: 4 * sign * c };
  if (margin === 3) {
    const outer = Math.sign(Math.abs(c) - 0.5);
    const offset = sign * (1 + outer) - 2;
    return { value: outer * (4 * c ** 3 - 3 * c) + offset, slope: outer * (12 * c ** 2 - 3) };
  }
  const side = sign * Math.sign(2 * c ** 2 - 1);
  return { value: side * (8 * c ** 4 - 8 * c ** 2 + 1) + 2 * sign + side - 3, slope: side * (32 * c ** 3 - 16 * c) };
}

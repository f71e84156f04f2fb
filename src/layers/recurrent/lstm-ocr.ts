import { create } from "@bufbuild/protobuf";
import type { LayerVariants } from "../../core/catalog.js";
import { Layer, type OneOrMore, type ParamDeclaration } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { FillerParameterSchema, LSTMParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { KeptState } from "./kept-state.js";
import { addToRows, linear, linearBackward, linearBackwardWeights, scaleRows, sumRows } from "./linear.js";
import { LSTMLayer } from "./lstm.js";
import { part } from "./step.js";

/** Results of forward for backward, for all steps together: (T·N) rows each. */
interface Unrolled {
  readonly gates: Span;
  readonly c: Span;
  readonly cont: Span;
  /** cont times h of the step before. */
  readonly before: Span;
  /** The state before the first step. */
  readonly start: readonly [Span, Span];
}

/**
 * Long short-term memory as of text recognition: T steps over N streams. Gates of a step W_x·x + b + W_h·h, in the order input i, forget f,
 * output o, candidate g: c = f·(the c before) + i·g, h = o·tanh(c), with i, f, o sigmoids and g tanh.
 *
 * Bottoms: x (T, N, K), as of caffe_ocr, or (T·N, K …) with N = `batch_size`, as of junhyukoh's; if given, clip of T·N values, 0 where a sequence
 * begins. Top h (T, N, D) or (T·N, D). Without clip each forward starts anew; with it, from the state in which the one before ended, where clip
 * of the first step is not 0. Parameters: W_x (4·D, K), W_h (4·D, D), b (4·D): not in the order of BVLC's LSTM.
 * Gradient: back through all T steps, but not into the forward before; the gradients of the gates are kept within ±`clipping_threshold` if
 * that is above 0, and are no derivatives then. clip has none.
 *
 * `lstm_param`: `num_output` D, `clipping_threshold` (0), `weight_filler`, `bias_filler` (constant 0), `batch_size` (1). A layer of this type with
 * `recurrent_param` is BVLC's LSTM. caffe_ocr reads clip of step t at place t instead of t·N, which is right for N = 1 only; it is read rightly.
 *
 * Source: junhyukoh's caffe-lstm, senlinuc's caffe_ocr. Dialect: caffe-ocr.
 */
export class LstmLayer extends Layer {
  static readonly type = "Lstm";
  static override readonly group = "recurrent";
  static override readonly paramField = "lstm_param";
  static readonly variants: LayerVariants = {
    classes: [LSTMLayer],
    choose: ({ recurrentParam }) => (recurrentParam ? LSTMLayer : LstmLayer),
  };
  override readonly bottomCount = [1, 2] as const;
  override readonly topCount = 1;
  override readonly withoutGradient = { 1: "its marks of beginnings" };
  override readonly paramCount = 3;
  override readonly rereads = { bottom: "values" } as const;
  readonly #param = this.message.lstmParam ?? create(LSTMParameterSchema);
  override readonly weightFiller = { field: "lstm_param", filler: this.#param.weightFiller };
  readonly #kept = new KeptState();
  #unrolled: Unrolled | undefined;
  #streams = 0;

  override setup(): void {
    this.check(this.#param.numOutput > 0, "MOKA_FIELD", "lstm_param.num_output must be given, and greater than 0");
  }

  override topShapes([x, clip]: OneOrMore<Shape>): readonly Shape[] {
    const { numOutput, batchSize } = this.#param;
    const { steps, streams } = this.sizesOf(x);
    this.check(
      x.length >= 2 && steps >= 1 && streams >= 1 && Number.isInteger(steps),
      "MOKA_SHAPE",
      `needs (T, N, K), or (T·N, K) with lstm_param.batch_size N, which is ${batchSize}; it is ${formatShape(x)}`,
    );
    this.check(
      clip === undefined || countOf(clip) === steps * streams,
      "MOKA_SHAPE",
      `clip needs a value for each of ${steps} steps of ${streams} streams; it is ${formatShape(clip ?? [])}`,
    );
    return [x.length === 3 ? [steps, streams, numOutput] : [steps * streams, numOutput]];
  }

  override declareParams([x]: readonly [Shape]): readonly ParamDeclaration[] {
    const { numOutput, weightFiller, biasFiller } = this.#param;
    const weights = weightFiller ?? create(FillerParameterSchema);
    return [
      { shape: [4 * numOutput, this.sizesOf(x).inputs], filler: weights },
      { shape: [4 * numOutput, numOutput], filler: weights },
      { shape: [4 * numOutput], filler: biasFiller ?? create(FillerParameterSchema) },
    ];
  }

  override multiplyAdds([x]: readonly [Shape]): number {
    const { steps, streams, inputs } = this.sizesOf(x);
    return steps * streams * 4 * this.#param.numOutput * (inputs + this.#param.numOutput);
  }

  override forward(k: Recorder, [x, clip]: OneOrMore<Tensor>, [h]: [Tensor]): void {
    const [wx, wh, b] = this.params as [Tensor, Tensor, Tensor];
    const { steps, streams } = this.sizesOf(x.shape);
    const [dim, kept] = [this.#param.numOutput, this.#kept];
    const gates = k.span("gates", 4 * h.count);
    const c = k.span("c", h.count);
    const before = k.span("before", h.count);
    const cont = k.span("cont", steps * streams);
    const start = [k.span("h_0", streams * dim), k.span("c_0", streams * dim)] as const;
    this.#unrolled = { gates, c, cont, before, start };
    this.#streams = streams;
    const begin = () => {
      this.#streams = streams; // recordings of other sizes may have been made since
      const values = cont.array;
      if (clip) for (const [i, value] of clip.data.array.entries()) values[i] = value === 0 ? 0 : 1;
      else values.fill(1).fill(0, 0, streams);
      if (clip) kept.takeUp(start);
      else for (const { array } of start) array.fill(0);
    };
    k.host("take up the state", begin, { reads: clip ? [clip.data] : [], writes: [cont, ...start] });
    linear(k, x.data, wx, gates);
    addToRows(k, gates, b.data);
    let [hBefore, cBefore]: readonly [Span, Span] = start;
    for (let t = 0; t < steps; t++) {
      const [gate, continues] = [part(gates, t, steps), part(cont, t, steps)];
      const [hNow, cNow] = [part(h.data, t, steps), part(c, t, steps)];
      scaleRows(k, hBefore, continues, part(before, t, steps));
      linear(k, part(before, t, steps), wh, gate, true);
      k.lstmUnit({ gates: gate, cPrev: cBefore, cont: continues, c: cNow, h: hNow, n: streams, dim });
      [hBefore, cBefore] = [hNow, cNow];
    }
    const end = [hBefore, cBefore];
    if (clip) k.host("keep the state", () => kept.keep(end), { reads: end });
  }

  override backward(
    k: Recorder,
    [h]: [Tensor],
    [wanted]: readonly boolean[],
    [x]: readonly [Tensor],
    [learnsX, learnsH, learnsB]: readonly boolean[],
  ): void {
    if (!this.#unrolled) return;
    const { gates, c, cont, before, start } = this.#unrolled;
    const [wx, wh, b] = this.params as [Tensor, Tensor, Tensor];
    const { steps, streams } = this.sizesOf(x.shape);
    const { numOutput: dim, clippingThreshold: limit } = this.#param;
    const dgates = k.span("dgates", gates.count);
    const [dh, dc, passed] = [
      k.span("dh", streams * dim),
      k.span("dc", streams * dim),
      k.span("passed", streams * dim),
    ];
    k.fill({ y: passed, value: 0 });
    k.fill({ y: dc, value: 0 });
    for (let t = steps - 1; t >= 0; t--) {
      const [gate, dgate, continues] = [part(gates, t, steps), part(dgates, t, steps), part(cont, t, steps)];
      const cPrev = t > 0 ? part(c, t - 1, steps) : start[1];
      k.sum({ xs: [part(h.diff, t, steps), passed], coefficients: [1, 1], y: dh });
      const state = { cPrev, cont: continues, c: part(c, t, steps), n: streams, dim };
      k.lstmUnitBackward({ gates: gate, ...state, dc, dh, dgates: dgate, dcPrev: dc });
      if (limit > 0) k.clip({ x: dgate, y: dgate, min: -limit, max: limit });
      if (t === 0) break;
      linearBackward(k, dgate, wh, passed);
      scaleRows(k, passed, continues, passed);
    }
    if (learnsX) linearBackwardWeights(k, x.data, dgates, wx);
    if (learnsH) linearBackwardWeights(k, before, dgates, wh);
    if (learnsB) sumRows(k, dgates, b.diff, true);
    if (wanted) linearBackward(k, dgates, wx, x.diff);
  }

  /** Makes the next forward start from 0. */
  reset(): void {
    this.#kept.reset();
  }

  override saveState(): unknown {
    return this.#kept.save();
  }

  override restoreState(state: unknown): void {
    this.#kept.restore(state, this, 2, this.#streams * this.#param.numOutput);
  }

  /** The number of steps and of streams, and the size of an input, for x of this shape. */
  sizesOf(x: Shape): { steps: number; streams: number; inputs: number } {
    const [first = 0, second = 0] = x;
    if (x.length === 3) return { steps: first, streams: second, inputs: x[2] ?? 0 };
    const { batchSize } = this.#param;
    return { steps: first / Math.max(batchSize, 1), streams: batchSize, inputs: countOf(x, 1) };
  }
}

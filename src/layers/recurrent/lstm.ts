import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { RecurrentLayer } from "./recurrent.js";
import type { BackwardStep, Step } from "./step.js";

/**
 * Long short-term memory, without peepholes. It has four gates, in this order; `RecurrentLayer` documents bottoms,
 * tops and parameters:
 *
 * input i, forget f, output o = sigmoid, candidate g = tanh of their gates; c_t = cont_t·f·c_{t−1} + i·g;
 * h_t = o·tanh(c_t).
 *
 * Top h (T, N, D). The state is h, c: with `expose_hidden` those are the bottoms h_0, c_0 and the tops h_T, c_T.
 * Parameters: W_x (4·D, K), b (4·D), W_s (4·D, S) if there is x_static, W_h (4·D, D).
 *
 * Source: Hochreiter and Schmidhuber 1997, in the form of Zaremba and Sutskever 2014 (arXiv:1410.4615).
 */
export class LSTMLayer extends RecurrentLayer {
  static readonly type = "LSTM";
  protected override readonly gates = 4;
  protected override readonly states = 2;
  override readonly paramCount = this.countParams();

  protected override step(k: Recorder, { gates, cont, previous, state }: Step<[Span, Span]>): void {
    const [[, cPrev], [h, c]] = [previous, state];
    k.lstmUnit({ gates, cPrev, cont, c, h, n: cont.count, dim: this.dim });
  }

  protected override stepBackward(k: Recorder, step: BackwardStep<[Span, Span]>): void {
    const { gates, cont, previous, state, dgates, dstate, dprevious } = step;
    const [[, cPrev], [, c], [dh, dc], [, dcPrev]] = [previous, state, dstate, dprevious];
    k.lstmUnitBackward({ gates, cPrev, cont, c, dc, dh, dgates, dcPrev, n: cont.count, dim: this.dim });
  }

  /** The top is a copy: a layer in place may change it, but not what the next step reads. */
  protected override writeTop(k: Recorder, h: Span, y: Tensor): void {
    k.copy({ x: h, y: y.data });
  }

  protected override outputBackward(_k: Recorder, _h: Span, y: Tensor): Span {
    return y.diff;
  }
}

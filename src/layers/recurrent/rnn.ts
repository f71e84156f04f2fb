import type { ParamDeclaration } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { addToRows, linear, linearBackward, linearBackwardWeights, sumRows } from "./linear.js";
import { RecurrentLayer } from "./recurrent.js";
import type { BackwardStep, Step } from "./step.js";

/**
 * A plain recurrent layer with one gate: h_t = tanh(gate_t), o_t = tanh(W_o·h_t + b_o). `RecurrentLayer` documents
 * bottoms, tops and parameters.
 *
 * Top o (T, N, D). The state is h: with `expose_hidden` the bottom h_0 and the top h_T.
 * Parameters: W_x (D, K), b (D), W_s (D, S) if there is x_static, W_h (D, D), W_o (D, D), b_o (D).
 */
export class RNNLayer extends RecurrentLayer {
  static readonly type = "RNN";
  protected override readonly gates = 1;
  protected override readonly states = 1;
  override readonly paramCount = this.countParams();
  #o: Span | undefined;

  protected override stepParams(): readonly ParamDeclaration[] {
    return [...super.stepParams(), this.weights(this.dim, this.dim), this.biases(this.dim)];
  }

  protected override step(k: Recorder, { gates, state: [h] }: Step): void {
    k.tanh({ x: gates, y: h });
  }

  protected override stepBackward(k: Recorder, { state: [h], dstate: [dh], dgates }: BackwardStep): void {
    k.tanhBackward({ y: h, dy: dh, dx: dgates });
  }

  /** The top is a copy: a layer in place may change it, but not what backward reads. */
  protected override writeTop(k: Recorder, h: Span, y: Tensor): void {
    const [wo, bo] = this.#outputParams;
    const o = k.span("o", y.count);
    linear(k, h, wo, o);
    addToRows(k, o, bo.data);
    k.tanh({ x: o, y: o });
    k.copy({ x: o, y: y.data });
    this.#o = o;
  }

  protected override outputBackward(k: Recorder, h: Span, y: Tensor, [learnsW, learnsB]: readonly boolean[]): Span {
    const [wo, bo] = this.#outputParams;
    const dx = k.span("o", y.count);
    const dh = k.span("h", y.count);
    if (this.#o) k.tanhBackward({ y: this.#o, dy: y.diff, dx });
    if (learnsW) linearBackwardWeights(k, h, dx, wo);
    if (learnsB) sumRows(k, dx, bo.diff, true);
    linearBackward(k, dx, wo, dh);
    return dh;
  }

  get #outputParams(): [Tensor, Tensor] {
    return this.params.slice(-2) as [Tensor, Tensor];
  }
}

import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { formatShape, type Shape, sameShape } from "../../util/shape.js";

/**
 * One step of an LSTM's cells; Caffe's LSTM layer is made of it.
 *
 * Bottoms: c_prev (1, N, D); gates (1, N, 4·D), input, forget, output and candidate, before their nonlinearities;
 * cont (1, N), 0 where a sequence begins, 1 where it continues. Tops c, h, (1, N, D) each.
 * i, f, o = sigmoid, g = tanh of the gates; c = cont·f·c_prev + i·g; h = o·tanh(c).
 * Gradient: that of the formula, for c_prev and the gates; for the forget gate it holds where cont is 0 or 1, as in Caffe.
 *
 * Departure: the first axis may be longer than 1: steps that do not depend on each other.
 */
export class LSTMUnitLayer extends Layer {
  static readonly type = "LSTMUnit";
  static override readonly group = "recurrent";
  override readonly bottomCount = 3;
  override readonly topCount = 2;

  override allowForceBackward(bottom: number): boolean {
    return bottom !== 2;
  }

  override topShapes([c, gates, cont]: readonly [Shape, Shape, Shape]): readonly Shape[] {
    const needs = (shape: Shape, index: number, wanted: Shape) => {
      this.check(
        sameShape(shape, wanted),
        "MOKA_SHAPE",
        `bottom ${index} must have shape ${wanted.join(" ")} to go with bottom 0, not ${formatShape(shape)}`,
      );
    };
    this.check(c.length === 3, "MOKA_SHAPE", `bottom 0 must be 1 × streams × cells, not ${formatShape(c)}`);
    const [steps = 0, streams = 0, cells = 0] = c;
    needs(gates, 1, [steps, streams, 4 * cells]);
    needs(cont, 2, [steps, streams]);
    return [c, c];
  }

  override forward(k: Recorder, [cPrev, gates, cont]: [Tensor, Tensor, Tensor], [c, h]: [Tensor, Tensor]): void {
    k.lstmUnit({ gates: gates.data, cPrev: cPrev.data, cont: cont.data, c: c.data, h: h.data, ...this.#size(c) });
  }

  override backward(
    k: Recorder,
    [c, h]: [Tensor, Tensor],
    [wantedC, wantedGates, wantedCont]: [boolean, boolean, boolean],
    [cPrev, gates, cont]: [Tensor, Tensor, Tensor],
  ): void {
    this.check(!wantedCont, "MOKA_BLOB", "no gradient can go to bottom 2, which says where sequences begin");
    if (!wantedC && !wantedGates) return;
    k.lstmUnitBackward({
      gates: gates.data,
      cPrev: cPrev.data,
      cont: cont.data,
      c: c.data,
      dc: c.diff,
      dh: h.diff,
      dgates: wantedGates ? gates.diff : k.span("gates", gates.count),
      dcPrev: wantedC ? cPrev.diff : k.span("c_prev", cPrev.count),
      ...this.#size(c),
    });
  }

  #size({ shape: [steps = 0, streams = 0, dim = 0] }: Tensor): { n: number; dim: number } {
    return { n: steps * streams, dim };
  }
}

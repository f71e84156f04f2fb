import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";

/**
 * The squared distance of landmarks of faces, in units of the distance of the eyes: a `Python` layer of VanillaCNN, with
 * `python_param { module: "python.NormlizedMSE" layer: "NormlizedMSE" }`: Σ dₙ²/(2·N), dₙ = (aₙ − bₙ)/eₙ, eₙ = √((bₙ₀ − bₙ₂)² + (bₙ₁ − bₙ₃)²) + 10⁻⁶.
 *
 * Bottoms: a, as predicted, (N, K); b, as they are, with as many values; the first four of a face are the x and y of its eyes, so K is at least 4. Top: the loss (1).
 * Gradients: dₙ·dloss/N for a, its negative for b. They are the fork's, and not the derivative, which for a is divided by eₙ once more: training
 * curves depend on it. The fork leaves dloss out, so it is the same for a weight of 1 alone.
 *
 * Unlike other losses it needs an explicit `loss_weight`, as every Python layer. `param_str` is not read. A batch without faces has loss 0.
 *
 * Source: Ishay Tubi's VanillaCNN.
 */
export class PythonNormlizedMSELayer extends Layer {
  static readonly type = "python.NormlizedMSE.NormlizedMSE";
  static override readonly group = "loss";
  static override readonly paramField = "python_param";
  override readonly bottomCount = 2;
  override readonly topCount = 1;
  override readonly rereads = { bottom: "values" } as const;
  #distance: Span | undefined;

  override topShapes([a, b]: readonly [Shape, Shape]): readonly Shape[] {
    const isRight = a.length === 2 && b[0] === a[0] && countOf(a) === countOf(b) && (a[1] ?? 0) >= 4;
    this.check(
      isRight,
      "MOKA_SHAPE",
      `both bottoms must be (N, K), K at least 4, the first of them the eyes; they are ${formatShape(a)} and ${formatShape(b)}`,
    );
    return [[1]];
  }

  override forward(k: Recorder, [a, b]: [Tensor, Tensor], [loss]: [Tensor]): void {
    const distance = k.span("distance", a.count);
    this.#distance = distance;
    const [faces = 0, width = 0] = a.shape;
    const run = () => {
      const [predicted, wanted, d] = [a.data.array, b.data.array, distance.array];
      let sum = 0;
      for (let n = 0; n < faces; n++) {
        const at = n * width;
        const eyes = Math.hypot(
          (wanted[at] ?? 0) - (wanted[at + 2] ?? 0),
          (wanted[at + 1] ?? 0) - (wanted[at + 3] ?? 0),
        );
        for (let i = at; i < at + width; i++) {
          const value = ((predicted[i] ?? 0) - (wanted[i] ?? 0)) / (eyes + 1e-6);
          d[i] = value;
          sum += value * value;
        }
      }
      loss.data.array[0] = sum / (2 * Math.max(faces, 1));
    };
    k.host("distance of landmarks", run, { reads: [a.data, b.data], writes: [distance, loss.data] });
  }

  override backward(
    k: Recorder,
    [loss]: [Tensor],
    wanted: readonly boolean[],
    bottom: readonly [Tensor, Tensor],
  ): void {
    const distance = this.#distance;
    if (!distance) return;
    const faces = Math.max(bottom[0].shape[0] ?? 0, 1);
    bottom.forEach((x, i) => {
      const alpha = (i === 0 ? 1 : -1) / faces;
      if (wanted[i]) k.scaleBy({ x: distance, multiplier: loss.diff, y: x.diff, alpha });
    });
  }
}

import { Layer } from "../../core/layer.js";
import type { LayerGroup } from "../../core/layer-facts.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { countOf, formatShape, type Shape, sameShape } from "../../util/shape.js";

/**
 * Weighs the channels of each image and adds: z = a·x + y, in one pass over memory. It closes a block of an SENet: a are the weights
 * of the channels, x is the residual and y the shortcut.
 *
 * Bottoms: a (N, C), perhaps with axes of size 1 behind; x (N, C, …); y of x's shape. Top z of x's shape. Cannot work in place.
 * Gradients: da = Σ x·dz over the axes behind C, dx = a·dz, dy = dz.
 *
 * No parameters.
 *
 * Source: hujie-frank's SENet; Hu et al. 2018.
 */
export class AxpyLayer extends Layer {
  static readonly type = "Axpy";
  static override readonly fork = "SENet's";
  static override readonly group: LayerGroup = "activation";
  override readonly bottomCount = 3;
  override readonly topCount = 1;
  override readonly isAffine = true;
  override readonly rereads = { bottom: "values" } as const;

  override topShapes([a = [], x = [], y = []]: readonly Shape[]): readonly Shape[] {
    const fits = x.length >= 2 && sameShape(a.slice(0, 2), x.slice(0, 2)) && countOf(a, 2) === 1;
    this.check(
      fits,
      "MOKA_SHAPE",
      `its first bottom must have one value for each image and channel of the second, ${formatShape(x)}; it is ${formatShape(a)}`,
    );
    this.check(
      sameShape(x, y),
      "MOKA_SHAPE",
      `its second and third bottom must have the same shape; they are ${formatShape(x)} and ${formatShape(y)}`,
    );
    return [x];
  }

  override forward(k: Recorder, [a, x, y]: [Tensor, Tensor, Tensor], [z]: [Tensor]): void {
    k.scaleAdd({ x: x.data, scale: a.data, addend: y.data, y: z.data, ...planesOf(x.shape) });
  }

  override backward(
    k: Recorder,
    [z]: [Tensor],
    [wantsA, wantsX, wantsY]: [boolean, boolean, boolean],
    [a, x, y]: [Tensor, Tensor, Tensor],
  ): void {
    const size = planesOf(x.shape);
    if (wantsA) k.scaleBackward({ x: x.data, dy: z.diff, dscale: a.diff, accumulate: false, ...size });
    if (wantsX) k.scale({ x: z.diff, scale: a.data, bias: undefined, y: x.diff, ...size });
    if (wantsY) k.copy({ x: z.diff, y: y.diff });
  }
}

/** Each plane of an image has its own weight. */
function planesOf(x: Shape) {
  return { outer: 1, dim: countOf(x, 0, 2), inner: countOf(x, 2) };
}

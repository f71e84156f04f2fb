import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { checkIndices } from "./indices.js";

/**
 * Picks items of a batch by index, in any order; an item may be picked several times.
 *
 * Bottoms: x (N, …); indices (M), from 0 to N − 1; fractions are cut off. Top y (M, …): y[i] = x[indices[i]].
 * Gradient: dx is the sum of dy over all places an item went to, 0 for an item that was not picked; indices have none.
 *
 * No parameters. With `force_backward` indices get no gradient; Caffe aborts there.
 */
export class BatchReindexLayer extends Layer {
  static readonly type = "BatchReindex";
  override readonly bottomCount = 2;
  override readonly topCount = 1;
  override readonly withoutGradient = { 1: "its indices" };

  override topShapes([x, indices]: readonly [Shape, Shape]): readonly Shape[] {
    this.check(x.length > 0, "MOKA_SHAPE", "needs a first bottom of one axis or more, not a scalar");
    const [items = 0] = indices;
    this.check(
      indices.length === 1,
      "MOKA_SHAPE",
      `the indices, its second bottom, must have one axis, not ${formatShape(indices)}`,
    );
    return [[items, ...x.slice(1)]];
  }

  override forward(k: Recorder, [x, indices]: [Tensor, Tensor], [y]: [Tensor]): void {
    const { rows, width } = sizesOf(x.shape);
    checkIndices(k, this, indices, rows, `items of "${x.name}"`);
    k.gatherRows({ x: x.data, index: indices.data, y: y.data, rows, width });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x, indices]: [Tensor, Tensor]): void {
    if (!wanted) return;
    k.fill({ y: x.diff, value: 0 });
    k.scatterRows({ dy: y.diff, index: indices.data, dx: x.diff, ...sizesOf(x.shape) });
  }
}

function sizesOf(x: Shape): { rows: number; width: number } {
  return { rows: x[0] ?? 0, width: countOf(x, 1) };
}

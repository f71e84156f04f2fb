import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import type { Shape } from "../../util/shape.js";
import { around, collapsed, expanded, PairwiseLayer } from "./pairwise.js";

/**
 * Adds two blobs value by value: y = a + b.
 *
 * Bottoms a and b. On each axis, counted from the last, their sizes must be equal, or one of them 1: that one is repeated; so are axes that one
 * of them lacks in front. Top y has the larger sizes. Cannot work in place.
 * Gradients: dy, summed over what was repeated. The fork has none.
 *
 * No parameters. The fork also takes one bottom, and then reads a parameter of whatever shape the weights have; here that is an error.
 *
 * Source: synopsys-caffe, after TensorFlow. Dialect: synopsys.
 */
export class AddLayer extends PairwiseLayer {
  static readonly type = "Add";
  static override readonly fork = "Synopsys's";
  override readonly isAffine = true;

  override topShapes([a, b]: readonly [Shape, Shape]): readonly Shape[] {
    return [this.pairShape(a, b)];
  }

  override forward(k: Recorder, [a, b]: [Tensor, Tensor], [y]: [Tensor]): void {
    const [large, small] = a.count === y.count ? [a, b] : [b, a];
    const size = around(small.shape, y.shape);
    if (large.count === y.count && size) {
      if (small.count === y.count) k.sum({ xs: [a.data, b.data], coefficients: [1, 1], y: y.data });
      else k.bias({ x: large.data, bias: small.data, y: y.data, ...size });
      return;
    }
    const xs = [a, b].map(({ data, shape }) => expanded(k, data, shape, y.shape));
    k.sum({ xs, coefficients: [1, 1], y: y.data });
  }

  override backward(k: Recorder, [y]: [Tensor], wanted: [boolean, boolean], bottom: [Tensor, Tensor]): void {
    bottom.forEach((x, i) => {
      if (!wanted[i]) return;
      const size = x.count !== y.count && around(x.shape, y.shape);
      if (size) k.biasBackward({ dy: y.diff, dbias: x.diff, accumulate: false, ...size });
      else collapsed(k, y.diff, y.shape, x.diff, x.shape);
    });
  }
}

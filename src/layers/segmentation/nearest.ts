import type { UpsampleGeometry } from "../../core/kernels.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "../common/unary.js";

/** The two last axes made larger by a whole number: each value becomes a block. */
export abstract class NearestLayer extends UnaryLayer {
  static override readonly group = "segmentation";
  protected abstract readonly scale: number;
  /** The field that gives `scale`. */
  protected abstract readonly field: string;
  override readonly passesOn = "first";

  override setup(): void {
    this.check(this.scale > 0, "MOKA_FIELD", `${this.field} must be 1 or more, not ${this.scale}`);
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    this.check(x.length >= 2, "MOKA_SHAPE", `needs a bottom with height and width, not ${formatShape(x)}`);
    return [[...x.slice(0, -2), ...x.slice(-2).map((size) => size * this.scale)]];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    k.upsample({ x: x.data, y: y.data, ...blocksOf(x.shape, this.scale) });
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (wanted) k.upsampleBackward({ dy: y.diff, dx: x.diff, ...blocksOf(x.shape, this.scale) });
  }
}

function blocksOf(x: Shape, scale: number): UpsampleGeometry {
  const [h = 0, w = 0] = x.slice(-2);
  return { planes: countOf(x, 0, x.length - 2), input: [h, w], scale: [scale, scale] };
}

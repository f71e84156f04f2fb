import { create, isFieldSet } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { TileParameterSchema } from "../../proto/gen/caffe_pb.js";
import { canonicalAxis, countOf, type Shape } from "../../util/shape.js";
import { UnaryLayer } from "./unary.js";

/**
 * Repeats a blob along one axis.
 *
 * Bottom x; top y, `tiles` times as long on `axis`: copies of x, one after the other. Gradient: dx = Σ dy over the tiles.
 *
 * `tile_param`: `axis` (1), may count from the end; `tiles`, required.
 */
export class TileLayer extends UnaryLayer {
  static readonly type = "Tile";
  readonly #param = this.message.tileParam ?? create(TileParameterSchema);

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const { tiles } = this.#param;
    this.check(
      isFieldSet(this.#param, TileParameterSchema.field.tiles),
      "MOKA_FIELD",
      "tile_param.tiles must be given",
    );
    this.check(tiles > 0, "MOKA_FIELD", `tile_param.tiles must be 1 or more, not ${tiles}`);
    const axis = this.#axis(x);
    return [x.map((size, i) => (i === axis ? size * tiles : size))];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const { rows, width, tiles } = this.#collapse(x.shape);
    // Takes the form with fewer copies: each tile of all rows, or all tiles of each row.
    if (tiles <= rows) {
      for (let tile = 0; tile < tiles; tile++) {
        const to = y.data.slice(tile * width, y.count - tile * width);
        k.copyRows({ x: x.data, y: to, rows, width, xStride: width, yStride: tiles * width });
      }
    } else {
      for (let row = 0; row < rows; row++) {
        const [from, to] = [x.data.slice(row * width, width), y.data.slice(row * tiles * width, tiles * width)];
        k.copyRows({ x: from, y: to, rows: tiles, width, xStride: 0, yStride: width });
      }
    }
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    const { rows, width, tiles } = this.#collapse(x.shape);
    if (tiles <= rows) {
      const tileDiff = k.span("tile", x.count);
      for (let tile = 0; tile < tiles; tile++) {
        const from = y.diff.slice(tile * width, y.count - tile * width);
        const to = tile === 0 ? x.diff : tileDiff;
        k.copyRows({ x: from, y: to, rows, width, xStride: tiles * width, yStride: width });
        if (tile > 0) k.axpby({ x: tileDiff, y: x.diff, a: 1, b: 1 });
      }
    } else {
      for (let row = 0; row < rows; row++) {
        const [dy, dbias] = [y.diff.slice(row * tiles * width, tiles * width), x.diff.slice(row * width, width)];
        k.biasBackward({ dy, dbias, accumulate: false, outer: tiles, dim: width, inner: 1 });
      }
    }
  }

  #axis(x: Shape): number {
    return canonicalAxis(x, this.#param.axis, "tile_param.axis");
  }

  /** The sizes of the repeated parts: `rows` rows of `width` values, which span the axis and all axes after it. */
  #collapse(x: Shape) {
    const axis = this.#axis(x);
    return { rows: countOf(x, 0, axis), width: countOf(x, axis), tiles: this.#param.tiles };
  }
}

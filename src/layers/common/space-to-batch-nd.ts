import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { SpaceToBatchNDParameterSchema } from "../../proto/gen/caffe_pb.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { moveBlocks, type SpaceBlocks, spaceBlocks } from "./space-blocks.js";
import { UnaryLayer } from "./unary.js";

/**
 * Cuts images into blocks, whose places become images of their own: TensorFlow's space_to_batch_nd, before a dilated convolution.
 *
 * Bottom x (N, S₁, …, S_M, …) with M sizes bᵢ of `block_shape`; top y (b·N, T₁, …, T_M, …), b the product of the sizes, Tᵢ = (Sᵢ + before + behind)/bᵢ.
 * Item o·N + n of y, with o the row-major number of the place (o₁, …, o_M) in a block, has at (t₁, …, t_M) the value of item n of x at
 * tᵢ·bᵢ + oᵢ − before, 0 outside of x. The axes are those after the first, whatever they mean: a block size of 1 leaves channels alone.
 * Gradient: each dy goes back where its value came from. The fork has none.
 *
 * `space_to_batch_nd_param`: `block_shape` (must be given), `paddings` (before and behind, for each of its sizes; must be given). Each Sᵢ with its
 * padding must be divisible by bᵢ.
 *
 * Source: Synopsys's Caffe, after TensorFlow. Dialect: synopsys.
 */
export class SpaceToBatchNDLayer extends UnaryLayer {
  static readonly type = "SpaceToBatchND";
  static override readonly paramField = "space_to_batch_nd_param";
  override readonly passesOn = "first";
  readonly #param = this.message.spaceToBatchNdParam ?? create(SpaceToBatchNDParameterSchema);
  #blocks: SpaceBlocks = { sizes: [], before: [], behind: [] };

  override setup(): void {
    const { blockShape, paddings } = this.#param;
    this.#blocks = spaceBlocks(this, "space_to_batch_nd_param", blockShape, "paddings", paddings);
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const { sizes, before, behind } = this.#blocks;
    this.check(x.length > sizes.length, "MOKA_SHAPE", `needs more than ${sizes.length} axes; it is ${formatShape(x)}`);
    const shape = [...x];
    sizes.forEach((size, i) => {
      const padded = (x[i + 1] ?? 0) + (before[i] ?? 0) + (behind[i] ?? 0);
      this.check(
        padded % size === 0,
        "MOKA_SHAPE",
        `axis ${i + 1} with its paddings, ${padded}, must be divisible by its block_shape, ${size}`,
      );
      shape[0] = (shape[0] ?? 0) * size;
      shape[i + 1] = padded / size;
    });
    return [shape];
  }

  /** The sizes of a block, and what is added or cut around them. */
  get blocks(): SpaceBlocks {
    return this.#blocks;
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const [blob, blocks] = [
      { shape: x.shape, span: x.data },
      { shape: y.shape, span: y.data },
    ];
    moveBlocks(k, this.#blocks, blob, blocks, false);
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    const [blob, blocks] = [
      { shape: x.shape, span: x.diff },
      { shape: y.shape, span: y.diff },
    ];
    moveBlocks(k, this.#blocks, blob, blocks, true);
  }
}

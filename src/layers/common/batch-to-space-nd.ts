import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { BatchToSpaceNDParameterSchema } from "../../proto/gen/caffe_pb.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { moveBlocks, type SpaceBlocks, spaceBlocks } from "./space-blocks.js";
import { UnaryLayer } from "./unary.js";

/**
 * Joins images to blocks of one: TensorFlow's batch_to_space_nd, the way back from SpaceToBatchND.
 *
 * Bottom x (b·N, T₁, …, T_M, …) with M sizes bᵢ of `block_shape`, b their product; top y (N, S₁, …, S_M, …), Sᵢ = Tᵢ·bᵢ − before − behind. The value
 * of item n of y at (s₁, …, s_M) is that of item o·N + n of x at ⌊(sᵢ + before)/bᵢ⌋, where o is the row-major number of the place
 * (s₁ + before mod b₁, …). Gradient: each dy goes back where its value came from, 0 where it was cut off. The fork has none.
 *
 * `batch_to_space_nd_param`: `block_shape` (must be given), `crops` (what is cut before and behind, for each of its sizes; must be given).
 *
 * Source: Synopsys's Caffe, after TensorFlow. Dialect: synopsys.
 */
export class BatchToSpaceNDLayer extends UnaryLayer {
  static readonly type = "BatchToSpaceND";
  static override readonly paramField = "batch_to_space_nd_param";
  override readonly passesOn = "first";
  readonly #param = this.message.batchToSpaceNdParam ?? create(BatchToSpaceNDParameterSchema);
  #blocks: SpaceBlocks = { sizes: [], before: [], behind: [] };

  override setup(): void {
    const { blockShape, crops } = this.#param;
    this.#blocks = spaceBlocks(this, "batch_to_space_nd_param", blockShape, "crops", crops);
  }

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    const { sizes, before, behind } = this.#blocks;
    this.check(x.length > sizes.length, "MOKA_SHAPE", `needs more than ${sizes.length} axes; it is ${formatShape(x)}`);
    const shape = [...x];
    const block = sizes.reduce((product, size) => product * size, 1);
    this.check(
      (x[0] ?? 0) % block === 0,
      "MOKA_SHAPE",
      `its ${x[0]} items must be divisible by ${block}, the product of block_shape`,
    );
    shape[0] = (x[0] ?? 0) / block;
    sizes.forEach((size, i) => {
      const side = (x[i + 1] ?? 0) * size - (before[i] ?? 0) - (behind[i] ?? 0);
      this.check(
        side >= 0,
        "MOKA_SHAPE",
        `crops cut off more than the ${(x[i + 1] ?? 0) * size} values of axis ${i + 1}`,
      );
      shape[i + 1] = side;
    });
    return [shape];
  }

  /** The sizes of a block, and what is added or cut around them. */
  get blocks(): SpaceBlocks {
    return this.#blocks;
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const [blob, blocks] = [
      { shape: y.shape, span: y.data },
      { shape: x.shape, span: x.data },
    ];
    moveBlocks(k, this.#blocks, blob, blocks, true);
  }

  override backward(k: Recorder, [y]: [Tensor], [wanted]: [boolean], [x]: [Tensor]): void {
    if (!wanted) return;
    const [blob, blocks] = [
      { shape: y.shape, span: y.diff },
      { shape: x.shape, span: x.diff },
    ];
    moveBlocks(k, this.#blocks, blob, blocks, false);
  }
}

import { countOf, type Shape, sameShape } from "../../util/shape.js";
import { floatConstant } from "../tensor.js";
import { type BlockOrder, spread } from "./depth-to-space.js";
import { reshaped, transposeOrder } from "./fold/arrange.js";
import type { Scope } from "./scope.js";
import { type Blob, numbersOf } from "./value.js";

/**
 * A Reshape, Transpose and Reshape that only move channels, as exporters write ShuffleNet's shuffle and pixel shuffles.
 *
 * Channels of g groups shuffled → ShuffleChannel, or a 1×1 Convolution whose weights are 0 and 1 where the target has neither that nor Permute: exact for
 * finite values. Channels spread over blocks → as DepthToSpace, where the target has no Permute.
 *
 * @returns whether the three nodes became a layer
 */
export function shuffled(node: Scope, x: Blob, cut: Shape): boolean {
  const turn = node.next("Transpose");
  const end = turn?.next("Reshape");
  const wanted = end?.inputs[1];
  if (!turn || !end || wanted?.kind !== "constant") return false;
  const order = transposeOrder(turn.node, cut);
  const shape = reshaped(
    end.node,
    order.map((axis) => cut[axis] ?? 0),
    numbersOf(wanted.constant),
  );
  const made = groups(end, x, cut, order, shape) ?? blocks(end, x, cut, order, shape);
  if (made) node.take([turn, end], made);
  return made !== undefined;
}

function groups(
  node: Scope,
  x: Blob,
  [n, group = 1, each = 1, ...rest]: Shape,
  order: readonly number[],
  shape: Shape,
): Blob | undefined {
  const [images, channels = 1, ...sizes] = x.shape;
  const isShuffle =
    n === images &&
    group * each === channels &&
    sameShape(rest, sizes) &&
    sameShape(shape, x.shape) &&
    sameShape(order, [0, 2, 1, ...rest.map((_, i) => 3 + i)]);
  if (!isShuffle) return undefined;
  if (node.can("ShuffleChannel")) return node.layer("ShuffleChannel", [x], { shuffleChannelParam: { group } });
  if (node.can("Permute")) return undefined;
  node.budget.take(channels * channels);
  const weights = new Float32Array(channels * channels);
  for (let i = 0; i < group; i++) for (let j = 0; j < each; j++) weights[(j * group + i) * channels + i * each + j] = 1;
  const fields = { convolutionParam: { numOutput: channels, kernelSize: [1], biasTerm: false } };
  const parameters = [floatConstant([channels, channels, ...sizes.map(() => 1)], weights)];
  return node.layer("Convolution", [x], fields, { parameters });
}

function blocks(node: Scope, x: Blob, cut: Shape, order: readonly number[], shape: Shape): Blob | undefined {
  if (node.can("Permute") || x.shape.length !== 4 || cut.length !== 6) return undefined;
  const forms: readonly (readonly [BlockOrder, readonly number[], size: number | undefined])[] = [
    ["CRD", [0, 1, 4, 2, 5, 3], cut[2]],
    ["DCR", [0, 3, 4, 1, 5, 2], cut[1]],
  ];
  for (const [mode, axes, size = 1] of forms) {
    const [n = 1, channels = 1, h = 1, w = 1] = x.shape;
    const depth = channels / size ** 2;
    const pieces = mode === "CRD" ? [n, depth, size, size, h, w] : [n, size, size, depth, h, w];
    const isSpread =
      sameShape(order, axes) && sameShape(cut, pieces) && sameShape(shape, [n, depth, h * size, w * size]);
    if (isSpread && countOf(shape) === countOf(x.shape)) return spread(node, x, size, mode);
  }
  return undefined;
}

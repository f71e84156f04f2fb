import { SpaceToBatchNDLayer } from "../../layers/common/space-to-batch-nd.js";
import type { Dim } from "../model.js";
import { mapping } from "./mapping.js";

/**
 * SpaceToBatchND → `Pad`, `Reshape` that cuts each axis into positions and places in a block, `Transpose` of the places to the front,
 * `Reshape`. Values are only moved: exact.
 */
export const spaceToBatchND = mapping(SpaceToBatchNDLayer, (w) => {
  const { sizes, before, behind } = w.layer.blocks;
  const [{ dims }, { shape: y }] = [w.input(0), w.port(0)];
  w.fixed(dims.slice(1), "its blocks");
  const rest = dims.slice(sizes.length + 1);
  const unpadded = rest.map(() => 0);
  const padded = w.pad(w.x, [0, ...before, ...unpadded], [0, ...behind, ...unpadded]);
  const [images = 1] = dims;
  const joined: readonly Dim[] = [images, ...sizes.map((size, i) => size * (y[i + 1] ?? 1)), ...rest];
  const { parts, order } = cutIntoBlocks(images, sizes, y.slice(1, sizes.length + 1), rest);
  const moved = w.transpose(w.reshaped(padded, joined, parts), order);
  w.setReshaped(
    0,
    moved,
    order.map((axis) => parts[axis] ?? 1),
  );
});

/** The axes of images whose sizes are cut into positions and places in a block, and their order with the places in front. */
export function cutIntoBlocks(
  images: Dim,
  sizes: readonly number[],
  positions: readonly number[],
  rest: readonly Dim[],
): { readonly parts: readonly Dim[]; readonly order: readonly number[] } {
  const parts = [images, ...sizes.flatMap((size, i) => [positions[i] ?? 1, size]), ...rest];
  const places = sizes.map((_, i) => 2 * i + 2);
  return { parts, order: [...places, ...[...parts.keys()].filter((axis) => !places.includes(axis))] };
}

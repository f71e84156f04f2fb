import { BatchToSpaceNDLayer } from "../../layers/common/batch-to-space-nd.js";
import type { Dim } from "../model.js";
import { mapping } from "./mapping.js";
import { cutIntoBlocks } from "./space-to-batch-nd.js";

/**
 * BatchToSpaceND → `Reshape` that cuts the first axis into places in a block and images, `Transpose` of each place behind its position,
 * `Reshape`, `Slice` for crops. Values are only moved: exact.
 */
export const batchToSpaceND = mapping(BatchToSpaceNDLayer, (w) => {
  const { sizes, before, behind } = w.layer.blocks;
  const [{ shape, dims }, top] = [w.input(0), w.port(0)];
  w.fixed(dims.slice(1), "its blocks");
  const [images = 1] = top.dims;
  const rest = dims.slice(sizes.length + 1);
  const { parts, order } = cutIntoBlocks(images, sizes, shape.slice(1, sizes.length + 1), rest);
  const apart = w.reshaped(
    w.x,
    dims,
    order.map((axis) => parts[axis] ?? 1),
  );
  const moved = w.transpose(
    apart,
    order.map((_, axis) => order.indexOf(axis)),
  );
  const joined: readonly Dim[] = [images, ...sizes.map((size, i) => size * (shape[i + 1] ?? 1)), ...rest];
  const cuts = sizes.flatMap((_, i) => {
    const [from = 0, cut = 0] = [before[i], behind[i]];
    return from + cut === 0 ? [] : [{ axis: i + 1, from, to: Number(joined[i + 1]) - cut }];
  });
  const y = w.reshaped(moved, parts, joined);
  w.set(0, cuts.length === 0 ? y : w.slice(y, cuts));
});

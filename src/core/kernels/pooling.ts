// Pooling: x (planes, h, w), y (planes, oh, ow).
import { kernelOf } from "./kernel.js";
import { type PoolGeometry, poolOperations } from "./sizes.js";

/** y = the largest value under the window, the first of equals; mask, if given, = its index in the plane */
export const maxPool = kernelOf<PoolGeometry>()({ x: "in", y: "out", mask: "out?" }, { operations: poolOperations });
/** dx[mask] += dy, from zero */
export const maxPoolBackward = kernelOf<PoolGeometry>()(
  { dy: "in", mask: "in", dx: "out" },
  { operations: ({ dy }) => dy.count },
);
/** y = the sum under the window ÷ its size, which counts the padding, unless it is excluded, but nothing beyond it */
export const avePool = kernelOf<PoolGeometry>()({ x: "in", y: "out" }, { operations: poolOperations });
export const avePoolBackward = kernelOf<PoolGeometry>()({ dy: "in", dx: "out" }, { operations: poolOperations });

// Pooling: x (planes, h, w), y (planes, oh, ow).
import { kernelOf } from "./kernel.js";
import { type PoolGeometry, poolOperations } from "./sizes.js";

/** y = the largest value under the window, the first of equals; mask = its index in the plane, if asked for */
export const maxPool = kernelOf<PoolGeometry>()({ x: "in", y: "out", mask: "out?" }, { operations: poolOperations });
/** dx[mask] += dy, from zero */
export const maxPoolBackward = kernelOf<PoolGeometry>()(
  { dy: "in", mask: "in", dx: "out" },
  { operations: ({ dy }) => dy.count },
);
/** y = the sum under the window over its size, which counts padding but not what lies beyond it */
export const avePool = kernelOf<PoolGeometry>()({ x: "in", y: "out" }, { operations: poolOperations });
export const avePoolBackward = kernelOf<PoolGeometry>()({ dy: "in", dx: "out" }, { operations: poolOperations });

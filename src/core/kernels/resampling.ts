// Planes of another size: x (planes, h, w), y (planes, h', w').
import { kernelOf } from "./kernel.js";
import type { InterpolateGeometry, UnpoolSizes, UpsampleGeometry } from "./sizes.js";

/** y = each value of x as a block of scale × scale places */
export const upsample = kernelOf<UpsampleGeometry>()({ x: "in", y: "out" }, { operations: 0 });
/** dx = the sum of dy over the block, column by column */
export const upsampleBackward = kernelOf<UpsampleGeometry>()(
  { dy: "in", dx: "out" },
  { operations: ({ dy }) => dy.count },
);

/** y[mask] = x in each plane, 0 elsewhere; of several values for one place the last. Places outside the plane are skipped. */
export const unpool = kernelOf<UnpoolSizes>()({ x: "in", mask: "in", y: "out" }, { operations: 0 });
/** dx = dy[mask], 0 for places outside the plane */
export const unpoolBackward = kernelOf<UnpoolSizes>()({ dy: "in", mask: "in", dx: "out" }, { operations: 0 });

/** y = x between its four nearest places, by distance along both axes. Positions are computed in single precision. */
export const interpolate = kernelOf<InterpolateGeometry>()(
  { x: "in", y: "out" },
  { operations: ({ y }) => 9 * y.count },
);
export const interpolateBackward = kernelOf<InterpolateGeometry>()(
  { dy: "in", dx: "out" },
  { operations: ({ dy }) => 9 * dy.count },
);

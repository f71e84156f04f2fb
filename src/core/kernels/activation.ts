// Activations; all may work in place.
import { elementwise, kernelOf } from "./kernel.js";
import type { Collapsed } from "./sizes.js";

/** y = max(x, 0) + negativeSlope·min(x, 0) */
export const relu = elementwise({ x: "in", y: "out", negativeSlope: "number" }, { overwrites: { y: ["x"] } });
/** y can be given as x, because only the sign of x counts */
export const reluBackward = elementwise(
  { x: "in", dy: "in", dx: "out", negativeSlope: "number" },
  { overwrites: { dx: ["x", "dy"] } },
);
/** y = max(x, 0) + slope[dim]·min(x, 0) */
export const prelu = kernelOf<Collapsed>()({ x: "in", slope: "in", y: "out" });
export const preluBackward = kernelOf<Collapsed>()(
  { x: "in", slope: "in", dy: "in", dx: "out" },
  { overwrites: { dx: ["x", "dy"] } },
);
/** dslope += Σ dy·x where x ≤ 0 */
export const preluBackwardSlope = kernelOf<Collapsed>()({ x: "in", dy: "in", dslope: "inout" }, { operations: 2 });
/** y = |x| */
export const abs = elementwise({ x: "in", y: "out" });
/** dx = dy·sign(x), 0 where x is 0 */
export const absBackward = elementwise({ x: "in", dy: "in", dx: "out" });
/** y = 1/(1 + e^−x) */
export const sigmoid = elementwise({ x: "in", y: "out" }, { operations: 3 });
export const sigmoidBackward = elementwise(
  { y: "in", dy: "in", dx: "out" },
  { operations: 3, overwrites: { dx: ["y", "dy"] } },
);
export const tanh = elementwise({ x: "in", y: "out" });
export const tanhBackward = elementwise(
  { y: "in", dy: "in", dx: "out" },
  { operations: 3, overwrites: { dx: ["y", "dy"] } },
);
/** y = (shift + scale·x)^power */
export const power = elementwise(
  { x: "in", y: "out", power: "number", scale: "number", shift: "number" },
  { operations: 3 },
);
export const powerBackward = elementwise(
  { x: "in", dy: "in", dx: "out", power: "number", scale: "number", shift: "number" },
  { operations: 4 },
);
/** y = e^(scale·x + shift) */
export const exp = elementwise({ x: "in", y: "out", scale: "number", shift: "number" });
/** y = log(scale·x + shift) */
export const log = elementwise({ x: "in", y: "out", scale: "number", shift: "number" });
export const logBackward = elementwise({ x: "in", dy: "in", dx: "out", scale: "number", shift: "number" });
/** y = max(x, 0) + alpha·(e^min(x, 0) − 1) */
export const elu = elementwise({ x: "in", y: "out", alpha: "number" });
/** Of x only the sign counts: y can be given as x unless alpha is negative. */
export const eluBackward = elementwise({ x: "in", y: "in", dy: "in", dx: "out", alpha: "number" });
/** y = log(1 + e^x) */
export const softplus = elementwise({ x: "in", y: "out" });
export const softplusBackward = elementwise({ x: "in", dy: "in", dx: "out" });
/** y = x/(1 + e^(−beta·x)) */
export const swish = elementwise({ x: "in", y: "out", beta: "number" });
export const swishBackward = elementwise({ x: "in", dy: "in", dx: "out", beta: "number" });
/** y = x·min(max(x + 3, 0), 6)/6 */
export const hardSwish = elementwise({ x: "in", y: "out" }, { operations: 5 });
export const hardSwishBackward = elementwise({ x: "in", dy: "in", dx: "out" }, { operations: 5 });
/** y = min(max(alpha·x + beta, 0), 1) */
export const hardSigmoid = elementwise({ x: "in", y: "out", alpha: "number", beta: "number" }, { operations: 4 });
/** dx = alpha·dy where 0 < y < 1, else 0 */
export const hardSigmoidBackward = elementwise(
  { y: "in", dy: "in", dx: "out", alpha: "number" },
  { operations: 3, overwrites: { dx: ["y", "dy"] } },
);
/** y = x·tanh(log(1 + e^x)) */
export const mish = elementwise({ x: "in", y: "out" }, { operations: 8 });
export const mishBackward = elementwise({ x: "in", dy: "in", dx: "out" }, { operations: 12 });
/** y = max(min, min(x, max)); min where x is not a number */
export const clip = elementwise({ x: "in", y: "out", min: "number", max: "number" });
/** dx = dy where min ≤ x ≤ max, else 0 */
export const clipBackward = elementwise({ x: "in", dy: "in", dx: "out", min: "number", max: "number" });
/** y = 1 where x > threshold, else 0 */
export const threshold = elementwise({ x: "in", y: "out", threshold: "number" });

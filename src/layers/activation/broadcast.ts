import type { Collapsed } from "../../core/kernels.js";
import { check } from "../../util/errors.js";
import { canonicalAxis, collapseShape, formatShape, type Shape, sameShape } from "../../util/shape.js";

/**
 * The shape of a learned operand that spans `numAxes` axes of x from `axis` on; −1 means all axes that follow.
 * Errors name the fields of `message`, which is `scale_param` or `bias_param`.
 */
export function operandShape(x: Shape, axis: number, numAxes: number, message: string): Shape {
  check(
    numAxes >= -1,
    "MOKA_FIELD",
    `${message}.num_axes must be -1 (all axes from axis on), 0 or more, not ${numAxes}`,
  );
  const start = canonicalAxis(x, axis, `${message}.axis`);
  const end = numAxes === -1 ? x.length : start + numAxes;
  check(
    end <= x.length,
    "MOKA_SHAPE",
    `${message}.axis ${axis} and num_axes ${numAxes} reach past the ${x.length} axes of the bottom ${formatShape(x)}`,
  );
  return x.slice(start, end);
}

/** How the axes of x collapse around an operand that spans the axes from `axis` on; a scalar spans no axis. */
export function collapseAround(x: Shape, operand: Shape, axis: number, message: string): Collapsed {
  const start = operand.length === 0 ? 0 : canonicalAxis(x, axis, `${message}.axis`);
  const end = start + operand.length;
  const spanned = x.slice(start, end);
  check(
    sameShape(spanned, operand),
    "MOKA_SHAPE",
    `the second bottom has shape ${formatShape(operand)}, but the first, ${formatShape(x)}, ` +
      `has ${formatShape(spanned)} at ${message}.axis ${axis}`,
  );
  return collapseShape(x, start, end);
}

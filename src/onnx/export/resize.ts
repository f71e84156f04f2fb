import type { Value } from "./graph-writer.js";
import type { Operators } from "./operators.js";

/** How `Resize` finds the place of an output in the input. */
export type Coordinates = "align_corners" | "asymmetric" | "half_pixel" | "pytorch_half_pixel";

/**
 * Resizes axes by `Resize`. Sizes are said by scales, which are the same for batches of any size.
 *
 * @param input the sizes of all axes as built; `output` likewise
 */
export function resize(
  w: Operators,
  x: Value,
  [input, output]: readonly [readonly number[], readonly number[]],
  mode: "nearest" | "linear",
  coordinates: Coordinates,
): Value {
  const scales = input.map((size, axis) => scaleFor(size, output[axis] ?? size));
  const nearest = mode === "nearest" ? { nearest_mode: "floor" } : {};
  // Until opset 12 the second input must be given, though only another mode reads it.
  const region = w.opset < 13 ? w.floats([]) : "";
  return w.node("Resize", [x, region, w.floats(scales)], {
    mode,
    coordinate_transformation_mode: coordinates,
    ...nearest,
  });
}

/** The number of single precision that makes `from` places `to` when the product is rounded down, in single and double precision. */
function scaleFor(from: number, to: number): number {
  const scale = Math.fround(to / from);
  if (Math.floor(from * scale) === to && Math.floor(Math.fround(from * scale)) === to) return scale;
  return Math.fround(scale * (1 + 2 ** -23));
}

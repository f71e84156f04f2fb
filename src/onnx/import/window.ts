import type { Shape } from "../../util/shape.js";
import type { Scope } from "./scope.js";

/** How a kernel moves over the spatial axes of an input; each list has one entry for each of them. */
export interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** The padding before and behind. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/**
 * Reads the attributes of a window.
 *
 * @param x the sizes of the spatial axes
 */
export function windowOf(scope: Scope, kernel: readonly number[], x: Shape): Window {
  const { node } = scope;
  const ones = x.map(() => 1);
  const [stride, dilation] = [node.ints("strides") ?? ones, node.ints("dilations") ?? ones];
  const pads = padsOf(scope, kernel, stride, dilation, x);
  const window = { kernel, stride, dilation, before: pads.slice(0, x.length), after: pads.slice(x.length) };
  const sides = [window.before, window.after];
  for (const list of [kernel, stride, dilation, ...sides]) {
    if (list.length !== x.length || !list.every((each) => Number.isInteger(each) && each < 2 ** 31)) {
      throw node.error(
        "MOKA_PARSE",
        `${list.join(", ") || "no sizes"} of its window are not one size for each of ${x.length} axes`,
      );
    }
  }
  const least = Math.min(...kernel, ...stride, ...dilation);
  scope.check(least > 0 && Math.min(...sides.flat()) >= 0, "its window has sizes below 1, or pads below 0");
  return window;
}

function padsOf(
  { node }: Scope,
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
  x: Shape,
): readonly number[] {
  const zeros = [...x, ...x].map(() => 0);
  const auto = node.string("auto_pad", "NOTSET");
  if (auto === "NOTSET") return node.ints("pads") ?? zeros;
  if (auto === "VALID") return zeros;
  if (auto !== "SAME_UPPER" && auto !== "SAME_LOWER") throw node.error("MOKA_PARSE", `auto_pad is "${auto}"`);
  const sides = x.map((size, i) => {
    const step = stride[i] ?? 1;
    const total = Math.max(0, (Math.ceil(size / step) - 1) * step + extentOf(kernel[i] ?? 1, dilation[i] ?? 1) - size);
    const half = Math.floor(total / 2);
    return auto === "SAME_UPPER" ? [half, total - half] : [total - half, half];
  });
  return [...sides.map(([before = 0]) => before), ...sides.map(([, after = 0]) => after)];
}

/** The size of a dilated kernel. */
export function extentOf(kernel: number, dilation: number): number {
  return dilation * (kernel - 1) + 1;
}

export const isSymmetric = ({ before, after }: Window): boolean => before.every((pad, i) => pad === after[i]);

import type { Imported, Scope } from "./scope.js";
import type { Blob } from "./value.js";

/** The largest number in single precision: Caffe's Clip takes both bounds, and this one cuts off nothing but infinity. */
const largest = 3.4028234663852886e38;

/** Clip → ReLU, ReLU6 or Clip, or by Eltwise and Power where the target has none of them: exact in all of these. */
export function clip(node: Scope): Imported {
  const bound = (index: number, name: string, fallback: number) => {
    const value = node.numbers(index, `bound "${name}"`);
    return value === undefined ? node.node.float(name, fallback) : (value[0] ?? fallback);
  };
  const [min, max] = [bound(1, "min", Number.NEGATIVE_INFINITY), bound(2, "max", Number.POSITIVE_INFINITY)];
  return clipped(node, node.blob(0), min, max);
}

/** The values of `x` moved between two bounds; infinite ones are none. */
export function clipped(node: Scope, x: Blob, min: number, max: number, suffix?: string): Blob {
  const options = { inPlace: true, suffix };
  const [hasMin, hasMax] = [min > -largest, max < largest];
  if (!hasMin && !hasMax) return suffix === undefined ? node.pass(x) : x;
  if (min === 0 && !hasMax) return node.layer("ReLU", [x], {}, options);
  if (min === 0 && max === 6 && node.can("ReLU6")) return node.layer("ReLU6", [x], {}, options);
  if (node.can("Clip")) {
    const bounds = { min: Math.max(min, -largest), max: Math.min(max, largest) };
    return node.layer("Clip", [x], { clipParam: bounds }, options);
  }
  // Below: max(x, min) with a blob of the bound, and min(x, max) as −max(−x, −max).
  const name = (end: string) => `${suffix ?? "clip"}/${end}`;
  const atLeast = (from: Blob, bound: number, end: string, to?: string): Blob => {
    const bounds = node.layer(
      "Power",
      [from],
      { powerParam: { scale: 0, shift: bound } },
      { suffix: name(`${end}bound`) },
    );
    return node.layer("Eltwise", [from, bounds], { eltwiseParam: { operation: 2 } }, { suffix: to });
  };
  const low = hasMin && hasMax ? name("low") : suffix;
  const above = !hasMin
    ? x
    : min === 0
      ? node.layer("ReLU", [x], {}, { inPlace: true, suffix: low })
      : atLeast(x, min, "", low);
  if (!hasMax) return above;
  const minus = { powerParam: { scale: -1 } };
  const negative = node.layer("Power", [above], minus, { suffix: name("negative"), readers: 2 });
  return node.layer("Power", [atLeast(negative, -max, "negative", name("high"))], minus, options);
}

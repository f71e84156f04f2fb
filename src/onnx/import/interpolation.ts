import type { Scope } from "./scope.js";

/** How one axis is resized: for each output, the inputs that it is made of, and their weights. */
export interface AxisMap {
  readonly from: number;
  readonly to: number;
  readonly terms: readonly (readonly (readonly [place: number, weight: number])[])[];
}

/** How an axis is resized, by the attributes of Resize. */
export interface Interpolation {
  readonly mode: "nearest" | "linear" | "cubic";
  readonly coordinates: string;
  readonly rounding: string;
  readonly cubicA: number;
  readonly excludesOutside: boolean;
}

/** @throws MokaError for a mode that the standard has not, or that cuts a part out */
export function interpolationOf({ node }: Scope): Interpolation {
  const isOld = node.type === "Upsample" || node.opset < 11;
  const mode = node.string("mode", "nearest");
  const refuse = (reason: string) => node.error("MOKA_UNSUPPORTED", reason);
  if (mode !== "nearest" && mode !== "linear" && mode !== "cubic")
    throw refuse(`its mode "${mode}" is none that is known`);
  if (node.int("antialias", 0) !== 0) throw refuse("it smooths what it makes smaller (antialias)");
  if (node.string("keep_aspect_ratio_policy", "stretch") !== "stretch") throw refuse("it keeps the aspect ratio");
  return {
    mode,
    coordinates: isOld ? "asymmetric" : node.string("coordinate_transformation_mode", "half_pixel"),
    rounding: isOld ? "floor" : node.string("nearest_mode", "round_prefer_floor"),
    cubicA: node.float("cubic_coeff_a", -0.75),
    excludesOutside: node.int("exclude_outside", 0) !== 0,
  };
}

/** @param scale the size of the output over that of the input, as the model gives it */
export function axisMap(node: Scope, how: Interpolation, from: number, to: number, scale: number): AxisMap {
  const place = placeOf(node, how, from, to, scale);
  const inside = (index: number) => Math.max(0, Math.min(index, from - 1));
  const terms = Array.from({ length: to }, (_, i) => {
    const x = place(i);
    if (how.mode === "nearest") return [[inside(rounded(node, how.rounding, x)), 1] as const];
    const first = Math.floor(x);
    const part = x - first;
    if (how.mode === "linear")
      return joined([
        [inside(first), 1 - part],
        [inside(first + 1), part],
      ]);
    const taps = [-1, 0, 1, 2].map((offset) => [first + offset, cubic(Math.abs(part - offset), how.cubicA)] as const);
    const kept = how.excludesOutside ? taps.filter(([index]) => index >= 0 && index < from) : taps;
    const sum = kept.reduce((all, [, weight]) => all + weight, 0);
    return joined(kept.map(([index, weight]) => [inside(index), weight / sum]));
  });
  return { from, to, terms };
}

/** Terms of one place each, without those of weight 0. */
function joined(terms: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const sums = new Map<number, number>();
  for (const [place, weight] of terms) sums.set(place, (sums.get(place) ?? 0) + weight);
  return [...sums].filter(([, weight]) => weight !== 0);
}

/** Where an output lies in the input. */
function placeOf(
  node: Scope,
  { coordinates }: Interpolation,
  from: number,
  to: number,
  scale: number,
): (i: number) => number {
  switch (coordinates) {
    case "asymmetric":
      return (i) => i / scale;
    case "half_pixel":
      return (i) => (i + 0.5) / scale - 0.5;
    case "pytorch_half_pixel":
      return (i) => (to > 1 ? (i + 0.5) / scale - 0.5 : 0);
    case "align_corners":
      return (i) => (to > 1 ? (i * (from - 1)) / (to - 1) : 0);
    case "tf_half_pixel_for_nn":
      return (i) => (i + 0.5) / scale;
    default:
      throw node.refuse(`its coordinates "${coordinates}" have no layer`);
  }
}

function rounded(node: Scope, how: string, x: number): number {
  switch (how) {
    case "floor":
      return Math.floor(x);
    case "ceil":
      return Math.ceil(x);
    case "round_prefer_floor":
      return Math.ceil(x - 0.5);
    case "round_prefer_ceil":
      return Math.floor(x + 0.5);
    default:
      throw node.refuse(`its nearest_mode "${how}" is none that is known`);
  }
}

/** Keys' cubic kernel. */
function cubic(x: number, a: number): number {
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
}

export const isIdentity = ({ from, to, terms }: AxisMap): boolean =>
  from === to && terms.every(([first, ...more], i) => more.length === 0 && first?.[0] === i);

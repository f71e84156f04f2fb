import { countOf } from "../../util/shape.js";
import { type Constant, floatConstant } from "../tensor.js";
import { cutPlanes } from "./along.js";
import { padsOf, sizesOf, weightsOf } from "./conv.js";
import { stridesOf } from "./fold/fold.js";
import type { Imported, Scope } from "./scope.js";
import { floatsOf } from "./value.js";
import { extentOf, windowOf } from "./window.js";

/**
 * ConvTranspose → Deconvolution, with groups and dilation: exact.
 *
 * `output_padding`, and pads that differ between the sides: Deconvolution cuts the same off both sides, so the kernel is made larger with
 * zeros at the side where less is cut off, or Slice cuts the rest. `output_shape` gives the pads, as the standard says.
 */
export function convTranspose(node: Scope): Imported {
  const x = node.blob(0);
  const { weights, bias } = weightsOf(node);
  const [, perGroup = 0, ...kernel] = weights.shape;
  if (weights.shape.length !== x.shape.length) {
    throw node.node.error("MOKA_PARSE", `its weights ${weights.shape.join(" × ")} do not fit ${x.shape.join(" × ")}`);
  }
  const group = node.node.int("group", 1);
  const spatial = x.shape.slice(2);
  const window = windowOf(node, kernel, spatial);
  const { stride, dilation } = window;
  const full = spatial.map((size, i) => (stride[i] ?? 1) * (size - 1) + extentOf(kernel[i] ?? 1, dilation[i] ?? 1));
  const { before, counts } = outputOf(node, spatial, full, window);
  // What is cut off behind; below 0 the output goes on beyond the last value of the kernel.
  const behind = full.map((size, i) => size - (before[i] ?? 0) - (counts[i] ?? 0));
  const larger = spatial.map((_, i) => grown(before[i] ?? 0, behind[i] ?? 0, dilation[i] ?? 1));
  const pads = spatial.map((_, i) => larger[i]?.pad ?? 0);
  const wide = withZeros(
    node,
    weights,
    larger.map(({ front }) => front),
    larger.map(({ back }) => back),
  );
  const sizes = sizesOf({ ...window, kernel: wide.shape.slice(2) });
  const fields = { numOutput: perGroup * group, group, biasTerm: bias !== undefined, ...sizes, ...padsOf(pads) };
  const options = { parameters: bias ? [wide, bias] : [wide] };
  const isWhole = larger.every(
    ({ skip, pad, back }, i) => skip === 0 && (behind[i] ?? 0) + back * (dilation[i] ?? 1) === pad,
  );
  if (isWhole) return node.layer("Deconvolution", [x], { convolutionParam: fields }, options);
  const all = node.layer("Deconvolution", [x], { convolutionParam: fields }, { ...options, suffix: "all" });
  const starts = larger.map(({ skip }) => skip);
  return cutPlanes(node, all, starts, counts);
}

/**
 * How an axis gets `before` places less in front and `behind` less at the end: the entries that the kernel gains in front and at the end, the
 * pad, and what Slice takes off in front.
 */
function grown(before: number, behind: number, dilation: number) {
  const difference = before - behind;
  if (difference % dilation === 0) {
    const entries = difference / dilation;
    // A pad below 0 is none: then both sides grow.
    const least = Math.max(0, Math.ceil(-Math.max(before, behind) / dilation));
    const [front, back] = [least + Math.max(0, -entries), least + Math.max(0, entries)];
    return { front, back, pad: before + front * dilation, skip: 0 };
  }
  const back = Math.max(0, Math.ceil(-behind / dilation));
  const pad = Math.min(before, behind + back * dilation);
  return { front: 0, back, pad, skip: before - pad };
}

/** What is cut off in front of each axis, and the sizes of the output. */
function outputOf(
  node: Scope,
  input: readonly number[],
  full: readonly number[],
  { before, after, stride }: ReturnType<typeof windowOf>,
): { readonly before: readonly number[]; readonly counts: readonly number[] } {
  const more = node.node.ints("output_padding") ?? input.map(() => 0);
  const auto = node.node.string("auto_pad", "NOTSET");
  const given = node.node.ints("output_shape")?.slice(-input.length);
  if (given === undefined && !auto.startsWith("SAME")) {
    const counts = full.map((size, i) => size - (before[i] ?? 0) - (after[i] ?? 0) + (more[i] ?? 0));
    node.check(Math.min(...counts) > 0, `its output would have the sizes ${counts.join(" × ")}`);
    return { before, counts };
  }
  const counts = given ?? input.map((size, i) => size * (stride[i] ?? 1));
  node.check(
    counts.length === input.length && Math.min(...counts) > 0,
    `its output would have the sizes ${counts.join(" × ")}`,
  );
  const cuts = full.map((size, i) => size + (more[i] ?? 0) - (counts[i] ?? 0));
  const isUpper = auto === "SAME_UPPER";
  return { before: cuts.map((all) => Math.max(0, isUpper ? Math.floor(all / 2) : Math.ceil(all / 2))), counts };
}

/** Weights with entries of 0 before and behind the kernel along each of its axes. */
function withZeros(node: Scope, weights: Constant, front: readonly number[], back: readonly number[]): Constant {
  if ([...front, ...back].every((entries) => entries === 0)) return weights;
  const [c = 0, k = 0, ...kernel] = weights.shape;
  const sizes = kernel.map((size, i) => size + (front[i] ?? 0) + (back[i] ?? 0));
  const shape = [c, k, ...sizes];
  node.budget.take(countOf(shape));
  const [from, strides, values] = [floatsOf(weights), stridesOf(kernel), new Float32Array(countOf(shape))];
  const [to, inner, outer] = [stridesOf(sizes), countOf(kernel), countOf(sizes)];
  for (let i = 0; i < from.length; i++) {
    const place = strides.reduce(
      (sum, stride, axis) => {
        const own = Math.floor((i % inner) / stride) % (kernel[axis] ?? 1);
        return sum + (own + (front[axis] ?? 0)) * (to[axis] ?? 1);
      },
      Math.floor(i / inner) * outer,
    );
    values[place] = from[i] ?? 0;
  }
  return floatConstant(shape, values);
}

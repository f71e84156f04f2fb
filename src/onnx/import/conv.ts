import { type Constant, floatConstant } from "../tensor.js";
import { cutPlanes } from "./along.js";
import type { Imported, Scope } from "./scope.js";
import { floatsOf } from "./value.js";
import { extentOf, isSymmetric, type Window, windowOf } from "./window.js";

/** How a kernel moves, in the fields of `convolution_param`. */
interface WindowFields {
  kernelSize?: number[];
  kernelH?: number;
  kernelW?: number;
  stride?: number[];
  strideH?: number;
  strideW?: number;
  dilation?: number[];
  pad?: number[];
  padH?: number;
  padW?: number;
  padL?: number;
  padR?: number;
  padT?: number;
  padB?: number;
}

/**
 * Conv → Convolution, with any number of spatial axes, groups and dilation: exact.
 *
 * Pads that differ between the sides are `pad_l` and so on where the target has them; else the padding is larger by whole strides, and Slice
 * cuts off what that adds: exact too. Weights that a run computes are refused.
 */
export function conv(node: Scope): Imported {
  const x = node.blob(0);
  const { weights, bias } = weightsOf(node);
  const [outputs = 0, , ...kernel] = weights.shape;
  const spatial = x.shape.slice(2);
  if (weights.shape.length !== x.shape.length) {
    throw node.node.error("MOKA_PARSE", `its weights ${weights.shape.join(" × ")} do not fit ${x.shape.join(" × ")}`);
  }
  const window = windowOf(node, kernel, spatial);
  const group = node.node.int("group", 1);
  const parameters = bias ? [weights, bias] : [weights];
  const fields = { numOutput: outputs, group, biasTerm: bias !== undefined };
  const of = (more: WindowFields) => ({ convolutionParam: { ...fields, ...sizesOf(window), ...more } });
  if (isSymmetric(window)) return node.layer("Convolution", [x], of(padsOf(window.before)), { parameters });
  const sides = ["pad_l", "pad_r", "pad_t", "pad_b"].map((name) => `convolution_param.${name}`);
  if (spatial.length === 2 && node.can("Convolution", ...sides)) {
    const [[padT = 0, padL = 0], [padB = 0, padR = 0]] = [window.before, window.after];
    return node.layer("Convolution", [x], of({ padL, padR, padT, padB }), { parameters });
  }
  const more = spatial.map((_, i) =>
    Math.ceil(Math.max(0, (window.after[i] ?? 0) - (window.before[i] ?? 0)) / (window.stride[i] ?? 1)),
  );
  const pads = spatial.map((_, i) => (window.before[i] ?? 0) + (more[i] ?? 0) * (window.stride[i] ?? 1));
  const large = node.layer("Convolution", [x], of(padsOf(pads)), { parameters, suffix: "padded" });
  const counts = spatial.map((size, i) => {
    const total =
      size + (window.before[i] ?? 0) + (window.after[i] ?? 0) - extentOf(kernel[i] ?? 1, window.dilation[i] ?? 1);
    return Math.floor(total / (window.stride[i] ?? 1)) + 1;
  });
  return cutPlanes(node, large, more, counts);
}

/** The weights and the bias of a convolution. */
export function weightsOf(node: Scope): { readonly weights: Constant; readonly bias: Constant | undefined } {
  const weights = node.constant(1, "weights");
  const bias = node.floats(2, "bias");
  if (!weights) throw node.node.error("MOKA_PARSE", "it has no weights");
  return { weights: floatConstant(weights.shape, floatsOf(weights)), bias: bias && floatConstant([bias.length], bias) };
}

/** Kernel, stride and dilation: once where they are equal, by side where there are two, else in a list. */
export function sizesOf({ kernel, stride, dilation }: Window): WindowFields {
  const [[kernelH = 1, kernelW = 1], [strideH = 1, strideW = 1]] = [kernel, stride];
  const bySide = kernel.length === 2;
  const equal = (list: readonly number[]) => list.every((each) => each === list[0]);
  const isStrided = stride.some((each) => each !== 1);
  return {
    ...(bySide && !equal(kernel) ? { kernelH, kernelW } : { kernelSize: once(kernel) }),
    ...(bySide && !equal(stride) ? { strideH, strideW } : isStrided ? { stride: once(stride) } : {}),
    ...(dilation.some((each) => each !== 1) ? { dilation: once(dilation) } : {}),
  };
}

export function padsOf(pads: readonly number[]): WindowFields {
  const [padH = 0, padW = 0] = pads;
  if (pads.every((each) => each === 0)) return {};
  return pads.length === 2 && padH !== padW ? { padH, padW } : { pad: once(pads) };
}

function once(list: readonly number[]): number[] {
  return list.every((each) => each === list[0]) ? list.slice(0, 1) : [...list];
}

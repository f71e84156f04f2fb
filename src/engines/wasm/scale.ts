import type { Collapsed } from "../../core/kernels.js";
import { type Bind, call, leastOf } from "./call.js";

export const scale: Bind<"scale"> = ({ x, scale, bias, y, ...size }, at) => {
  const { count, dim, inner, planes, least } = collapse(size);
  const addresses = [at(x, count), at(scale, dim), at(bias, dim), at(y, count)];
  return call("scale", planes, [...addresses, dim, inner], { least });
};

export const scaleBackward: Bind<"scaleBackward"> = ({ x, dy, dscale, accumulate, ...size }, at) => {
  const { count, outer, dim, inner } = collapse(size);
  const addresses = [at(x, count), at(dy, count), at(dscale, dim)];
  const numbers = [...addresses, outer, dim, inner, accumulate];
  return call("scaleBackward", dim, numbers, { scratch: "sumDimsScratch", least: leastOf(outer * inner) });
};

export const bias: Bind<"bias"> = ({ x, bias, y, ...size }, at) => {
  const { count, dim, inner, planes, least } = collapse(size);
  return call("bias", planes, [at(x, count), at(bias, dim), at(y, count), dim, inner], { least });
};

export const biasBackward: Bind<"biasBackward"> = ({ dy, dbias, accumulate, ...size }, at) => {
  const { count, outer, dim, inner } = collapse(size);
  const numbers = [at(dy, count), at(dbias, dim), outer, dim, inner, accumulate];
  return call("biasBackward", dim, numbers, { scratch: "sumDimsScratch", least: leastOf(outer * inner) });
};

/**
 * Sizes, and how many pieces of values that are neighbours there are: planes, or rows where `inner` is 1; and how many
 * of them are worth a call. With one
 * index on the middle axis all is one plane.
 */
export function collapse({ outer, dim, inner }: Collapsed) {
  const count = outer * dim * inner;
  if (dim === 1) return { count, outer: 1, dim, inner: outer * inner, planes: 1, least: 1 };
  const planes = inner === 1 ? outer : outer * dim;
  return { count, outer, dim, inner, planes, least: leastOf(count / planes) };
}

import { type Bind, call, grainOf } from "./call.js";
import { collapse } from "./collapse.js";

export const scale: Bind<"scale"> = ({ x, scale, bias, y, ...size }, at) => {
  const { count, dim, inner, planes, grain } = collapse(size);
  const addresses = [at(x, count), at(scale, dim), at(bias, dim), at(y, count)];
  return call("scale", planes, [...addresses, dim, inner], { grain });
};

export const scaleAdd: Bind<"scaleAdd"> = ({ x, scale, addend, y, ...size }, at) => {
  const { count, dim, inner, planes, grain } = collapse(size);
  const addresses = [at(x, count), at(scale, dim), at(addend, count), at(y, count)];
  return call("scaleAdd", planes, [...addresses, dim, inner], { grain });
};

export const scaleBackward: Bind<"scaleBackward"> = ({ x, dy, dscale, accumulate, ...size }, at) => {
  const { count, outer, dim, inner } = collapse(size);
  const addresses = [at(x, count), at(dy, count), at(dscale, dim)];
  const numbers = [...addresses, outer, dim, inner, accumulate];
  return call("scaleBackward", dim, numbers, { scratch: "sumDimsScratch", grain: grainOf(outer * inner) });
};

export const bias: Bind<"bias"> = ({ x, bias, y, ...size }, at) => {
  const { count, dim, inner, planes, grain } = collapse(size);
  return call("bias", planes, [at(x, count), at(bias, dim), at(y, count), dim, inner], { grain });
};

export const biasBackward: Bind<"biasBackward"> = ({ dy, dbias, accumulate, ...size }, at) => {
  const { count, outer, dim, inner } = collapse(size);
  const numbers = [at(dy, count), at(dbias, dim), outer, dim, inner, accumulate];
  return call("biasBackward", dim, numbers, { scratch: "sumDimsScratch", grain: grainOf(outer * inner) });
};

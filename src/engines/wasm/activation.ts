import { type Bind, call, grainOf } from "./call.js";
import { collapse } from "./collapse.js";
import { powerBytes } from "./power.js";

export const prelu: Bind<"prelu"> = ({ x, slope, y, ...size }, at) => {
  const { count, dim, inner, planes, grain } = collapse(size);
  return call("prelu", planes, [at(x, count), at(slope, dim), at(y, count), dim, inner], { grain });
};

export const preluBackward: Bind<"preluBackward"> = ({ x, slope, dy, dx, ...size }, at) => {
  const { count, dim, inner, planes, grain } = collapse(size);
  return call("preluBackward", planes, [at(x, count), at(slope, dim), at(dy, count), at(dx, count), dim, inner], {
    grain,
  });
};

export const preluBackwardSlope: Bind<"preluBackwardSlope"> = ({ x, dy, dslope, ...size }, at) => {
  const { count, outer, dim, inner } = collapse(size);
  const numbers = [at(x, count), at(dy, count), at(dslope, dim), outer, dim, inner];
  return call("preluBackwardSlope", dim, numbers, { scratch: "sumDimsScratch", grain: grainOf(outer * inner) });
};

/** The powers 0, 1 and 2 have their own kernels. */
export const power: Bind<"power"> = ({ x, y, power, scale, shift }, at) => {
  const addresses = [at(x, y.count), at(y, y.count)];
  if (power === 0) return call("fill", y.count, [at(y, y.count), 1]);
  if (power === 1) return call("affine", y.count, [...addresses, scale, shift]);
  if (power === 2) return call("square", y.count, [...addresses, scale, shift]);
  return call("power", y.count, [...addresses, power, scale, shift], { scratchBytes: powerBytes });
};

export const powerBackward: Bind<"powerBackward"> = ({ x, dy, dx, power, scale, shift }, at) => {
  const { count } = dx;
  const [values, given, target] = [at(x, count), at(dy, count), at(dx, count)];
  const times = power * scale;
  if (times === 0) return call("fill", count, [target, 0]);
  if (power === 1) return call("times", count, [given, target, times]);
  if (power === 2) return call("squareBackward", count, [values, given, target, times * scale, times * shift]);
  const numbers = [values, given, target, times, power - 1, scale, shift];
  return call("powerBackward", count, numbers, { scratchBytes: powerBytes });
};

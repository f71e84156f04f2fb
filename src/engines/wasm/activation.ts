import { type Bind, call, leastOf } from "./call.js";
import { powerBytes } from "./power.js";
import { collapse } from "./scale.js";

export const relu: Bind<"relu"> = ({ x, y, negativeSlope }, at) =>
  call("relu", y.count, [at(x, y.count), at(y, y.count), negativeSlope]);

export const reluBackward: Bind<"reluBackward"> = ({ x, dy, dx, negativeSlope }, at) =>
  call("reluBackward", dx.count, [at(x, dx.count), at(dy, dx.count), at(dx, dx.count), negativeSlope]);

export const prelu: Bind<"prelu"> = ({ x, slope, y, ...size }, at) => {
  const { count, dim, inner, planes, least } = collapse(size);
  return call("prelu", planes, [at(x, count), at(slope, dim), at(y, count), dim, inner], { least });
};

export const preluBackward: Bind<"preluBackward"> = ({ x, slope, dy, dx, ...size }, at) => {
  const { count, dim, inner, planes, least } = collapse(size);
  return call("preluBackward", planes, [at(x, count), at(slope, dim), at(dy, count), at(dx, count), dim, inner], {
    least,
  });
};

export const preluBackwardSlope: Bind<"preluBackwardSlope"> = ({ x, dy, dslope, ...size }, at) => {
  const { count, outer, dim, inner } = collapse(size);
  const numbers = [at(x, count), at(dy, count), at(dslope, dim), outer, dim, inner];
  return call("preluBackwardSlope", dim, numbers, { scratch: "sumDimsScratch", least: leastOf(outer * inner) });
};

export const abs: Bind<"abs"> = ({ x, y }, at) => call("abs", y.count, [at(x, y.count), at(y, y.count)]);

export const absBackward: Bind<"absBackward"> = ({ x, dy, dx }, at) =>
  call("absBackward", dx.count, [at(x, dx.count), at(dy, dx.count), at(dx, dx.count)]);

export const sigmoid: Bind<"sigmoid"> = ({ x, y }, at) => call("sigmoid", y.count, [at(x, y.count), at(y, y.count)]);

export const sigmoidBackward: Bind<"sigmoidBackward"> = ({ y, dy, dx }, at) =>
  call("sigmoidBackward", dx.count, [at(y, dx.count), at(dy, dx.count), at(dx, dx.count)]);

export const tanh: Bind<"tanh"> = ({ x, y }, at) => call("tanh", y.count, [at(x, y.count), at(y, y.count)]);

export const tanhBackward: Bind<"tanhBackward"> = ({ y, dy, dx }, at) =>
  call("tanhBackward", dx.count, [at(y, dx.count), at(dy, dx.count), at(dx, dx.count)]);

/** The powers 0, 1 and 2 have kernels of their own. */
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
  const factor = power * scale;
  if (factor === 0) return call("fill", count, [target, 0]);
  if (power === 1) return call("times", count, [given, target, factor]);
  if (power === 2) return call("squareBackward", count, [values, given, target, factor * scale, factor * shift]);
  const numbers = [values, given, target, factor, power - 1, scale, shift];
  return call("powerBackward", count, numbers, { scratchBytes: powerBytes });
};

import { type Bind, call } from "./call.js";

export const sumSquares: Bind<"sumSquares"> = ({ x, y }, at) => {
  const address = at(x, x.count);
  return call("dot", 1, [address, address, at(y, 1), x.count, 1, 1]);
};

export const sgd: Bind<"sgd"> = (args, at) => {
  const { w, dw, history, rate, clip, rateScale, gradientScale, momentum, decay, decayNorm } = args;
  const addresses = [at(w, w.count), at(dw, w.count), at(history, w.count), at(rate, 1), at(clip, 1)];
  return call("sgd", w.count, [...addresses, rateScale, gradientScale, momentum, decay, decayNorm === "L1"]);
};

import type { Descent } from "../../core/kernels.js";
import { type Bind, type Call, call, type Locate } from "./call.js";

export const sumSquares: Bind<"sumSquares"> = ({ x, y }, at) => {
  const address = at(x, x.count);
  return call("dot", 1, [address, address, at(y, 1), x.count, 1, 1]);
};

export const sgd: Bind<"sgd"> = (args, at) => descend("sgd", args, at, [at(args.history, args.w.count), args.momentum]);

export const nesterov: Bind<"nesterov"> = (args, at) =>
  descend("nesterov", args, at, [at(args.history, args.w.count), args.momentum]);

export const adaGrad: Bind<"adaGrad"> = (args, at) =>
  descend("adaGrad", args, at, [at(args.history, args.w.count), args.delta]);

export const rmsProp: Bind<"rmsProp"> = (args, at) =>
  descend("rmsProp", args, at, [at(args.history, args.w.count), args.rmsDecay, args.delta]);

export const adaDelta: Bind<"adaDelta"> = (args, at) => {
  const { w, gradients, updates, momentum, delta } = args;
  return descend("adaDelta", args, at, [at(gradients, w.count), at(updates, w.count), momentum, delta]);
};

export const adam: Bind<"adam"> = (args, at) => {
  const { w, mean, square, correction, momentum, momentum2, delta } = args;
  const addresses = [at(mean, w.count), at(square, w.count), at(correction, 1)];
  return descend("adam", args, at, [...addresses, momentum, momentum2, delta]);
};

function descend(name: string, args: Descent, at: Locate, own: readonly number[]): Call {
  const { w, dw, rate, clip, rateScale, gradientScale, decay, decayNorm } = args;
  const addresses = [at(w, w.count), at(dw, w.count), at(rate, 1), at(clip, 1)];
  return call(name, w.count, [...addresses, rateScale, gradientScale, decay, decayNorm === "L1", ...own]);
}

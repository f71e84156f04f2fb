import { type Bind, call, grainOf } from "./call.js";
import { divisor, noneIsNaN } from "./labels.js";

export const softmax: Bind<"softmax"> = ({ x, y, outer, dim, inner }, at) => {
  const count = outer * dim * inner;
  return call("softmax", outer * inner, [at(x, count), at(y, count), dim, inner], { grain: grainOf(dim) });
};

export const softmaxBackward: Bind<"softmaxBackward"> = ({ y, dy, dx, outer, dim, inner }, at) => {
  const count = outer * dim * inner;
  return call("softmaxBackward", outer * inner, [at(y, count), at(dy, count), at(dx, count), dim, inner], {
    grain: grainOf(dim),
  });
};

export const softmaxLoss: Bind<"softmaxLoss"> = ({ prob, label, weights, loss, ...args }, at) => {
  const { outer, dim, inner } = args;
  const addresses = [at(prob, outer * dim * inner), at(label, outer * inner), at(weights, dim), at(loss, 1)];
  return call("softmaxLoss", 1, [...addresses, outer, dim, inner, noneIsNaN(args.ignore), divisor(args)]);
};

export const softmaxLossBackward: Bind<"softmaxLossBackward"> = ({ prob, label, weights, dloss, dx, ...args }, at) => {
  const { outer, dim, inner } = args;
  const count = outer * dim * inner;
  const addresses = [at(prob, count), at(label, outer * inner), at(weights, dim), at(dloss, 1), at(dx, count)];
  const numbers = [...addresses, outer, dim, inner, noneIsNaN(args.ignore), divisor(args)];
  return call("softmaxLossBackward", outer, numbers, { grain: grainOf(dim * inner) });
};

export const accuracy: Bind<"accuracy"> = ({ x, label, y, perClass, topK, ignore, outer, dim, inner }, at) => {
  const addresses = [at(x, outer * dim * inner), at(label, outer * inner), at(y, 1), at(perClass, dim)];
  const numbers = [...addresses, outer, dim, inner, topK, noneIsNaN(ignore)];
  return call("accuracy", 1, numbers, { scratch: "accuracyScratch", scratchTimes: dim });
};

import { type Bind, call } from "./call.js";
import { divisor, noneIsNaN } from "./labels.js";

export const sigmoidLoss: Bind<"sigmoidLoss"> = ({ x, target, loss, ...args }, at) => {
  const { count } = target;
  const addresses = [at(x, count), at(target, count), at(loss, 1)];
  return call("sigmoidLoss", 1, [...addresses, count, noneIsNaN(args.ignore), divisor(args)]);
};

export const sigmoidLossBackward: Bind<"sigmoidLossBackward"> = ({ x, target, dloss, dx, ...args }, at) => {
  const { count } = target;
  const addresses = [at(x, count), at(target, count), at(dloss, 1), at(dx, count)];
  return call("sigmoidLossBackward", count, [...addresses, count, noneIsNaN(args.ignore), divisor(args)]);
};

import { type Bind, call } from "./call.js";

export const exp: Bind<"exp"> = ({ x, y, scale, shift }, at) =>
  call("exp", y.count, [at(x, y.count), at(y, y.count), scale, shift]);

export const log: Bind<"log"> = ({ x, y, scale, shift }, at) =>
  call("log", y.count, [at(x, y.count), at(y, y.count), scale, shift]);

export const logBackward: Bind<"logBackward"> = ({ x, dy, dx, scale, shift }, at) =>
  call("logBackward", dx.count, [at(x, dx.count), at(dy, dx.count), at(dx, dx.count), scale, shift]);

export const elu: Bind<"elu"> = ({ x, y, alpha }, at) => call("elu", y.count, [at(x, y.count), at(y, y.count), alpha]);

export const eluBackward: Bind<"eluBackward"> = ({ x, y, dy, dx, alpha }, at) => {
  const addresses = [x, y, dy, dx].map((span) => at(span, dx.count));
  return call("eluBackward", dx.count, [...addresses, alpha]);
};

export const softplus: Bind<"softplus"> = ({ x, y }, at) => call("softplus", y.count, [at(x, y.count), at(y, y.count)]);

export const softplusBackward: Bind<"softplusBackward"> = ({ x, dy, dx }, at) =>
  call("softplusBackward", dx.count, [at(x, dx.count), at(dy, dx.count), at(dx, dx.count)]);

export const swish: Bind<"swish"> = ({ x, y, beta }, at) =>
  call("swish", y.count, [at(x, y.count), at(y, y.count), beta]);

export const swishBackward: Bind<"swishBackward"> = ({ x, dy, dx, beta }, at) =>
  call("swishBackward", dx.count, [at(x, dx.count), at(dy, dx.count), at(dx, dx.count), beta]);

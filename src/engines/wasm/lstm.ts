import { type Bind, call } from "./call.js";

export const lstmUnit: Bind<"lstmUnit"> = ({ gates, cPrev, cont, c, h, n, dim }, at) => {
  const count = n * dim;
  const given = [at(gates, 4 * count), at(cPrev, count), at(cont, n)];
  return call("lstmUnit", count, [...given, at(c, count), at(h, count), dim]);
};

export const lstmUnitBackward: Bind<"lstmUnitBackward"> = (args, at) => {
  const { gates, cPrev, cont, c, dc, dh, dgates, dcPrev, n, dim } = args;
  const count = n * dim;
  const given = [at(gates, 4 * count), at(cPrev, count), at(cont, n), at(c, count), at(dc, count), at(dh, count)];
  return call("lstmUnitBackward", count, [...given, at(dgates, 4 * count), at(dcPrev, count), dim]);
};

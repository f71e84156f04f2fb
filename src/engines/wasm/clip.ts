import { type Bind, call } from "./call.js";

export const clip: Bind<"clip"> = ({ x, y, min, max }, at) =>
  call("clip", y.count, [at(x, y.count), at(y, y.count), min, max]);

export const clipBackward: Bind<"clipBackward"> = ({ x, dy, dx, min, max }, at) =>
  call("clipBackward", dx.count, [at(x, dx.count), at(dy, dx.count), at(dx, dx.count), min, max]);

export const threshold: Bind<"threshold"> = ({ x, y, threshold }, at) =>
  call("threshold", y.count, [at(x, y.count), at(y, y.count), threshold]);

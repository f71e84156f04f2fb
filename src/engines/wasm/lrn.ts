import { type Bind, call, grainOf } from "./call.js";
import { powerBytes } from "./power.js";

export const lrn: Bind<"lrn"> = ({ x, scale, y, size, alpha, beta, k, n, channels, inner }, at) => {
  const count = n * channels * inner;
  const addresses = [at(x, count), at(scale, count), at(y, count)];
  const numbers = [...addresses, channels, inner, size, alpha, beta, k];
  return call("lrn", n * inner, numbers, { grain: grainOf(channels), scratchBytes: powerBytes });
};

export const lrnBackward: Bind<"lrnBackward"> = (args, at) => {
  const { x, y, scale, dy, dx, size, alpha, beta, n, channels, inner } = args;
  const count = n * channels * inner;
  const addresses = [x, y, scale, dy, dx].map((span) => at(span, count));
  const numbers = [...addresses, channels, inner, size, alpha, beta];
  const room = { scratch: "lrnScratch", scratchTimes: channels, scratchBytes: powerBytes } as const;
  return call("lrnBackward", n * inner, numbers, { grain: grainOf(channels), ...room });
};

import { type Bind, call } from "./call.js";
import { averageScratch, layout } from "./pool-geometry.js";

export const maxPool: Bind<"maxPool"> = ({ x, y, mask, ...geometry }, at) => {
  const { planes, inputs, outputs, extra } = layout(geometry);
  return call("maxPool", planes, [at(x, inputs), at(y, outputs), at(mask, outputs)], extra);
};

export const maxPoolBackward: Bind<"maxPoolBackward"> = ({ dy, mask, dx, ...geometry }, at) => {
  const { planes, inputs, outputs, extra } = layout(geometry);
  return call("maxPoolBackward", planes, [at(dy, outputs), at(mask, outputs), at(dx, inputs)], extra);
};

export const avePool: Bind<"avePool"> = ({ x, y, ...geometry }, at) => {
  const { planes, inputs, outputs, extra } = layout(geometry);
  return call("avePool", planes, [at(x, inputs), at(y, outputs)], extra);
};

export const avePoolBackward: Bind<"avePoolBackward"> = ({ dy, dx, ...geometry }, at) => {
  const { planes, inputs, outputs, extra } = layout(geometry);
  return call("avePoolBackward", planes, [at(dy, outputs), at(dx, inputs)], { ...extra, ...averageScratch(geometry) });
};

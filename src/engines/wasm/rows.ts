import { type Bind, call, grainOf } from "./call.js";

export const gatherRows: Bind<"gatherRows"> = ({ x, index, y, rows, width }, at) => {
  const { count } = index;
  return call("gatherRows", count, [at(x, rows * width), at(index, count), at(y, count * width), rows, width], {
    grain: grainOf(width),
  });
};

export const scatterRows: Bind<"scatterRows"> = ({ dy, index, dx, rows, width }, at) => {
  const { count } = index;
  const addresses = [at(dy, count * width), at(index, count), at(dx, rows * width)];
  return call("scatterRows", width, [...addresses, count, rows, width], { grain: grainOf(count) });
};

import { type Bind, call } from "./call.js";

export const sumSquares: Bind<"sumSquares"> = ({ x, y }, at) => {
  const address = at(x, x.count);
  return call("dot", 1, [address, address, at(y, 1), x.count, 1, 1]);
};

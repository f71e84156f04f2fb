import { type Bind, call, grainOf } from "./call.js";

export const copy: Bind<"copy"> = ({ x, y }, at) => call("copy", x.count, [at(x, x.count), at(y, x.count)]);

export const copyRows: Bind<"copyRows"> = ({ x, y, rows, width, xStride, yStride }, at) => {
  const reach = (stride: number) => (rows === 0 ? 0 : (rows - 1) * stride + width);
  const addresses = [at(x, reach(xStride)), at(y, reach(yStride))];
  return call("copyRows", rows, [...addresses, width, 4 * xStride, 4 * yStride], { grain: grainOf(width) });
};

export const axpby: Bind<"axpby"> = ({ x, y, a, b }, at) => {
  const addresses = [at(x, y.count), at(y, y.count)];
  return b === 0 ? call("times", y.count, [...addresses, a]) : call("axpby", y.count, [...addresses, a, b]);
};

export const sum: Bind<"sum"> = (args, ...rest) => sumFused({ ...args, negativeSlope: 1 }, ...rest);

export const sumFused: Bind<"sumFused"> = ({ xs, coefficients, y, negativeSlope }, at) => {
  const table = new Int32Array(2 * xs.length);
  table.set(xs.map((x) => at(x, y.count)));
  new Float32Array(table.buffer).set(coefficients.slice(0, xs.length), xs.length);
  return call("sum", y.count, [at(y, y.count), xs.length, negativeSlope], { table });
};

export const mul: Bind<"mul"> = ({ a, b, y }, at) =>
  call("mul", y.count, [at(a, y.count), at(b, y.count), at(y, y.count), 1]);

export const dropout: Bind<"dropout"> = ({ x, mask, y, scale }, at) =>
  call("mul", y.count, [at(x, y.count), at(mask, y.count), at(y, y.count), scale]);

export const dot: Bind<"dot"> = ({ a, b, y, alpha }, at) =>
  call("dot", 1, [at(a, a.count), at(b, a.count), at(y, 1), a.count, alpha, 0]);

export const sumSquares: Bind<"sumSquares"> = ({ x, y }, at) => {
  const address = at(x, x.count);
  return call("dot", 1, [address, address, at(y, 1), x.count, 1, 1]);
};

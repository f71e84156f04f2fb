import { mergeAxes } from "../../util/axes.js";
import { countOf } from "../../util/shape.js";
import { type Bind, call, grainOf } from "./call.js";
import { copy } from "./elementwise.js";

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

export const permute: Bind<"permute"> = ({ x, y, shape, order }, at, ...rest) => {
  const axes = mergeAxes(shape, order);
  const columns = axes.pop();
  if (!columns || axes.length === 0) return copy({ x, y }, at, ...rest);
  // Whole runs are copied where the last axis stays the last. Else the rows are what lies side by side in x.
  const isRun = columns.from === 1;
  const rowsAt = isRun ? axes.length - 1 : axes.findIndex(({ from }) => from === 1);
  const [rows = columns] = axes.splice(rowsAt, 1);
  const count = countOf(shape);
  // A band of 16 rows takes whole cache lines of x. Narrow ones are higher, because to find a band takes time too.
  const band = isRun ? grainOf(columns.size) : 16 * Math.ceil(16 / columns.size);
  const pieces = count === 0 ? 0 : Math.ceil(rows.size / band) * (count / (rows.size * columns.size));
  const sizes = [axes.length, rows.size, columns.size, band];
  const numbers = [at(x, count), at(y, count), ...sizes, 4 * rows.from, 4 * columns.from, 4 * rows.to];
  const table = Int32Array.from(axes.flatMap(({ size, from, to }) => [size, from, to]));
  return call("permute", pieces, numbers, { table, grain: grainOf(Math.min(band, rows.size) * columns.size) });
};

import { Dense, EverySecond, ManyColumns, PoolGeometry, ThreeColumns, TwoColumns } from "./pool-geometry";
import { First, total } from "./reduce";

// Average pooling. A piece is a plane; the table of each call is its geometry. Where whole windows lie inside the image
// and the stride is 1 or 2, four windows are computed together.

export function avePool(from: i32, to: i32, x: usize, y: usize): void {
  const g = PoolGeometry.current;
  const input = (<usize>g.inputs) << 2;
  const output = (<usize>g.outputs) << 2;
  for (let plane = <usize>from; plane < <usize>to; ++plane) averagePlane(g, x + plane * input, y + plane * output);
}

export function averagePlane(g: PoolGeometry, x: usize, y: usize): void {
  if (g.isGlobal) {
    store<f32>(y, <f32>(total<First>(x, x, g.inputs) / <f64>(g.rows(0) * g.columns(0))));
    return;
  }
  const first = g.firstInside;
  // Wide windows are summed one by one, along their rows.
  const inside = g.kernelWidth > 8 ? 0 : g.inside;
  if (inside == 0) {
    averageColumns(g, x, 0, g.outputWidth, y);
    return;
  }
  if (g.strideWidth == 1) fourByColumns<Dense>(g, x, first, inside, y);
  else fourByColumns<EverySecond>(g, x, first, inside, y);
  if (first > 0) averageColumns(g, x, 0, first, y);
  if (first + inside < g.outputWidth) averageColumns(g, x, first + inside, g.outputWidth, y);
}

/** Columns [from, to) of the output, window by window. */
function averageColumns(g: PoolGeometry, x: usize, from: i32, to: i32, y: usize): void {
  for (let row = 0; row < g.outputHeight; ++row) {
    const top = g.top(row);
    const bottom = g.bottom(row);
    for (let column = from; column < to; ++column) {
      const left = g.left(column);
      const width = g.right(column) - left;
      let sum: f64 = 0;
      for (let i = top; i < bottom; ++i) {
        const start = x + ((<usize>(i * g.width + left)) << 2);
        if (width > 8) sum += total<First>(start, start, width);
        else for (let p = start; p < start + ((<usize>width) << 2); p += 4) sum += <f64>load<f32>(p);
      }
      const place = (<usize>(row * g.outputWidth + column)) << 2;
      store<f32>(y + place, <f32>(sum / <f64>(g.rows(row) * g.columns(column))));
    }
  }
}

function fourByColumns<C>(g: PoolGeometry, x: usize, first: i32, count: i32, y: usize): void {
  if (g.kernelWidth == 2) fourAverages<C, TwoColumns>(g, x, first, count, y);
  else if (g.kernelWidth == 3) fourAverages<C, ThreeColumns>(g, x, first, count, y);
  else fourAverages<C, ManyColumns>(g, x, first, count, y);
}

/** In each row, computes `count` windows side by side, four or more, from column `first` of the output on. */
function fourAverages<C, K>(g: PoolGeometry, x: usize, first: i32, count: i32, y: usize): void {
  const columns = changetype<C>(0);
  const known = changetype<K>(0);
  const stride = columns.stride;
  const kernel = g.kernelWidth;
  const line = (<usize>g.width) << 2;
  const left = g.left(first);
  const outputLine = (<usize>g.outputWidth) << 2;
  for (let row = 0; row < g.outputHeight; ++row) {
    const top = g.top(row);
    const rows = g.bottom(row) - top;
    const rowStart = x + ((<usize>(top * g.width + left)) << 2);
    const divisor = f32x4.splat(<f32>(g.rows(row) * kernel));
    for (let i = 0; i < count; i += 4) {
      // The last four windows may overlap those before.
      const group = min(i, count - 4);
      let p = rowStart + ((<usize>(group * stride)) << 2);
      let sum = f32x4.splat(0);
      if (known.count == 0) {
        for (let rest = rows; rest > 0; --rest) {
          for (let tap = 0; tap < kernel; ++tap) sum = f32x4.add(sum, columns.any(p + ((<usize>tap) << 2)));
          p += line;
        }
      } else {
        // The columns are summed first.
        let low = sum;
        let high = sum;
        let last = sum;
        let rest = rows;
        if (rest >= 2) {
          low = f32x4.add(columns.low(p), columns.low(p + line));
          high = f32x4.add(columns.high(p), columns.high(p + line));
          if (known.count == 3) last = f32x4.add(columns.last(p), columns.last(p + line));
          p += 2 * line;
          rest -= 2;
        }
        for (; rest > 0; --rest) {
          low = f32x4.add(low, columns.low(p));
          high = f32x4.add(high, columns.high(p));
          if (known.count == 3) last = f32x4.add(last, columns.last(p));
          p += line;
        }
        const sum0 = columns.first(low, high);
        sum = f32x4.add(sum0, columns.second(low, high));
        if (known.count == 3) sum = f32x4.add(sum, columns.third(sum0, last));
      }
      v128.store(y + ((<usize>(first + group)) << 2), f32x4.div(sum, divisor));
    }
    y += outputLine;
  }
}

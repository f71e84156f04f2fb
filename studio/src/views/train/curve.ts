/** Curves as a chart wants them: smoothed, thinned, on one axis of iterations. */
import type { Point } from "../../state/run.js";

/** The most points of a line: a screen has no more columns. */
const mostPoints = 1200;

/** An exponential moving average that starts without bias; `share` of the past, from 0 to below 1. */
export function smoothed(points: readonly Point[], share: number): readonly Point[] {
  if (share <= 0) return points;
  let [average, weight] = [0, 0];
  return points.map(({ iter, value }) => {
    if (Number.isFinite(value)) {
      average = share * average + (1 - share) * value;
      weight = share * weight + (1 - share);
    }
    return { iter, value: weight > 0 ? average / weight : Number.NaN };
  });
}

/** At most so many points, evenly chosen; the last is always among them. */
export function thinned(points: readonly Point[], most = mostPoints): readonly Point[] {
  if (points.length <= most) return points;
  const step = (points.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => points[Math.round(i * step)] as Point);
}

/** Lines over the iterations of all, with gaps where a line has no value. */
export function aligned(lines: readonly (readonly Point[])[]): [number[], ...(number | null)[][]] {
  const iterations = [...new Set(lines.flatMap((line) => line.map(({ iter }) => iter)))].sort((a, b) => a - b);
  const columns = lines.map((line) => {
    const values = new Map(line.map(({ iter, value }) => [iter, value]));
    return iterations.map((iter) => {
      const value = values.get(iter);
      return value === undefined || !Number.isFinite(value) ? null : value;
    });
  });
  return [iterations, ...columns];
}

/** All curves as a table: a row an iteration. */
export function toCsv(lines: readonly { readonly name: string; readonly points: readonly Point[] }[]): string {
  const [iterations, ...columns] = aligned(lines.map(({ points }) => points));
  const head = ["iteration", ...lines.map(({ name }) => `"${name.replaceAll('"', '""')}"`)].join(",");
  return `${[head, ...iterations.map((iter, i) => [iter, ...columns.map((column) => column[i] ?? "")].join(","))].join("\n")}\n`;
}

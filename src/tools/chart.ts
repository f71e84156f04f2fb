import { formatNumber } from "../util/number-format.js";
import { element, ink, type Point, round, svgFile, text, textWidth } from "./svg.js";

export interface Series {
  readonly name: string;
  /** The points. The line is interrupted at a y that is not finite. */
  readonly points: readonly Point[];
  /** Whether each point is drawn as a dot, if there are at most 100 points. */
  readonly dots?: boolean;
}

/** Curves with one vertical axis. */
export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
}

const colours = ["#2563a8", "#d9601a", "#2a8a55", "#8a4fb3", "#c2334d", "#7a6230", "#2b97a5", "#5f6773"] as const;

const width = 900;
const left = 72;
const right = 28;
const plotWidth = width - left - right;
const legendLine = 20;

export interface ChartOptions {
  /** Pixels. Default 240. */
  readonly panelHeight?: number;
  /** `doubling`: equal factors have equal widths, and ticks are powers of 2; all x must be positive. Default `linear`. */
  readonly xAxis?: "linear" | "doubling";
}

/**
 * An SVG file, 900 pixels wide, of panels below each other; all panels have the same horizontal axis.
 *
 * A vertical axis is logarithmic if all its values are positive and the largest is far above the others. Of a curve
 * with more points than fit, only the lowest and the highest point of each column of pixels are drawn.
 */
export function drawChart(
  title: string,
  xTitle: string,
  panels: readonly Panel[],
  { panelHeight = 240, xAxis: kind = "linear" }: ChartOptions = {},
): string {
  const xs = panels.flatMap(({ series }) => series.flatMap(({ points }) => points.map(({ x }) => x)));
  const xAxis = kind === "linear" ? linearAxis(extent(xs), 8, false) : doublingAxis(extent(xs));
  const toX = (x: number) => left + xAxis.at(x) * plotWidth;
  const body = [text(left, 34, title, { "font-size": 17, "font-weight": 600, fill: ink.strong })];
  let top = 60;
  for (const panel of panels) {
    const legend = drawLegend(panel.series, top);
    top += legend.height + 10;
    body.push(...legend.body, ...drawPanel(panel, top, panelHeight, xAxis, toX));
    top += panelHeight + 44;
  }
  const xLabel = { "font-size": 13, "text-anchor": "middle", fill: ink.strong };
  body.push(text(left + plotWidth / 2, top, xTitle, xLabel));
  return svgFile(width, top + 20, title, body);
}

function drawPanel(panel: Panel, top: number, height: number, xAxis: Axis, toX: (x: number) => number): string[] {
  const values = panel.series.flatMap(({ points }) => points.map(({ y }) => y)).filter(Number.isFinite);
  const yAxis = wantsLogarithm(values) ? logAxis(extent(values)) : linearAxis(extent(values), 5, true);
  const toY = (y: number) => top + (1 - yAxis.at(y)) * height;
  const label = { "font-size": 12, fill: ink.soft };
  const grid = yAxis.ticks.flatMap((tick) => [
    element("path", { d: `M${left} ${round(toY(tick))}h${plotWidth}`, stroke: ink.grid }),
    text(left - 9, toY(tick) + 4, formatNumber(tick), { ...label, "text-anchor": "end" }),
  ]);
  const ticks = xAxis.ticks.flatMap((tick) => [
    element("path", { d: `M${round(toX(tick))} ${top}v${height}`, stroke: ink.grid }),
    element("path", { d: `M${round(toX(tick))} ${top + height}v5`, stroke: ink.axis }),
    text(toX(tick), top + height + 20, formatNumber(tick, 10), { ...label, "text-anchor": "middle" }),
  ]);
  const frame = element("path", { d: `M${left} ${top}v${height}h${plotWidth}`, fill: "none", stroke: ink.axis });
  const middle = top + height / 2;
  const title = text(18, middle, panel.title + (yAxis.isLog ? " (log scale)" : ""), {
    "font-size": 13,
    "text-anchor": "middle",
    fill: ink.strong,
    transform: `rotate(-90 18 ${round(middle)})`,
  });
  const curves = panel.series.flatMap((series, index) => drawCurve(series, colourOf(index), toX, toY));
  return [...grid, ...ticks, frame, title, ...curves];
}

function drawCurve(
  { points, dots = false }: Series,
  colour: string,
  toX: (x: number) => number,
  toY: (y: number) => number,
): string[] {
  const placed = thinned(points.map(({ x, y }) => ({ x: toX(x), y: Number.isFinite(y) ? toY(y) : Number.NaN })));
  const runs = unbroken(placed);
  const marked = dots && placed.length <= 100 ? runs.flat() : runs.filter(({ length }) => length === 1).flat();
  const line = { fill: "none", stroke: colour, "stroke-width": dots ? 2 : 1.3, "stroke-linejoin": "round" };
  const lines = runs.map((run) => {
    const d = run.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("");
    return element("path", { d, ...line });
  });
  return [...lines, ...marked.map(({ x, y }) => element("circle", { cx: x, cy: y, r: 3, fill: colour }))];
}

/** The parts of a curve between points whose value is not finite. */
function unbroken(points: readonly Point[]): Point[][] {
  const runs: Point[][] = [[]];
  for (const point of points) {
    if (Number.isNaN(point.y)) runs.push([]);
    else runs.at(-1)?.push(point);
  }
  return runs.filter(({ length }) => length > 0);
}

/** The lowest and the highest point of each column of pixels; all points if no column has more than two. */
function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= 2 * plotWidth) return points;
  const columns = new Map<number, { low: number; high: number }>();
  points.forEach(({ x, y }, index) => {
    if (Number.isNaN(y)) return;
    const column = columns.get(Math.round(x));
    if (!column) columns.set(Math.round(x), { low: index, high: index });
    else if (y < (points[column.low]?.y ?? y)) column.low = index;
    else if (y > (points[column.high]?.y ?? y)) column.high = index;
  });
  const kept = [...columns.values()].flatMap(({ low, high }) => [low, high]);
  return [...new Set(kept)].sort((a, b) => a - b).flatMap((index) => points[index] ?? []);
}

/** A line sample and the name of each curve, on one or more lines. */
function drawLegend(series: readonly Series[], top: number): { readonly body: string[]; readonly height: number } {
  let x = left;
  let y = top;
  const body = series.flatMap(({ name, dots }, index) => {
    const needed = 32 + textWidth(name, 12) + 18;
    if (x > left && x + needed > width - right) {
      x = left;
      y += legendLine;
    }
    const colour = colourOf(index);
    const sample = [
      element("path", { d: `M${round(x)} ${y}h24`, stroke: colour, "stroke-width": 2 }),
      ...(dots ? [element("circle", { cx: x + 12, cy: y, r: 3, fill: colour })] : []),
      text(x + 31, y + 4, name, { "font-size": 12, fill: ink.strong }),
    ];
    x += needed;
    return sample;
  });
  return { body, height: y - top + 8 };
}

function colourOf(index: number): string {
  return colours[index % colours.length] ?? colours[0];
}

interface Axis {
  readonly ticks: readonly number[];
  readonly isLog: boolean;
  /** The position of a value: 0 at the low end, 1 at the high end. */
  at(value: number): number;
}

/** @param open whether the axis is extended to the next ticks */
function linearAxis([low, high]: readonly [number, number], count: number, open: boolean): Axis {
  const [from, to] = low === high ? [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2] : [low, high];
  const step = niceStep((to - from) / count);
  const first = open ? Math.floor(from / step + 1e-9) : Math.ceil(from / step - 1e-9);
  const last = open ? Math.ceil(to / step - 1e-9) : Math.floor(to / step + 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  const start = open ? first * step : from;
  const end = open ? last * step : to;
  return { ticks, isLog: false, at: (value) => (value - start) / (end - start) };
}

/** From the lowest value to the highest, with a tick at each power of two between them. */
function doublingAxis([low, high]: readonly [number, number]): Axis {
  const [from, to] = low === high ? [low / 2, high * 2] : [low, high];
  const first = Math.ceil(Math.log2(from) - 1e-9);
  const last = Math.floor(Math.log2(to) + 1e-9);
  const ticks = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => 2 ** (first + i));
  return { ticks, isLog: true, at: (value) => Math.log(value / from) / Math.log(to / from) };
}

/** The ends are powers of ten; if the values span at most four of them, also 2 and 5 times a power of ten. */
function logAxis([low, high]: readonly [number, number]): Axis {
  const from = Math.floor(Math.log10(low));
  const to = Math.ceil(Math.log10(high));
  const powers = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const digits = to - from <= 4 ? [1, 2, 5] : [1];
  const all = powers.flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)));
  const start = Math.max(...all.filter((tick) => tick <= low));
  const end = Math.min(...all.filter((tick) => tick >= high));
  const ticks = all.filter((tick) => tick >= start && tick <= end);
  return { ticks, isLog: true, at: (value) => Math.log(value / start) / Math.log(end / start) };
}

/** The smallest of 1, 2 and 5 times a power of ten that is not below `rough`. */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5, 10].find((digit) => digit * power >= rough * 0.999) ?? 10);
}

function wantsLogarithm(values: readonly number[]): boolean {
  const sorted = Float64Array.from(values).sort();
  const [low = 0, middle = 0, high = 0] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
  return low > 0 && (high > 12 * middle || high > 300 * low);
}

function extent(values: readonly number[]): [number, number] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  return [finite.reduce((a, b) => Math.min(a, b)), finite.reduce((a, b) => Math.max(a, b))];
}

/** A chart of lines over iterations, by uPlot, in the page's colors. */
import { useEffect, useRef } from "preact/hooks";
import type uPlotType from "uplot";
import { number } from "../../parts/number.js";
import { visible } from "../../parts/visible.js";
import { theme } from "../../settings.js";
import type { Point } from "../../state/run.js";
import { aligned, thinned } from "./curve.js";
import { t } from "./strings.js";

export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
  /** The number of its color, from 1. */
  readonly series: number;
  /** Thin lines stand behind the others. */
  readonly isThin?: boolean;
}

interface ChartProps {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly isLog?: boolean;
}

const height = 200;
const colors = 6;

export function Chart({ title, lines, isLog = false }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlotType | undefined>(undefined);
  const data = useRef(aligned([]));
  data.current = aligned(lines.map(({ points }) => thinned(points)));
  const shape = JSON.stringify([lines.map(({ name, series, isThin }) => [name, series, isThin]), isLog, theme.value]);
  useEffect(() => {
    let isWanted = true;
    let watch: ResizeObserver | undefined;
    void import("uplot").then(({ default: UPlot }) => {
      const { current: at } = place;
      if (!isWanted || !at) return;
      const style = getComputedStyle(at);
      const color = (name: string) => style.getPropertyValue(name).trim();
      const axis = {
        stroke: color("--muted"),
        grid: { stroke: color("--line"), width: 1 },
        ticks: { stroke: color("--line") },
        font: "11px system-ui",
      };
      const made = new UPlot(
        {
          width: Math.max(100, at.clientWidth),
          height,
          scales: { x: { time: false }, y: { distr: isLog ? 3 : 1 } },
          legend: { show: false },
          cursor: { drag: { x: false, y: false } },
          axes: [
            axis,
            {
              ...axis,
              size: 56,
              values: (_: uPlotType, ticks: (number | null)[]) =>
                ticks.map((tick) => (tick === null ? "" : number(tick))),
            },
          ],
          series: [
            {},
            ...lines.map(({ name, series, isThin }) => ({
              label: name,
              stroke: color(`--series-${((series - 1) % colors) + 1}`),
              width: isThin ? 0.7 : 2,
              alpha: isThin ? 0.5 : 1,
              spanGaps: true,
              points: { show: false },
            })),
          ],
        },
        data.current,
        at,
      );
      chart.current = made;
      watch = new ResizeObserver(() => made.setSize({ width: Math.max(100, at.clientWidth), height }));
      watch.observe(at);
    });
    return () => {
      isWanted = false;
      watch?.disconnect();
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [shape]);
  useEffect(() => {
    if (visible.value.has("train")) chart.current?.setData(data.current);
  });
  const [first] = lines.filter(({ points, isThin }) => points.length > 0 && !isThin);
  const values = first?.points.map(({ value }) => value).filter(Number.isFinite) ?? [];
  const words = first
    ? t().curveOf(first.name, values.length, number(values[0]), number(values.at(-1)), number(Math.min(...values)))
    : t().noCurve;
  return (
    <figure class="plot">
      <figcaption>
        <strong>{title}</strong>
        <span class="legend-row">
          {lines
            .filter(({ isThin }) => !isThin)
            .map(({ name, series }) => (
              <span key={name} style={{ color: `var(--series-${((series - 1) % colors) + 1})` }}>
                {name}
              </span>
            ))}
        </span>
      </figcaption>
      <div ref={place} class="plot-place" role="img" aria-label={`${title}. ${words}`} />
    </figure>
  );
}

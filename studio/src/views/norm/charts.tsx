/** Small charts as SVG, in the page's colors: lines over iterations, histograms, one bar a channel. */
import type { WatchedValues } from "moka-caffe";
import type { TargetedPointerEvent } from "preact";
import { number } from "../../parts/number.js";
import { t } from "./strings.js";

const [width, height] = [300, 110];

interface LinesProps {
  readonly title: string;
  readonly names: readonly [string, string];
  /** The iteration, and the value of each line. */
  readonly points: readonly (readonly [number, number, number])[];
}

/** Two lines on one scale. */
export function Lines({ title, names, points }: LinesProps) {
  const values = points.flatMap(([, a, b]) => [a, b]).filter(Number.isFinite);
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const [first = 0, last = 1] = [points[0]?.[0], points.at(-1)?.[0]];
  const x = (iter: number) => ((iter - first) / Math.max(1, last - first)) * (width - 8) + 4;
  const y = (value: number) => height - 4 - ((value - min) / (max - min || 1)) * (height - 8);
  const path = (line: 1 | 2) =>
    points
      .filter((point) => Number.isFinite(point[line]))
      .map((point, i) => `${i === 0 ? "M" : "L"}${x(point[0]).toFixed(1)} ${y(point[line]).toFixed(1)}`)
      .join("");
  const end = points.at(-1);
  return (
    <figure class="chart">
      <figcaption>
        {title}
        <span class="legend">
          <span class="mark-1">
            {names[0]} {number(end?.[1])}
          </span>
          <span class="mark-2">
            {names[1]} {number(end?.[2])}
          </span>
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={t().curve(title, number(end?.[1]), number(end?.[2]))}
      >
        <path class="line-1" d={path(1)} />
        <path class="line-2" d={path(2)} />
      </svg>
      <div class="scale" aria-hidden="true">
        <span>{number(values.length > 0 ? min : undefined)}</span>
        <span>{number(values.length > 0 ? max : undefined)}</span>
      </div>
    </figure>
  );
}

export function Histogram({
  title,
  values: { min, max, counts },
}: {
  readonly title: string;
  readonly values: WatchedValues;
}) {
  const most = Math.max(1, ...counts);
  const bar = width / counts.length;
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={t().histogram(title, number(min), number(max))}
        preserveAspectRatio="none"
      >
        {counts.map((count, i) => {
          const size = (count / most) * height;
          return <rect key={i} x={i * bar + 0.5} y={height - size} width={bar - 1} height={size} />;
        })}
        {min < 0 && max > 0 && (
          <line x1={(-min / (max - min)) * width} x2={(-min / (max - min)) * width} y1="0" y2={height} />
        )}
      </svg>
      <div class="scale" aria-hidden="true">
        <span>{number(min)}</span>
        <span>{number(max)}</span>
      </div>
    </figure>
  );
}

interface BarsProps {
  readonly title: string;
  readonly values: readonly number[];
  readonly chosen: number;
  readonly dead: readonly number[];
  readonly choose: (index: number) => void;
}

/** The most channels that have a bar; the field beside the layer's name reaches all. */
const mostBars = 256;

/** One bar a channel; a click chooses it, and the arrow keys go on to the next. */
export function ChannelBars({ title, values, chosen, dead, choose }: BarsProps) {
  const shown = values.slice(0, mostBars);
  const most = Math.max(1e-12, ...shown.filter(Number.isFinite));
  const isDead = new Set(dead);
  const onKeyDown = ({ key }: KeyboardEvent) => {
    const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
    if (step !== 0) choose(Math.min(values.length - 1, Math.max(0, chosen + step)));
  };
  const onPointerDown = ({ currentTarget, clientX }: TargetedPointerEvent<HTMLDivElement>) => {
    const { left, width: wide } = currentTarget.getBoundingClientRect();
    choose(Math.min(shown.length - 1, Math.max(0, Math.floor(((clientX - left) / wide) * shown.length))));
  };
  return (
    <figure class="chart">
      <figcaption id="channel-bars">{title}</figcaption>
      <div
        class="bars"
        role="slider"
        tabIndex={0}
        aria-labelledby="channel-bars"
        aria-valuemin={0}
        aria-valuemax={values.length - 1}
        aria-valuenow={chosen}
        aria-valuetext={t().pickChannel(chosen, number(values[chosen]))}
        onKeyDown={onKeyDown}
        onPointerDown={onPointerDown}
      >
        {shown.map((value, i) => (
          <div
            key={i}
            class={`bar${i === chosen ? " chosen" : ""}${isDead.has(i) ? " dead" : ""}`}
            title={t().pickChannel(i, number(value))}
          >
            <div
              style={{
                height: `${Math.max(2, Math.min(100, ((Number.isFinite(value) ? value : most) / most) * 100))}%`,
              }}
            />
          </div>
        ))}
      </div>
    </figure>
  );
}

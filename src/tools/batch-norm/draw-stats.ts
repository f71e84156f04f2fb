import { formatNumber } from "../../util/number-format.js";
import { counted } from "../../util/words.js";
import { element, ink, svgFile, text, textWidth } from "../svg.js";
import type { BatchNormStats, ChannelValues } from "./layer-stats.js";

const colours = { bar: "#2563a8", warn: "#c2334d" } as const;
const margin = 28;
const rowHeight = 46;
const headTop = 84;
const nameWidth = 264;
const cellWidth = 168;
const barHeight = 22;

const columns = [
  { title: "mean", of: (layer: BatchNormStats) => layer.mean },
  { title: "variance (log)", of: (layer: BatchNormStats) => layer.variance },
  { title: "γ", of: (layer: BatchNormStats) => layer.gamma },
  { title: "β", of: (layer: BatchNormStats) => layer.beta },
  { title: "gain γ/σ", of: (layer: BatchNormStats) => layer.gain },
] as const;

/** An SVG file of a net's BatchNorm layers: one row per layer, with a histogram over its channels for each quantity. */
export function drawStats(title: string, layers: readonly BatchNormStats[]): string {
  const width = 2 * margin + nameWidth + columns.length * cellWidth;
  const flagged = layers.filter(({ dead, suspicious }) => dead.length + suspicious.length > 0).length;
  const note = flagged > 0 ? `, ${flagged} with dead or suspicious channels` : "";
  const count = `${counted(layers.length, "BatchNorm layer")}${note}; each histogram from its least value to its largest`;
  const body = [
    text(margin, 36, title, { "font-size": 17, "font-weight": 600, fill: ink.strong }),
    text(margin, 56, count, { "font-size": 12, fill: ink.soft }),
    ...columns.map(({ title: name }, i) =>
      text(cellLeft(i), headTop, name, { "font-size": 12, "font-weight": 600, fill: ink.strong }),
    ),
    ...layers.flatMap((layer, row) => drawRow(layer, headTop + 12 + row * rowHeight, width)),
  ];
  return svgFile(width, headTop + 12 + layers.length * rowHeight + margin, title, body);
}

function cellLeft(column: number): number {
  return margin + nameWidth + column * cellWidth;
}

function drawRow(layer: BatchNormStats, top: number, width: number): string[] {
  const { name, channels, reading, dead, suspicious } = layer;
  const isBad = ["empty", "left out", "invalid", "too large"].includes(reading.state);
  const flags = [...named("dead", dead.length), ...named("suspicious", suspicious.length)].join(", ");
  const small = { "font-size": 11, fill: ink.soft };
  return [
    element("path", { d: `M${margin} ${top}h${width - 2 * margin}`, stroke: ink.grid }),
    text(margin, top + 16, shortened(name, 13, nameWidth - 16), { "font-size": 13, fill: ink.strong }),
    text(margin, top + 29, shortened(`factor ${reading.text}`, 11, nameWidth - 16), {
      ...small,
      ...(isBad && { fill: colours.warn }),
    }),
    text(margin, top + 41, `${counted(channels, "channel")}${flags && ", "}`, small),
    ...(flags
      ? [
          text(margin + textWidth(`${counted(channels, "channel")}, `, 11), top + 41, flags, {
            ...small,
            fill: colours.warn,
          }),
        ]
      : []),
    ...columns.flatMap(({ of }, i) => {
      const values = of(layer);
      return values ? drawHistogram(values, cellLeft(i), top) : [];
    }),
  ];
}

function named(what: string, count: number): string[] {
  return count > 0 ? [`${count} ${what}`] : [];
}

function drawHistogram({ histogram, min, max }: ChannelValues, left: number, top: number): string[] {
  const plotWidth = cellWidth - 24;
  const barWidth = plotWidth / histogram.length;
  const most = Math.max(1, ...histogram);
  const ground = top + 6 + barHeight;
  // A bin with few values stays visible beside one with many.
  const bars = histogram.map((count, i) => {
    const height = Math.max(1.5, (count / most) * barHeight);
    const bar = { x: left + i * barWidth, y: ground - height, width: barWidth - 1, height, fill: colours.bar };
    return count === 0 ? "" : element("rect", bar);
  });
  const label = (x: number, value: number, anchor?: string) =>
    text(x, ground + 12, formatNumber(value, 3), { "font-size": 10.5, fill: ink.soft, "text-anchor": anchor });
  const ends =
    min === max
      ? [label(left + plotWidth / 2, min, "middle")]
      : [label(left, min), label(left + plotWidth, max, "end")];
  const line = element("path", { d: `M${left} ${ground}h${plotWidth}`, stroke: ink.grid });
  return [line, ...bars.filter(Boolean), ...ends];
}

/** Leaves out the middle of a name that is too wide: names of a net's layers differ at their ends. */
function shortened(name: string, size: number, width: number): string {
  if (textWidth(name, size) <= width) return name;
  let kept = name.length - 1;
  const cut = () => `${name.slice(0, Math.ceil(kept / 2))}…${name.slice(name.length - Math.floor(kept / 2))}`;
  while (kept > 2 && textWidth(cut(), size) > width) kept--;
  return cut();
}

import type { NetStats } from "../../api/stats.js";
import type { BatchNormStats, ChannelValues, FlaggedChannel } from "../../tools/batch-norm/layer-stats.js";
import { check } from "../../util/errors.js";
import { onOneLine } from "../../util/escape.js";
import { formatNumber } from "../../util/number-format.js";
import { counted } from "../../util/words.js";
import { colorsFor } from "../colors.js";
import { type Command, command, operand, option } from "../command.js";
import { json, phase, stateOptions } from "../options.js";
import { print, printJson, problems } from "../print.js";

/** `moka stats`: shows the stored statistics of the BatchNorm layers in a caffemodel. */
export const stats: Command = command(
  {
    paths: operand(
      "<files...>",
      "the net's prototxt, which may be left out, and its caffemodel (or several, with commas)",
    ),
    phase: phase("TEST"),
    json,
    svg: option("--svg <file>", "draw histograms of all layers"),
    ...stateOptions,
  },
  async ({ paths, json, svg, ...options }) => {
    const { stats } = await import("../../index.js");
    const { createFiles } = await import("#platform");
    check(paths.length <= 2, "MOKA_USAGE", "give a prototxt and a caffemodel: moka stats [MODEL] WEIGHTS");
    const [weights = "", model] = [paths.at(-1), paths.length > 1 ? paths[0] : undefined];
    const result = await stats(model, weights, { ...options, log: problems({ upgrades: false }) });
    if (svg !== undefined) {
      const { drawStats } = await import("../../tools/batch-norm/draw-stats.js");
      await createFiles().write(svg, new TextEncoder().encode(drawStats(result.name || weights, result.layers)));
    }
    if (json) printJson(result);
    else print(asText(onOneLine(result)));
    if (svg !== undefined && !json) print(`Wrote ${svg}\n`);
  },
  {
    usage: "[options] [MODEL] WEIGHTS",
    help:
      "Mean and variance are the blobs divided by the factor, as the layer uses them; raw values are those in the file." +
      "\nEach histogram goes from the least value to the largest; variances are on a logarithmic scale.",
  },
);

function asText({ name, layers, missing }: NetStats): string {
  const { yellow, bold } = colorsFor(process.stdout);
  const blocks = layers.map((layer) => blockOf(layer, bold, yellow));
  const absent = missing.length > 0 ? [yellow(`Not in the weights, so empty: ${missing.join(", ")}\n`)] : [];
  const flagged = layers.filter(({ dead, suspicious }) => dead.length + suspicious.length > 0).length;
  const total = `${counted(layers.length, "BatchNorm layer")}, ${flagged} with dead or suspicious channels\n`;
  return [`${name || "(no name)"}\n`, ...blocks, ...absent, total].join("\n");
}

/** Describes a layer in lines of at most 100 columns, unless its name is longer. */
function blockOf(layer: BatchNormStats, bold: (text: string) => string, warn: (text: string) => string): string {
  const { name, channels, scale, reading, dead, suspicious, useGlobalStats } = layer;
  const isOdd = reading.state !== "saturated" && reading.state !== "growing" && reading.state !== "converted";
  const fixed = useGlobalStats === undefined ? "" : `, use_global_stats: ${useGlobalStats}`;
  const head = `${bold(name)}  ${counted(channels, "channel")}, ${scale ? `Scale "${scale}"` : "no Scale"}${fixed}`;
  const factor = `  factor   ${isOdd ? warn(reading.text) : reading.text}`;
  const { rawMean, rawVariance } = layer;
  const raw = `raw: M ${range(rawMean)}, V ${range(rawVariance)}`;
  const rows = [
    [cell("mean", layer.mean), cell("γ", layer.gamma)],
    [cell("variance", layer.variance), cell("β", layer.beta)],
    [cell("γ/σ", layer.gain), raw],
  ];
  const other = layer.withFactor1;
  const flags = [
    ...(other
      ? [
          `  with a factor of 1: mean ${range(other.mean)}, variance ${range(other.variance)}, γ/σ ${range(other.gain)};`,
          "  `moka fix --weights` sets it",
        ]
      : []),
    ...(dead.length > 0 ? [warn(`  dead: ${listed(dead)}`)] : []),
    ...(suspicious.length > 0 ? [warn(`  suspicious: ${listed(suspicious)}`)] : []),
  ];
  const lines = rows.map(([left = "", right = ""]) => `  ${left.padEnd(50)}${right}`.trimEnd());
  return `${[head, factor, ...lines, ...flags].join("\n")}\n`;
}

function cell(label: string, values: ChannelValues | undefined): string {
  return values ? `${label.padEnd(9)}${range(values).padEnd(22)} ${sparkline(values.histogram)}` : "";
}

function range({ min, max }: ChannelValues): string {
  return `${formatNumber(min, 3)} … ${formatNumber(max, 3)}`;
}

const bars = ["▁", "▂", "▃", "▅", "▇"] as const;

/** One bar per bin. The lowest bar is an empty bin only. */
function sparkline(histogram: readonly number[]): string {
  const most = Math.max(1, ...histogram);
  const height = (count: number) => (count === 0 ? 0 : Math.max(1, Math.round((count / most) * (bars.length - 1))));
  return histogram.map((count) => bars[height(count)]).join("");
}

/** The first four channels with their reasons, and the number of others. */
function listed(flags: readonly FlaggedChannel[]): string {
  const most = 4;
  const shown = flags.slice(0, most).map(({ channel, reason }) => `channel ${channel} (${reason})`);
  return [...shown, ...(flags.length > most ? [`${flags.length - most} more`] : [])].join(", ");
}

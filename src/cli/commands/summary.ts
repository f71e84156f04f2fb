import type { LayerSummary, NetSummary } from "../../tools/summary.js";
import { onOneLine } from "../../util/escape.js";
import { colorsFor } from "../colors.js";
import { type Command, command, flag, option, repeated } from "../command.js";
import { addShape, json, model, phase, stateOptions } from "../options.js";
import { print, printJson, problems } from "../print.js";
import { rowLines, widthOf } from "../table.js";

/** The least width of the table, in columns of the terminal. */
const leastWidth = 100;

/** `moka summary`: shows shapes, parameters and costs of a net's layers. */
export const summary: Command = command(
  {
    model,
    phase: phase("TEST"),
    weights: option("--weights <files>", "caffemodels that are to fit, separated by commas"),
    shapes: repeated(
      "--shape <name=sizes>",
      "the shape of an input or of a data layer's top, as data=1,3,224,224",
      addShape,
      {},
    ),
    peaks: flag("--no-peaks", "leave out the peaks of memory, which take most of the time"),
    json,
    ...stateOptions,
  },
  async ({ model, json, ...options }) => {
    const { summarize } = await import("../../api/summary.js");
    const result = await summarize(model, { ...options, log: problems({ upgrades: false }) });
    if (json) printJson(result);
    else print(format(onOneLine(result), Math.max(leastWidth, process.stdout.columns ?? 0)));
  },
  {
    help:
      "Multiply-adds are those of convolutions, inner products and recurrent layers in one forward pass over the batch." +
      "\nMemory is that of the values of a layer's top blobs; gradients take as much again." +
      "\nPeaks count blobs, parameters and buffers of layers, without a solver's history. The peak of training is that" +
      "\nof the net of phase TRAIN, if its data exist. moka explain shows the steps that need the memory." +
      "\nLayers of unknown types, and what depends on them, are marked with ? and not counted; a warning names them.",
  },
);

const heads = ["Layer", "Type", "Bottoms", "Tops", "Shapes", "Params", "Mult-adds", "Memory"] as const;
/** The number of columns that hold names. Names may wrap. */
const named = 4;
/** Spaces between two columns. */
const gap = 2;
/** Stands for a top with the name of its layer, where the table is narrow. */
const asLayer = "·";

/** The cells of a row; each is a list of lines. */
type Row = readonly (readonly string[])[];

/** The table with its totals. Names are wrapped to make it at most `width` columns wide, if that is possible. */
function format(net: NetSummary, width: number): string {
  const { bold } = colorsFor(process.stdout);
  const { parameters, multiplyAdds, memory, partial } = net.totals;
  const counts = [short(parameters), short(multiplyAdds), bytes(memory)];
  const totals: Row = [["Total"], [], [], [], [], ...counts.map((count) => [partial ? `≥ ${count}` : count])];
  const budget = width - gap * (heads.length - 1);
  let rows = rowsOf(net, false);
  let widths = widthsOf([...rows, totals]);
  const isNarrow = sum(widths) > budget;
  if (isNarrow) {
    rows = rowsOf(net, true);
    widths = shrink(widthsOf([...rows, totals]), budget);
  }
  const lines = (row: Row, style?: (text: string) => string) => rowLines(row, { widths, gap, right: named + 1 }, style);
  const rule = "─".repeat(sum(widths) + gap * (heads.length - 1));
  const head = lines(
    heads.map((each) => [each]),
    bold,
  );
  const text = [...head, rule, ...rows.flatMap((row) => lines(row)), rule, ...lines(totals)];
  const legend = isNarrow ? [`${asLayer} a top that is named as its layer`] : [];
  return `${[...text, "", ...legend, ...footer(net)].join("\n")}\n`;
}

/** Split layers that the net inserts are left out. Their tops are shown under the name of their bottom. */
function rowsOf({ layers }: NetSummary, isShort: boolean): Row[] {
  const sources = new Map<string, string>();
  for (const { inserted, bottoms, tops } of layers) {
    if (inserted) for (const { name } of tops) sources.set(name, bottoms[0]?.name ?? name);
  }
  return layers.filter(({ inserted }) => !inserted).map((layer) => rowOf(layer, sources, isShort));
}

function rowOf(layer: LayerSummary, sources: ReadonlyMap<string, string>, isShort: boolean): Row {
  const { name, type, bottoms, tops, assumed, unknown, params, parameters, multiplyAdds, memory } = layer;
  const blank = unknown ? "?" : "";
  const topName = (top: string) => {
    if (bottoms.some((bottom) => bottom.name === top)) return "(in place)";
    return isShort && top === name ? asLayer : top;
  };
  const isShared = parameters === 0 && params.length > 0;
  return [
    [name],
    [type],
    bottoms.map((bottom) => sources.get(bottom.name) ?? bottom.name),
    tops.map((top) => topName(top.name)),
    tops.map(({ shape }) => (shape ? (assumed ? "≈ " : "") + (shape.join(" ") || "scalar") : "?")),
    [isShared ? "shared" : parameters === 0 ? blank : short(parameters)],
    [multiplyAdds === 0 ? blank : short(multiplyAdds)],
    [memory === 0 ? blank : bytes(memory)],
  ];
}

function footer({ totals, layers, peaks }: NetSummary): string[] {
  const { parameters, parameterMemory, multiplyAdds, memory, partial } = totals;
  const full = (value: number) => value.toLocaleString("en-US");
  const least = partial ? "at least " : "";
  const lines = [
    `${least}${full(parameters)} parameters (${bytes(parameterMemory)}), ${full(multiplyAdds)} multiply-adds a forward`,
    `${least}${bytes(memory)} for the values of the blobs, as much again for their gradients`,
  ];
  const written = layers.filter(({ inserted }) => !inserted);
  const unknown = written.filter((layer) => layer.unknown).length;
  if (partial) lines.push(`${unknown} of ${written.length} layers are not counted: what is marked with ? is not known`);
  for (const of of ["training", "inference"] as const) {
    const peak = peaks[of];
    if (!peak) continue;
    const share = Math.round((100 * peak.moka) / Math.max(1, peak.caffe));
    lines.push(`${bytes(peak.moka)} at the peak of ${of}, ${share} % of Caffe's ${bytes(peak.caffe)}`);
  }
  const asked = layers.filter(({ hasWeights }) => hasWeights !== undefined);
  const missing = asked.filter(({ hasWeights }) => !hasWeights).map(({ name }) => name);
  if (asked.length > 0) {
    const without = missing.length > 0 ? `; not in them: ${missing.join(", ")}` : "";
    lines.push(`the weights fit ${asked.length - missing.length} of ${asked.length} layers with parameters${without}`);
  }
  return lines;
}

function widthsOf(rows: readonly Row[]): number[] {
  return heads.map((head, i) =>
    rows.reduce((most, row) => Math.max(most, ...(row[i] ?? []).map(widthOf)), head.length),
  );
}

/** Narrows the widest column of names until all columns fit, or none of names is wider than 8. */
function shrink(widths: readonly number[], budget: number): number[] {
  const result = [...widths];
  while (sum(result) > budget) {
    const widest = Math.max(...result.slice(0, named));
    if (widest <= 8) break;
    result[result.lastIndexOf(widest, named - 1)] = widest - 1;
  }
  return result;
}

/** A count in three digits: `9.47 k`, `1.39 G`. */
function short(value: number): string {
  const units = ["", " k", " M", " G", " T"];
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${unit === 0 ? scaled : scaled.toPrecision(3)}${units[unit]}`;
}

function bytes(value: number): string {
  const text = short(value);
  return text.includes(" ") ? `${text}B` : `${text} B`;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

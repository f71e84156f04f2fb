import type { LayerSummary, NetSummary } from "../../tools/summary.js";
import type { Shape } from "../../util/shape.js";
import { colorsFor } from "../colors.js";
import type { Command } from "../command.js";
import { addShape, addStateOptions, type CommonOptions } from "../options.js";

interface SummaryOptions extends Pick<CommonOptions, "level" | "stage"> {
  readonly phase: string;
  readonly weights?: string;
  readonly shape: Readonly<Record<string, Shape>>;
  readonly json?: boolean;
}

/** The table is made for a terminal of so many columns; a wider one is used where it helps. */
const leastWidth = 100;

/** `moka summary`: shapes, parameters and costs of a net's layers. */
export const summary: Command = {
  define(command) {
    command
      .argument("<model>", "the net's prototxt")
      .option("--phase <phase>", "TRAIN or TEST", "TEST")
      .option("--weights <files>", "caffemodels that are to fit, separated by commas")
      .option(
        "--shape <name=sizes>",
        "the shape of an input or of a data layer's top, as data=1,3,224,224",
        addShape,
        {},
      )
      .option("--json", "print all of it as JSON")
      .addHelpText(
        "after",
        "\nMultiply-adds are those of one forward over the whole batch, of convolutions, inner products and recurrent" +
          "\nlayers. Memory is that of the values of the blobs a layer makes; gradients take as much again." +
          "\nPeaks count blobs, parameters and what layers keep, without a solver's history; that of training is of" +
          "\nthe net as phase TRAIN has it, if its data are there. moka explain says how it comes about.",
      );
    addStateOptions(command);
  },

  async run([model = ""], options) {
    const { phase, weights, shape: shapes, json, level, stage: stages } = options as unknown as SummaryOptions;
    const { MokaError, summarize } = await import("../../index.js");
    const { createFiles } = await import("#platform");
    const { netFrom, readText } = await import("../../api/read-text.js");
    if (phase !== "TRAIN" && phase !== "TEST") {
      throw new MokaError("MOKA_USAGE", `phase must be "TRAIN" or "TEST", not "${phase}"`);
    }
    const log = (severity: string, origin: string, message: string) => {
      const isOfAge = origin.startsWith("upgrade_proto"); // that a net is old is no matter here
      if (severity !== "info" && !isOfAge) process.stderr.write(`${severity}: ${message}\n`);
    };
    const files = createFiles();
    const net = netFrom(await readText(model, files), log);
    const result = await summarize(net, { phase, level, stages, shapes, weights, files, log });
    if (json) {
      process.stdout.write(`${JSON.stringify(result)}\n`);
    } else {
      const width = Math.max(leastWidth, process.stdout.columns ?? 0);
      process.stdout.write(await format(result, width));
    }
    return 0;
  },
};

const heads = ["Layer", "Type", "Bottoms", "Tops", "Shapes", "Params", "Mult-adds", "Memory"] as const;
/** The columns that hold names, and may wrap. */
const named = 4;
/** Spaces between columns. */
const gap = 2;
/** What stands for names that are there already, where there is no room to write them again. */
const asLayer = "·";

/** A row's cells, of one line or more each. */
type Row = readonly (readonly string[])[];

/** The table with its totals, no wider than `width` where names can be wrapped so far. */
async function format(net: NetSummary, width: number): Promise<string> {
  const { default: Table } = await import("cli-table3");
  const { bold } = colorsFor(process.stdout);
  const { parameters, multiplyAdds, memory } = net.totals;
  const totals: Row = [["Total"], [], [], [], [], [short(parameters)], [short(multiplyAdds)], [bytes(memory)]];
  const budget = width - gap * (heads.length - 1);
  let rows = rowsOf(net, false);
  let widths = widthsOf([...rows, totals]);
  const isNarrow = sum(widths) > budget;
  if (isNarrow) {
    rows = rowsOf(net, true);
    widths = shrink(widthsOf([...rows, totals]), budget);
  }
  const noEdge = { top: "", "top-mid": "", "top-left": "", "top-right": "", left: "", "left-mid": "" };
  const table = new Table({
    head: heads.map((head) => bold(head)),
    colAligns: heads.map((_, i) => (i <= named ? "left" : "right")),
    chars: {
      ...noEdge,
      ...{ bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "", right: "", "right-mid": "" },
      ...{ middle: " ".repeat(gap), mid: "─", "mid-mid": "─".repeat(gap) },
    },
    style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 0 },
  });
  for (const row of [...rows, totals]) {
    const cells = row.map((lines, i) => (i < named ? lines.flatMap((line) => wrap(line, widths[i] ?? 1)) : lines));
    table.push(cells.map((lines) => lines.join("\n")));
  }
  const lines = table.toString().split("\n");
  const rule = lines[1] ?? "";
  const text = [...lines.slice(0, -1), rule, ...lines.slice(-1)].map((line) => line.trimEnd());
  const legend = isNarrow ? [`${asLayer} a top that is named as its layer`] : [];
  return `${[...text, "", ...legend, ...footer(net)].join("\n")}\n`;
}

/** The Splits a net makes itself are left out: what they hand on is shown by its own name. */
function rowsOf({ layers }: NetSummary, isShort: boolean): Row[] {
  const sources = new Map<string, string>();
  for (const { inserted, bottoms, tops } of layers) {
    if (inserted) for (const { name } of tops) sources.set(name, bottoms[0]?.name ?? name);
  }
  return layers.filter(({ inserted }) => !inserted).map((layer) => rowOf(layer, sources, isShort));
}

function rowOf(layer: LayerSummary, sources: ReadonlyMap<string, string>, isShort: boolean): Row {
  const { name, type, bottoms, tops, assumed, params, parameters, multiplyAdds, memory } = layer;
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
    tops.map(({ shape }) => (assumed ? "≈ " : "") + (shape.join(" ") || "scalar")),
    [isShared ? "shared" : blankZero(parameters, short)],
    [blankZero(multiplyAdds, short)],
    [blankZero(memory, bytes)],
  ];
}

function footer({ totals, layers, peaks }: NetSummary): string[] {
  const { parameters, parameterMemory, multiplyAdds, memory } = totals;
  const full = (value: number) => value.toLocaleString("en-US");
  const lines = [
    `${full(parameters)} parameters (${bytes(parameterMemory)}), ${full(multiplyAdds)} multiply-adds a forward`,
    `${bytes(memory)} for the values of the blobs, as much again for their gradients`,
  ];
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
    Math.max(head.length, ...rows.flatMap((row) => (row[i] ?? []).map(({ length }) => length))),
  );
}

/** Takes from the widest of the columns of names until all fit, or none is wide. */
function shrink(widths: readonly number[], budget: number): number[] {
  const result = [...widths];
  while (sum(result) > budget) {
    const widest = Math.max(...result.slice(0, named));
    if (widest <= 8) break;
    result[result.lastIndexOf(widest, named - 1)] = widest - 1;
  }
  return result;
}

/** Lines of at most `width` characters, broken behind a separator where there is one. */
function wrap(name: string, width: number): string[] {
  if (name.length <= width) return [name];
  const head = name.slice(0, width);
  const end = head.search(/[/_.-][^/_.-]*$/) + 1 || width;
  return [name.slice(0, end), ...wrap(name.slice(end), width)];
}

/** In three digits: `9.47 k`, `1.39 G`. */
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

function blankZero(value: number, shown: (value: number) => string): string {
  return value === 0 ? "" : shown(value);
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

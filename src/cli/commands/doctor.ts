import type { DoctorReport } from "../../api/doctor.js";
import type { Cause, Verdict } from "../../tools/doctor/cause.js";
import { onOneLine } from "../../util/escape.js";
import { formatNumber } from "../../util/number-format.js";
import { counted, listed, wrapped } from "../../util/words.js";
import { batchOptions, batchParameters } from "../batches.js";
import { colorsFor } from "../colors.js";
import { type Command, command } from "../command.js";
import { knownRanksOptions } from "../options.js";
import { print, printJson } from "../print.js";
import { widthOf } from "../table.js";

/** `moka doctor`: finds out why a net with BatchNorm tests worse than it trains. */
export const doctor: Command = command(
  { ...batchParameters(10, "TEST"), ...knownRanksOptions },
  async ({ model, weights, json, ranks, syncBatchNorm, ...rest }) => {
    const { doctor: examine } = await import("../../index.js");
    const report = await examine(model, weights, { ...batchOptions(rest), ranks, syncBatchNorm });
    if (json) printJson(report);
    else print(asText(onOneLine(report)));
    return isFine(report) ? 0 : 1;
  },
  {
    help:
      "Runs the same batches with batch statistics and with the averages, in phase TEST, and TRAIN's data beside them. Where the" +
      "\naverages do not fit, it tries changes of the net, the averages and the data. It changes no file. Exits with 0 only" +
      "\nwhere nothing is wrong; with 1 too where it cannot tell.",
  },
);

function isFine({ verdict, bad }: DoctorReport): boolean {
  return verdict === "well" && !bad.global && !bad.batch;
}

/** The number of layers that are listed, the worst first. --json has all. */
const mostRows = 20;

function asText(report: DoctorReport): string {
  const { bold, yellow, green } = colorsFor(process.stdout);
  const { name, phase, batches, batchSize, layers, causes, gapStartsAt, bad, engine, notes, tried } = report;
  const start = layers.find((layer) => layer.name === gapStartsAt);
  const isWell = isFine(report);
  const anyShown = causes.some(({ shown }) => shown);
  const sections = [
    [
      `${bold(name || "(no name)")}: ${counted(batches, "batch", "batches")} of ${batchSize}, data of ${phase}, ${engine}`,
    ],
    scoreLines(report),
    layerLines(report),
    start && !isWell
      ? [
          `The gap starts at ${bold(start.name)}: what comes in differs by ${percent(start.inputError)}, what goes out by ` +
            `${percent(start.outputError)}.`,
        ]
      : [],
    (["global", "batch"] as const).flatMap((kind) => {
      const first = bad[kind];
      const using = kind === "global" ? "With the averages" : "With batch statistics";
      if (!first) return [];
      return [
        yellow(
          `${using} the first bad output is that of ${first.layer} (${first.type}), in batch ${first.batch}: ${first.text}.`,
        ),
      ];
    }),
    tried.length > 0 ? ["Tried:", ...tried.flatMap((line) => item("  - ", line))] : [],
    [isWell ? green(allClear(report)) : yellow(verdictText(report.verdict, anyShown))],
    ...causes.map((cause, index) => causeLines(cause, headOf(cause, index, anyShown), yellow)),
    notes.flatMap((note) => item("Note: ", `${note}.`)),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

const verdicts: Readonly<Record<Verdict, string>> = {
  well: "The averages are in order, but an output is bad.",
  "batch-norm": "BatchNorm is the cause.",
  elsewhere: "BatchNorm is not the cause.",
  "cannot-tell": "It cannot be told from these data whether BatchNorm is the cause.",
};

function verdictText(verdict: Verdict, anyShown: boolean): string {
  const isShown = anyShown || verdict !== "batch-norm";
  return isShown ? verdicts[verdict] : "BatchNorm may be the cause; no experiment has shown which of these it is.";
}

function headOf(cause: Cause, index: number, anyShown: boolean): string {
  if (cause.shown) return index === 0 ? "Cause" : "Also";
  return anyShown ? "Possible beside it" : "Possible";
}

function allClear({ layers, global, training }: DoctorReport): string {
  if (layers.length === 0) return "Nothing is wrong.";
  const isScored = Object.keys(global.outputs).length > 0;
  const data = training ? "the data and those of training" : "the data";
  return isScored
    ? "Nothing is wrong: with the averages the net does as well as with batch statistics."
    : `Nothing is wrong with BatchNorm: the averages fit ${data}. Without labels nothing is known of what the net scores.`;
}

function scoreLines({ batch, global, training }: DoctorReport): string[] {
  const names = Object.keys(global.outputs);
  if (names.length === 0) return [];
  const cells = (label: string, sides: readonly [DoctorReport["batch"], DoctorReport["batch"]], name: string) => [
    label,
    ...sides.map(({ outputs }) => cell(outputs[name])),
  ];
  const rows = names.flatMap((name) => [
    cells(name, [batch, global], name),
    ...(training?.global.outputs[name] !== undefined
      ? [cells("  on the data of TRAIN", [training.batch, training.global], name)]
      : []),
  ]);
  return table([["", "batch statistics", "averages"], ...rows]);
}

function layerLines({ layers, ranking }: DoctorReport): string[] {
  if (layers.length === 0) return ["The net has no BatchNorm layers."];
  const rows = ranking.slice(0, mostRows).flatMap((name) => {
    const layer = layers.find((each) => each.name === name);
    if (!layer) return [];
    const { inputError, outputError, divergence, noise, reading } = layer;
    return [[name, percent(inputError), percent(outputError), cell(divergence), cell(noise), reading.text]];
  });
  const more = ranking.length > mostRows ? [`… and ${ranking.length - mostRows} more`] : [];
  return [
    ...table([["BatchNorm, worst first", "input ±", "output ±", "KL, nats", "noise, σ", "factor"], ...rows], 5),
    ...more,
  ];
}

/** Lines of columns: the first at the left, the others at the right up to `left`, from which on they are at the left again. */
function table(rows: readonly (readonly string[])[], left = Number.POSITIVE_INFINITY): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ""))));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const blanks = " ".repeat((widths[column] ?? 0) - widthOf(cell));
        return column === 0 || column >= left ? cell + blanks : blanks + cell;
      })
      .join("  ")
      .trimEnd(),
  );
}

function causeLines(
  { title, layers, evidence, against, remedy }: Cause,
  head: string,
  warn: (text: string) => string,
): string[] {
  return [
    ...wrapped(`${head}: ${title}.`, width).map(warn),
    ...(layers.length > 0 ? [`  layers: ${listed(layers, 6)}`] : []),
    ...evidence.flatMap((line) => item("  + ", line)),
    ...against.flatMap((line) => item("  - ", line)),
    ...item("  Remedy: ", remedy),
  ];
}

/** The most characters of a line of text. */
const width = 110;

/** A text behind its mark, in lines of at most `width` characters; those after the first begin below the text. */
function item(mark: string, text: string): string[] {
  return wrapped(text, width - mark.length).map((line, index) => (index === 0 ? mark : " ".repeat(mark.length)) + line);
}

function cell(value: number | undefined): string {
  return value === undefined ? "" : formatNumber(value, 4);
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${formatNumber(100 * share, 3)} %` : formatNumber(share);
}

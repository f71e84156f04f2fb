import type { DoctorReport } from "../../api/doctor.js";
import type { Cause } from "../../tools/batch-norm/causes.js";
import { onOneLine } from "../../util/escape.js";
import { formatNumber } from "../../util/number-format.js";
import { listed } from "../../util/words.js";
import { batchOptions, batchParameters } from "../batches.js";
import { colorsFor } from "../colors.js";
import { type Command, command } from "../command.js";
import { print, printJson } from "../print.js";

/** `moka doctor`: finds out why a net with BatchNorm tests worse than it trains. */
export const doctor: Command = command(
  batchParameters(10, "TEST"),
  async ({ model, weights, json, ...rest }) => {
    const { doctor: examine } = await import("../../index.js");
    const report = await examine(model, weights, batchOptions(rest));
    if (json) printJson(report);
    else print(asText(onOneLine(report)));
    return report.causes.length > 0 || report.bad.global || report.bad.batch ? 1 : 0;
  },
  {
    help:
      "Runs the same batches with batch statistics and with the averages, in phase TEST, and changes no file. Exits with 1" +
      "\nwhere something is wrong.",
  },
);

/** The number of layers that are listed, the worst first. --json has all. */
const mostRows = 20;

function asText(report: DoctorReport): string {
  const { bold, yellow, green } = colorsFor(process.stdout);
  const { name, phase, batches, batchSize, layers, causes, gapStartsAt, bad, engine } = report;
  const isWell = causes.length === 0 && !bad.global && !bad.batch;
  const start = layers.find((layer) => layer.name === gapStartsAt);
  const sections = [
    [`${bold(name || "(no name)")}: ${batches} batches of ${batchSize}, data of ${phase}, ${engine}`],
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
    ...causes.map((cause, index) => causeLines(cause, index === 0 ? "Likely cause" : "Also", yellow)),
    isWell ? [green(allClear(report))] : [],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function allClear({ layers, global }: DoctorReport): string {
  if (layers.length === 0) return "Nothing is wrong.";
  const isScored = Object.keys(global.outputs).length > 0;
  return isScored
    ? "Nothing is wrong: with the averages the net does as well as with batch statistics."
    : "Nothing is wrong: the averages fit the data.";
}

function scoreLines({ batch, global }: DoctorReport): string[] {
  const names = Object.keys(global.outputs);
  if (names.length === 0) return [];
  const row = (label: string, first: string, second: string) =>
    `${label.padEnd(24)}${first.padStart(18)}${second.padStart(18)}`;
  const rows = names.map((name) => row(name, shown(batch.outputs[name]), shown(global.outputs[name])));
  return [row("", "batch statistics", "averages"), ...rows];
}

function layerLines({ layers, ranking }: DoctorReport): string[] {
  if (layers.length === 0) return ["The net has no BatchNorm layers."];
  const row = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(28) : i === cells.length - 1 ? `  ${cell}` : cell.padStart(10)))
      .join("");
  const rows = ranking.slice(0, mostRows).flatMap((name) => {
    const layer = layers.find((each) => each.name === name);
    if (!layer) return [];
    const { inputError, outputError, divergence, noise, reading } = layer;
    return [row([name, percent(inputError), percent(outputError), shown(divergence), shown(noise), reading.text])];
  });
  const more = ranking.length > mostRows ? [`… and ${ranking.length - mostRows} more`] : [];
  const head = row(["BatchNorm, worst first", "input ±", "output ±", "KL, nats", "noise, σ", "factor"]);
  return [head, ...rows, ...more];
}

function causeLines(
  { title, layers, evidence, remedy }: Cause,
  head: string,
  warn: (text: string) => string,
): string[] {
  return [
    warn(`${head}: ${title}.`),
    `  layers: ${listed(layers, 6)}`,
    ...evidence.map((line) => `  - ${line}`),
    `  Remedy: ${remedy}`,
  ];
}

function shown(value: number | undefined): string {
  return value === undefined ? "" : formatNumber(value, 4);
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${formatNumber(100 * share, 3)} %` : formatNumber(share);
}

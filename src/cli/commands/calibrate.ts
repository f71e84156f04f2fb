import type { CalibrateReport } from "../../api/calibrate.js";
import { onOneLine } from "../../util/escape.js";
import { formatNumber } from "../../util/number-format.js";
import { batchOptions, batchParameters } from "../batches.js";
import { colorsFor } from "../colors.js";
import { type Command, command, option, required } from "../command.js";
import { oneOf } from "../options.js";
import { print, printJson } from "../print.js";

/** `moka calibrate`: computes new averages for BatchNorm layers. */
export const calibrate: Command = command(
  {
    ...batchParameters(50, "TRAIN where it has data layers, else TEST"),
    output: required("-o, --output <file>", "the caffemodel (or .caffemodel.h5) to write"),
    method: option(
      "--method <method>",
      "pooled: exact, over all values; moving: Caffe's moving average, started from zero",
      oneOf("pooled", "moving"),
      "pooled",
    ),
  },
  async ({ model, weights, json, method, output, ...rest }) => {
    const { calibrate: measure } = await import("../../index.js");
    const report = await measure(model, weights, { ...batchOptions(rest), method, output });
    if (json) printJson(report);
    else print(asText(onOneLine(report)));
  },
);

function asText(report: CalibrateReport): string {
  const { bold } = colorsFor(process.stdout);
  const { name, method, phase, batches, layers, before, after, scoredOn, output } = report;
  const row = (cells: readonly string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(32) : cell.padStart(18))).join("");
  const moves = layers.map(({ name, meanShift, varianceRatio: { min, max } }) =>
    row([name, `${formatNumber(meanShift, 3)} σ`, `× ${formatNumber(min, 3)} … ${formatNumber(max, 3)}`]),
  );
  const scores = Object.keys(after.outputs).map((output) =>
    row([output, ...[before, after].map(({ outputs }) => formatNumber(outputs[output] ?? Number.NaN))]),
  );
  return [
    `${bold(name || "(no name)")}: statistics of ${batches} batches, data of ${phase}, ${method}`,
    "",
    row(["BatchNorm", "mean moved by", "variance"]),
    ...moves,
    ...(scores.length > 0 ? ["", row([`with the averages, on ${scoredOn}`, "before", "after"]), ...scores] : []),
    "",
    `Wrote ${output}`,
    "",
  ].join("\n");
}

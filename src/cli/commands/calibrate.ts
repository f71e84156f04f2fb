import { Option } from "commander";
import type { CalibrateReport } from "../../api/calibrate.js";
import { formatNumber } from "../../util/number-format.js";
import { addBatchOptions, type BatchFlags, batchOptions } from "../batches.js";
import { colorsFor } from "../colors.js";
import type { Command } from "../command.js";

interface CalibrateFlags extends BatchFlags {
  readonly method: "pooled" | "moving";
  readonly output: string;
}

/** `moka calibrate`: new averages for BatchNorm layers. */
export const calibrate: Command = {
  define(command) {
    addBatchOptions(command, 50, "TRAIN where it has data layers, else TEST");
    command
      .requiredOption("-o, --output <file>", "the caffemodel (or .caffemodel.h5) to write")
      .addOption(
        new Option(
          "--method <method>",
          "pooled: exact, over all values; moving: as Caffe's moving average, from nothing",
        )
          .choices(["pooled", "moving"])
          .default("pooled"),
      );
  },

  async run([model = "", weights = ""], options) {
    const flags = options as unknown as CalibrateFlags;
    const { calibrate: measure } = await import("../../index.js");
    const { method, output } = flags;
    const report = await measure(model, weights, { ...(await batchOptions(flags)), method, output });
    process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : asText(report));
    return 0;
  },
};

function asText(report: CalibrateReport): string {
  const { bold } = colorsFor(process.stdout);
  const { name, method, phase, batches, layers, before, after, scoredOn, output } = report;
  const row = (cells: readonly string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(32) : cell.padStart(18))).join("");
  const moves = layers.map(({ name, meanShift, varianceRatio: { min, max } }) =>
    row([name, `${formatNumber(meanShift, 3)} σ`, `× ${formatNumber(min, 3)} … ${formatNumber(max, 3)}`]),
  );
  const scores = Object.keys(after.outputs).map((output) =>
    row([
      output,
      formatNumber(before.outputs[output] ?? Number.NaN),
      formatNumber(after.outputs[output] ?? Number.NaN),
    ]),
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

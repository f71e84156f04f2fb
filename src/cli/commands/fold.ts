import type { FoldProof, FoldResult } from "../../index.js";
import { weightPaths } from "../../proto/weight-sources.js";
import { oneLine, onOneLine } from "../../util/escape.js";
import { formatNumber } from "../../util/number-format.js";
import { checkOutput } from "../check-output.js";
import { colorsFor } from "../colors.js";
import { type Command, command, option, repeated } from "../command.js";
import { addNamed, addShape, integer, json, model, positive, runOptions, stateOptions, weights } from "../options.js";
import { print, printJson, problems } from "../print.js";

/** `moka fold`: folds BatchNorm, Scale and Bias layers into the weights of other layers, for inference. */
export const fold: Command = command(
  {
    model,
    weights,
    output: option("-o, --output <name>", "write <name>.prototxt and <name>.caffemodel"),
    shapes: repeated(
      "--shape <name=sizes>",
      "the shape of an input, or of a data layer's top: data=1,3,224,224",
      addShape,
      {},
    ),
    inputs: repeated(
      "--input <name=file>",
      "values of an input for the proof, .npy or .json; others are random",
      addNamed("a name and a file, as data=x.npy"),
      {},
    ),
    tolerance: option(
      "--tolerance <part>",
      "largest error of an output, relative to its largest value",
      positive,
      1e-4,
    ),
    seed: option("--seed <n>", "of the random inputs", integer(0), 1),
    json,
    ...runOptions,
    ...stateOptions,
  },
  async ({ model, weights, output, inputs: files, json, ...rest }) => {
    const { fold: foldNet } = await import("../../index.js");
    if (output !== undefined) {
      const written = [`${output}.prototxt`, `${output}.caffemodel`];
      await checkOutput(output, written, [model, ...weightPaths(weights)], "folded");
    }
    const { readArrays } = await import("../arrays.js");
    const inputs = await readArrays(files);
    const options = { ...rest, inputs, output, log: problems({ upgrades: false }) };
    const result = await foldNet(model, weights, options);
    if (json) printJson(asJson(result));
    else print(asText(onOneLine(result), output !== undefined));
    return result.proof.ran && !result.proof.passed ? 1 : 0;
  },
  {
    help:
      "Folds the net of phase TEST, runs it beside the original, and writes it if their outputs agree. Without -o nothing" +
      "\nis written. Exit code 1: an output is beyond the tolerance, and nothing was written.",
  },
);

function asJson({ net, folded, kept, targets, before, after, proof, written }: FoldResult) {
  const plain = targets.map(({ bound: { slope, constant }, ...target }) => {
    return { ...target, bound: { slope: [...slope], constant: [...constant] } };
  });
  return { name: net.name, folded, kept, targets: plain, before, after, proof, written };
}

function asText(result: FoldResult, hasOutput: boolean): string {
  const { bold, yellow } = colorsFor(process.stdout);
  const { net, folded, kept, before, after, proof, written } = result;
  const total = folded.length + kept.length;
  const lines = [
    `${oneLine(net.name) || "(no name)"}: ${folded.length} of ${total} BatchNorm, Scale and Bias layers folded`,
  ];
  if (folded.length > 0) lines.push("", ...tableOf(result, bold));
  if (kept.length > 0) lines.push("", bold("Kept"));
  for (const { layer, type, reason } of kept) lines.push(`  ${yellow(layer)} (${type}): ${reason}`);
  const count = (value: number) => value.toLocaleString("en-US");
  const size = ({ parameters }: { readonly parameters: number }) =>
    `${count(parameters)} parameters (${formatNumber((4 * parameters) / 1e6, 3)} MB)`;
  lines.push("", `${count(before.layers)} layers, ${size(before)} → ${count(after.layers)} layers, ${size(after)}`);
  lines.push("", ...proofLines(proof));
  if (written.length > 0) lines.push("", `Wrote ${written.join(" and ")}`);
  else lines.push("", hasOutput ? "Nothing written" : "Nothing written: give -o NAME");
  return `${lines.join("\n")}\n`;
}

/** One row per layer that others were folded into: the measured error of its outputs, and the bound of that error. */
function tableOf({ folded, targets, proof }: FoldResult, bold: (text: string) => string): string[] {
  const compared = proof.ran ? new Map(proof.layers.map((each) => [each.layer, each])) : undefined;
  const head = compared
    ? ["Layer", "Error", "Channel", "Its bound", "Used", "Takes over"]
    : ["Layer", "Bound for inputs to 1", "Channel", "Takes over"];
  const rows = targets.map(({ layer, bound: { slope, constant } }) => {
    const taken = folded.filter(({ into }) => into.includes(layer)).map((each) => each.layer);
    const run = compared?.get(layer);
    if (run) {
      const used = `${formatNumber(100 * run.share, 2)} %`;
      const figures = [formatNumber(run.error, 3), String(run.channel), formatNumber(run.bound, 3), used];
      return [layer, ...figures, taken.join(", ")];
    }
    const sums = Array.from(slope, (value, channel) => value + (constant[channel] ?? 0));
    const largest = Math.max(...sums);
    return [layer, formatNumber(largest, 3), String(sums.indexOf(largest)), taken.join(", ")];
  });
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) => {
    const last = row.length - 1;
    const cells = row.map((cell, i) =>
      i === 0 || i === last ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
    );
    return cells.join("  ").trimEnd();
  };
  return [bold(line(head)), ...rows.map(line)];
}

function proofLines(proof: FoldProof): string[] {
  const { green, red, yellow } = colorsFor(process.stdout);
  if (!proof.ran) return [yellow(`Not proven by running: ${proof.reason}`)];
  const { tolerance, outputs, inputs } = proof;
  const given = Object.entries(inputs).map(([name, kind]) => `${name} ${kind}`);
  return [
    `Both nets on the same inputs (${given.join(", ") || "none"}), tolerance ${formatNumber(tolerance)}`,
    ...outputs.map(({ name, shape, error, relativeError }) => {
      const fits = relativeError <= tolerance;
      const sizes = shape.join("×") || "scalar";
      const figures = `largest error ${formatNumber(error, 3)}, relative ${formatNumber(relativeError, 3)}`;
      return `  ${fits ? green("equal") : red("DIFFERS")}  ${name} ${sizes}: ${figures}`;
    }),
  ];
}

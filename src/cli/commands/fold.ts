import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import type { FoldProof, FoldResult } from "../../index.js";
import { MokaError } from "../../util/errors.js";
import { formatNumber } from "../../util/number-format.js";
import type { Shape } from "../../util/shape.js";
import { weightPaths } from "../../util/weight-paths.js";
import { colorsFor } from "../colors.js";
import type { Command } from "../command.js";
import { addRunOptions, addShape, addStateOptions, type CommonOptions, integer } from "../options.js";

interface FoldCommandOptions extends CommonOptions {
  readonly output?: string;
  readonly shape: Readonly<Record<string, Shape>>;
  readonly input: readonly string[];
  readonly tolerance: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** `moka fold`: a net for inference without the BatchNorm, Scale and Bias layers that others can compute. */
export const fold: Command = {
  define(command) {
    command
      .argument("<model>", "the net's prototxt")
      .argument("<weights>", "its caffemodel, or several separated by commas")
      .option("-o, --output <name>", "write <name>.prototxt and <name>.caffemodel")
      .option("--shape <name=sizes>", "the shape of an input, or of a data layer's top: data=1,3,224,224", addShape, {})
      .option(
        "--input <name=file>",
        "values of an input for the proof, .npy or .json; others are random",
        (value: string, before: readonly string[]) => [...before, value],
        [],
      )
      .option("--tolerance <part>", "how far outputs may be off, in parts of their largest value", positive, 1e-4)
      .option("--seed <n>", "of the random inputs", integer(0), 1)
      .option("--json", "print all of it as JSON")
      .addHelpText(
        "after",
        "\nThe net of phase TEST is folded, run beside the one as it was, and written if their outputs agree. Without -o" +
          "\nnothing is written. Exit code 1: an output is beyond the tolerance, and nothing was written.",
      );
    addRunOptions(command);
    addStateOptions(command);
  },

  async run([model = "", weights = ""], options) {
    const { output, shape: shapes, input, json, ...given } = options as unknown as FoldCommandOptions;
    const { fold: foldNet } = await import("../../index.js");
    const { tolerance, seed, engine, threads, level, stage: stages } = given;
    if (output !== undefined) await checkOutput(output, [model, ...weightPaths(weights)]);
    const inputs = await readInputs(input);
    const log = (severity: string, origin: string, message: string) => {
      const isOfAge = origin.startsWith("upgrade_proto"); // that a net is old is no matter here
      if (severity !== "info" && !isOfAge) process.stderr.write(`${severity}: ${message}\n`);
    };
    const common = { tolerance, seed, engine, threads, level, stages, log };
    const result = await foldNet(model, weights, { ...common, shapes, inputs, output });
    process.stdout.write(json ? `${JSON.stringify(asJson(result))}\n` : asText(result, output !== undefined));
    return result.proof.ran && !result.proof.passed ? 1 : 0;
  },
};

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("It must be a number greater than 0.");
  return value;
}

async function readInputs(inputs: readonly string[]) {
  const { readArray } = await import("../arrays.js");
  const arrays: Record<string, Awaited<ReturnType<typeof readArray>>> = {};
  for (const input of inputs) {
    const [, name, file] = /^([^=]+)=(.+)$/.exec(input) ?? [];
    if (name === undefined || file === undefined) {
      throw new MokaError("MOKA_USAGE", `--input ${input}: give name=file.npy`);
    }
    arrays[name] = await readArray(file);
  }
  return arrays;
}

/** What is folded must not take the place of what it is made from. */
async function checkOutput(output: string, inputs: readonly string[]): Promise<void> {
  const whole = async (path: string) => realpath(path).catch(() => resolve(path));
  const taken = await Promise.all(inputs.map(whole));
  for (const path of [`${output}.prototxt`, `${output}.caffemodel`]) {
    if (!taken.includes(await whole(path))) continue;
    throw new MokaError("MOKA_USAGE", `-o ${output} would overwrite ${path}, which is folded; give another name`);
  }
}

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
  const lines = [`${net.name || "(no name)"}: ${folded.length} of ${total} BatchNorm, Scale and Bias layers folded`];
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

/** Each layer that took others over: how its outputs differ where they ran, and how they may at most. */
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
    const cells = row.map((cell, i) => {
      if (i === last) return cell;
      return i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0);
    });
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

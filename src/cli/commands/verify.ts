import type { VerifyOnnxReport } from "../../index.js";
import { onOneLine } from "../../util/escape.js";
import { colorsFor } from "../colors.js";
import { type Command, command, operand, option, repeated } from "../command.js";
import { comparisonLines, noteLines } from "../onnx-report.js";
import { addNamed, json, runOptions, someWeights } from "../options.js";
import { print, printJson, problems } from "../print.js";

const { dialect: _, ...engineOptions } = runOptions;

/** `moka verify`: checks the certificate of an ONNX model again. */
export const verify: Command = command(
  {
    onnx: operand("<onnx>", "the ONNX model"),
    certificate: operand("[certificate]", "its certificate; default: <onnx>.certificate.json"),
    model: option("--model <file>", "the net's prototxt, where it is not where the certificate says"),
    weights: someWeights,
    inputs: repeated(
      "--input <name=file>",
      "values of an input, where they are not where the certificate says",
      addNamed("a name and a file, as data=x.npy"),
      {},
    ),
    json,
    ...engineOptions,
  },
  async ({ onnx, json, ...options }) => {
    const { verifyOnnx } = await import("../../index.js");
    const report = await verifyOnnx(onnx, { ...options, log: problems({ upgrades: false }) });
    if (json) printJson(report);
    else print(asText(onOneLine(report)));
    return report.passed ? 0 : 1;
  },
  {
    help:
      "Checks the hashes of all files, the structure of the model, and compares every blob again, on the same inputs." +
      "\nExit code 1: something is not as the certificate says.",
  },
);

function asText({ files, problems, notes, comparison, certificate, passed }: VerifyOnnxReport): string {
  const { green, red, yellow, bold } = colorsFor(process.stdout);
  const words = { same: green("same"), changed: red("CHANGED"), missing: red("MISSING"), unknown: yellow("no hash") };
  const lines = files.map(
    ({ kind, path, state }) => `  ${words[state]}  ${kind}${path === undefined ? "" : ` ${path}`}`,
  );
  lines.unshift(bold("Files"));
  lines.push(...noteLines(certificate), "");
  if (comparison) lines.push(...comparisonLines(comparison), "");
  for (const note of notes) lines.push(yellow(note));
  for (const problem of problems) lines.push(red(problem));
  lines.push(passed ? green("All is as the certificate says") : red("Not as the certificate says"));
  return `${lines.join("\n")}\n`;
}

import { isAbsolute, resolve } from "node:path";
import type { Certificate, ExportOnnxResult } from "../../index.js";
import { weightPaths } from "../../proto/weight-sources.js";
import { onOneLine } from "../../util/escape.js";
import { baseName } from "../../util/paths.js";
import { counted } from "../../util/words.js";
import { checkOutput } from "../check-output.js";
import { colorsFor } from "../colors.js";
import { type Command, command, flag, option, type Parse, repeated } from "../command.js";
import { comparisonLines, noteLines } from "../onnx-report.js";
import {
  addShape,
  certifyOptions,
  integer,
  json,
  model,
  oneOf,
  parser,
  runOptions,
  stateOptions,
  weights,
} from "../options.js";
import { print, printJson, problems } from "../print.js";

const batch: Parse<number | "dynamic"> = parser('a whole number, 1 or more, or "dynamic"', (text: string) => {
  return text === "dynamic" ? text : integer(1)(text);
});

/** `moka export`: writes a net as ONNX, and proves that both compute the same. */
export const exportCommand: Command = command(
  {
    model,
    weights,
    output: option("-o, --output <file>", "write <file> and <file>.certificate.json"),
    opset: option("--opset <n>", "the version of ONNX's operators, 11 to 22", integer(11), 13),
    batch: option(
      "--batch <n|dynamic>",
      "fix the batch size, or leave it to each run; default: dynamic if possible",
      batch,
    ),
    shapes: repeated(
      "--shape <name=sizes>",
      "the shape of an input, or of a data layer's top: data=1,3,224,224",
      addShape,
      {},
    ),
    batchNorm: option("--bn <how>", "fold BatchNorm into the weights, or keep it", oneOf("fold", "keep"), "fold"),
    cut: option("--cut <layer>", "end before this layer: what it reads becomes outputs"),
    approximate: flag("--approximate", "allow what ONNX can only say nearly; the certificate names it"),
    ...certifyOptions,
    json,
    ...runOptions,
    ...stateOptions,
  },
  async ({ model: path, weights: paths, output: to, json, ...rest }) => {
    const { exportOnnx, CertificateError } = await import("../../index.js");
    const { model, weights, inputs, output } = placed({ model: path, weights: paths, inputs: rest.inputs, output: to });
    if (output !== undefined) {
      const written = [output, `${output}.certificate.json`, `${output}.data`];
      await checkOutput(output, written, [model, ...weightPaths(weights), ...Object.values(inputs)], "exported");
    }
    const options = { ...rest, inputs, output, log: problems({ upgrades: false }) };
    const show = ({ certificate, written }: Shown) => {
      if (json) printJson({ ...certificate, written });
      else print(asText(onOneLine({ certificate, written }), to !== undefined));
    };
    try {
      const result = await exportOnnx(model, weights, options);
      show(result);
      return 0;
    } catch (error) {
      // The error says where they part; the table, how far all are apart.
      if (error instanceof CertificateError) show({ certificate: error.certificate, written: [] });
      throw error;
    }
  },
  {
    help:
      "Writes the net of phase TEST in ONNX's standard operators, runs both in Moka and in ONNX Runtime, and compares every blob." +
      "\nONNX Runtime is the package onnxruntime-node; without it nothing is compared, and that is said. Without -o nothing is" +
      "\nwritten. Exit code 1: a layer cannot be said in ONNX, or a blob is beyond the tolerance; nothing was written.",
  },
);

interface Paths {
  readonly model: string;
  readonly weights: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly output: string | undefined;
}

/** All paths from one place, so that the certificate can name each as seen from its folder. */
function placed({ model, weights, inputs, output }: Paths): Paths {
  const all = [model, ...weightPaths(weights), ...Object.values(inputs)];
  const isFile = (path: string) => !/^[a-z][a-z\d+.-]+:/i.test(path) && !/[{\n]/.test(path);
  const sameKind = all.filter(isFile).every((path) => isAbsolute(path) === isAbsolute(output ?? ""));
  if (output === undefined || sameKind) return { model, weights, inputs, output };
  const whole = (path: string) => (isFile(path) ? resolve(path) : path);
  return {
    model: whole(model),
    weights: weightPaths(weights).map(whole).join(","),
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, path]) => [name, whole(path)])),
    output: resolve(output),
  };
}

type Shown = Pick<ExportOnnxResult, "certificate" | "written">;

function asText({ certificate, written }: Shown, hasOutput: boolean): string {
  const { yellow } = colorsFor(process.stdout);
  const { comparison, inputs, outputs, opset, irVersion, folded } = certificate;
  const sizes = (of: Certificate["inputs"]) =>
    Object.entries(of)
      .map(([name, dims]) => `${name} ${dims.join("×") || "scalar"}`)
      .join(", ");
  const lines = [`Opset ${opset}, format ${irVersion}: ${sizes(inputs) || "no inputs"} → ${sizes(outputs)}`];
  if (folded.length > 0) lines.push(`${counted(folded.length, "layer")} folded: ${folded.join(", ")}`);
  lines.push(...noteLines(certificate), "");
  if (comparison.ran) lines.push(...comparisonLines(comparison));
  else lines.push(yellow(`Not compared: ${comparison.reason}`));
  const hint = hasOutput ? "Nothing written" : "Nothing written: give -o FILE";
  lines.push("", written.length > 0 ? `Wrote ${written.join(" and ")}` : hint);
  const [file] = written.filter((path) => path.endsWith(".certificate.json"));
  if (file !== undefined)
    lines.push(`To check again: moka verify ${baseName(file).replace(/\.certificate\.json$/, "")}`);
  return `${lines.join("\n")}\n`;
}

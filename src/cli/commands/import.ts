import type { Certificate, ImportOnnxResult } from "../../index.js";
import { oneLine, onOneLine } from "../../util/escape.js";
import { colorsFor } from "../colors.js";
import { type Command, command, operand, option, repeated } from "../command.js";
import { comparisonLines } from "../onnx-report.js";
import { addShape, certifyOptions, json, runOptions, text } from "../options.js";
import { print, printJson } from "../print.js";

const { engine, threads } = runOptions;

/** `moka import`: makes a prototxt and a caffemodel of an ONNX model. */
export const importCommand: Command = command(
  {
    model: operand("<model>", "the ONNX model; files of values that it names lie beside it"),
    output: option("-o, --output <name>", "write <name>.prototxt and <name>.caffemodel", text, ""),
    target: option("--target <name>", "what the net is for, which says which layers it may have", text, "moka"),
    shapes: repeated(
      "--shape <name=sizes>",
      "the shape of an input that the model leaves open: data=1,3,224,224",
      addShape,
      {},
    ),
    ...certifyOptions,
    json,
    engine,
    threads,
  },
  async ({ model, output, json, ...options }) => {
    const { importOnnx, CertificateError } = await import("../../index.js");
    try {
      const result = await importOnnx(model, { ...options, ...(output === "" ? {} : { output }) });
      if (json) printJson(asJson(result));
      else print(asText(onOneLine(result)));
      return 0;
    } catch (error) {
      // The error says where they part; the table, how far all are apart.
      if (error instanceof CertificateError) printCertificate(error.certificate, json);
      throw error;
    }
  },
  {
    help:
      "Targets: moka (all that Moka computes), bvlc, ssd, nnie, rknn, sigmastar, ascend, nvdla. Without -o nothing is written." +
      "\nExit code 1: the target's layers cannot say exactly what the model does, or a blob is beyond the tolerance; nothing was" +
      "\nwritten.",
  },
);

function printCertificate(certificate: Certificate, json: boolean): void {
  if (json) printJson({ certificate, written: [] });
  else if (certificate.comparison.ran) print(`${comparisonLines(onOneLine(certificate.comparison)).join("\n")}\n`);
}

function asJson({ net, names, notes, certificate, written }: ImportOnnxResult) {
  const layers = net.layer.map(({ name, type }) => ({ name, type }));
  return { name: net.name, layers, names, notes, certificate, written };
}

function asText({ net, notes, certificate, written }: ImportOnnxResult): string {
  const { bold, yellow } = colorsFor(process.stdout);
  const counts = new Map<string, number>();
  for (const { type } of net.layer) counts.set(type, (counts.get(type) ?? 0) + 1);
  const types = [...counts].map(([type, count]) => (count === 1 ? type : `${count} ${type}`)).join(", ");
  const lines = [`${oneLine(net.name) || "(no name)"}: ${net.layer.length} layers: ${types}`];
  if (notes.length > 0) lines.push("", bold("Notes"), ...notes.map((note) => `  ${yellow("!")} ${note}`));
  const { comparison } = certificate;
  lines.push("", ...(comparison.ran ? comparisonLines(comparison) : [yellow(`Not compared: ${comparison.reason}`)]));
  lines.push("", written.length > 0 ? `Wrote ${written.join(" and ")}` : "Nothing written: give -o NAME");
  return `${lines.join("\n")}\n`;
}

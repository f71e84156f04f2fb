import type { Certificate, CertifiedBlob, OnnxComparison } from "../index.js";
import { formatNumber } from "../util/number-format.js";
import { counted } from "../util/words.js";
import { colorsFor } from "./colors.js";
import { rowLines, widthOf } from "./table.js";

/** The lines that `export` and `verify` print of a comparison: one row for each blob, and those beyond the tolerance marked. */
export function comparisonLines(comparison: OnnxComparison): string[] {
  const { bold, green, red } = colorsFor(process.stdout);
  const { blobs, outputs, runs, tolerance, onnxRuntime, seed, passed } = comparison;
  const kinds = runs.map(({ batch, inputs }) => {
    const each = Object.entries(inputs).map(([name, { kind }]) => `${name} ${kind}`);
    return `batch ${batch} (${each.join(", ")})`;
  });
  const head = ["Layer", "Type", "Blob", "Max error", "Mean error", "Relative", ""];
  const row = ({ layer, type, blob, maxError, meanError, relativeError }: CertifiedBlob) => {
    const figures = [maxError, meanError, relativeError].map((value) => formatNumber(value, 3));
    return [layer, type, blob, ...figures, relativeError <= tolerance ? "" : "DIFFERS"];
  };
  const rows = [head, ...blobs.map(row)];
  const again = outputs.map(row);
  const widths = head.map((_, i) => Math.max(...[...rows, ...again].map((cells) => widthOf(cells[i] ?? ""))));
  const lines = (cells: readonly string[], style?: (text: string) => string) =>
    rowLines(
      cells.map((each) => [each]),
      { widths, gap: 2, right: 3 },
      style,
    );
  const differs = [...blobs, ...outputs].filter(({ relativeError }) => !(relativeError <= tolerance)).length;
  return [
    `Moka and ONNX Runtime ${onnxRuntime} on the same inputs: ${kinds.join("; ")}; seed ${seed}`,
    "",
    ...lines(head, bold),
    ...blobs.flatMap((each) => lines(row(each))),
    "",
    bold("Outputs of the file as ONNX Runtime optimizes it"),
    ...again.flatMap((cells) => lines(cells)),
    "",
    passed
      ? green(`All ${counted(blobs.length, "blob")} within ${formatNumber(tolerance)} of the largest value`)
      : red(`${differs} beyond ${formatNumber(tolerance)} of the largest value`),
  ];
}

/** What is not exactly Caffe's, and what became of layers. */
export function noteLines({ approximations, notes, batch }: Certificate): string[] {
  const { bold, yellow } = colorsFor(process.stdout);
  const line = ({ layer, type, text }: Certificate["notes"][number]) => `  ${layer} (${type}): ${text}`;
  const lines: string[] = [];
  if (approximations.length > 0)
    lines.push("", bold("Approximated"), ...approximations.map((each) => yellow(line(each))));
  if (notes.length > 0) lines.push("", bold("Notes"), ...notes.map(line));
  if (batch.reason !== undefined) lines.push("", yellow(`The batch is fixed at ${batch.size}: ${batch.reason}`));
  return lines;
}

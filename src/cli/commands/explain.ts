import type { ExplainedBuffer, ExplainedStep, Explanation } from "../../tools/explain.js";
import { onOneLine } from "../../util/escape.js";
import { type Command, command } from "../command.js";
import { json, model, phase, runOptions, someWeights, stateOptions } from "../options.js";
import { print, printJson } from "../print.js";
import { rowLines } from "../table.js";
import { withNet } from "../with-net.js";

/** `moka explain`: shows the program of a net as it runs, with fused kernels and planned memory. */
export const explain: Command = command(
  { model, phase: phase("TRAIN"), weights: someWeights, json, ...runOptions, ...stateOptions },
  async ({ model, json, ...options }) => {
    const { explain: explainNet } = await import("../../tools/explain.js");
    await withNet(model, { ...options, keep: "outputs" }, async (net) => {
      const explanation = explainNet(net);
      if (json) printJson(explanation);
      else print(asText(onOneLine(explanation)));
    });
  },
);

/** A line has 100 columns at most. */
const columns = { widths: [15, 22, 34, 8, 8, 7], gap: 1, right: 3 };

function asText(explanation: Explanation): string {
  const { name, phase, engine, steps, totals } = explanation;
  const lines = [`${name || "(no name)"}, phase ${phase}, ${engine}`];
  const row = (...cells: readonly string[][]) => lines.push(...rowLines(cells, columns));
  for (const direction of ["forward", "backward"] as const) {
    const own = steps.filter((step) => step.direction === direction);
    if (own.length === 0) continue;
    lines.push("");
    row([direction], ["kernel"], ["blobs (offset in shared memory)"], ["read"], ["written"], ["flops"]);
    for (const step of own) row(...cellsOf(step));
    const { flops, bytesRead, bytesWritten } = totals[direction];
    row(["total"], [`${own.length} steps`], [""], [inBytes(bytesRead)], [inBytes(bytesWritten)], [inFlops(flops)]);
  }
  return `${[...lines, "", ...memoryLines(explanation)].join("\n")}\n`;
}

function cellsOf({ layers, kernel, isHost, reads, writes, bytesRead, bytesWritten, flops }: ExplainedStep): string[][] {
  const blobs = [...reads.map((buffer) => `  ${shown(buffer)}`), ...writes.map((buffer) => `→ ${shown(buffer)}`)];
  const [name, work] = isHost ? [`(${kernel})`, ""] : [kernel, inFlops(flops)];
  return [[...layers], [name], blobs, [inBytes(bytesRead)], [inBytes(bytesWritten)], [work]];
}

function shown({ name, shape, offset }: ExplainedBuffer): string {
  const at = offset === undefined ? "" : ` (${inBytes(offset)})`;
  return `${name} ${shape.join("×") || "1"}${at}`;
}

function memoryLines({ memory, caffe }: Explanation): string[] {
  const line = (label: string, bytes: number, note = "") =>
    `  ${label.padEnd(34)}${inBytes(bytes).padStart(8)}${note && `  ${note}`}`;
  const buffers = Object.entries(caffe.buffers).sort(([, a], [, b]) => b - a);
  return [
    "memory",
    line("blobs and layers, shared", memory.shared, `${inBytes(memory.unshared)} if each had its own`),
    line("inputs, outputs and state", memory.own),
    line("parameters", memory.params),
    line("peak", memory.total, `${Math.round((100 * memory.total) / Math.max(1, caffe.total))} % of Caffe's`),
    "Caffe would hold",
    line("blobs", caffe.blobs),
    line("parameters", caffe.params),
    ...buffers.map(([type, bytes]) => line(`buffers of ${type}`, bytes)),
    line("in all", caffe.total),
  ];
}

function inBytes(bytes: number): string {
  return scaled(bytes, 1024, ["B", "KiB", "MiB", "GiB"]);
}

function inFlops(flops: number): string {
  return scaled(flops, 1000, ["", "k", "M", "G", "T"]);
}

/** A value in three digits with its unit. */
function scaled(value: number, base: number, units: readonly string[]): string {
  let unit = 0;
  let left = value;
  while (left >= 999.5 && unit < units.length - 1) {
    left /= base;
    unit++;
  }
  const digits = unit === 0 || left >= 99.5 ? 0 : left >= 9.95 ? 1 : 2;
  return `${left.toFixed(digits)} ${units[unit]}`.trimEnd();
}

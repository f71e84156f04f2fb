import { stat } from "node:fs/promises";
import { check } from "../../util/errors.js";
import { type ByteSource, readFrom } from "../../util/files.js";
import { type Command, command, flag, operand, option } from "../command.js";
import { text } from "../options.js";
import { print, printJson } from "../print.js";

/** `moka parse_log`: writes a training log as tables, as Caffe's `parse_log.py`, and as curves. */
export const parseLog: Command = command(
  {
    path: operand("<log>", "a log of Caffe, of its NVIDIA or Intel forks, or of moka"),
    out: option("--out <folder>", "where to write <log>.train and <log>.test, CSV (default: beside the log)"),
    delimiter: option("--delimiter <text>", "what separates the columns", text, ","),
    svg: option("--svg <file>", "write the losses and other outputs over the iterations as curves"),
    json: flag("--json", "print the tables as JSON instead of writing them"),
  },
  async ({ path, out, delimiter, json, svg }) => {
    const { createFiles } = await import("#platform");
    const { formatLogTable, linesOf, parseLog, plotLog } = await import("../../index.js");
    const isClear = out === undefined || !json;
    check(isClear, "MOKA_USAGE", "--out writes tables to files, --json prints them: give one of them");
    const files = createFiles();
    const parse = (lines: ByteSource | Uint8Array, year: number) => parseLog(linesOf(lines), { name: path, year });
    const found = await stat(path).catch(() => undefined);
    const year = (found?.mtime ?? new Date()).getFullYear();
    // A pipe has no size, and can be read only once.
    const log = found?.isFile()
      ? await readFrom(files, path, (source) => parse(source, year))
      : parse(await files.read(path), year);
    const name = path.replace(/^.*\//, "");
    const write = async (file: string, text: string) => {
      await files.write(file, new TextEncoder().encode(text));
      if (!json) print(`Wrote ${file}\n`);
    };
    if (json) {
      const { train, test, loss } = log;
      printJson({ train, test, loss });
    } else {
      const stem = out === undefined ? path : `${out.replace(/(.)\/+$/, "$1")}/${name}`;
      if (out !== undefined) await files.makeFolder(out);
      for (const net of ["train", "test"] as const) {
        if (log[net].length > 0) await write(`${stem}.${net}`, formatLogTable(log[net], delimiter));
        else print(`No table for the ${net} net: the log has none of its outputs\n`);
      }
    }
    if (svg !== undefined) await write(svg, plotLog(log, name));
  },
);

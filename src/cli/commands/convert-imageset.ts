import { silent } from "../../util/log.js";
import { type Command, command, operand } from "../command.js";
import { imagesetOptions } from "../options.js";
import { caffeLog, print, printJson } from "../print.js";

/** `moka convert_imageset`: converts images to a database, as Caffe's tool of that name. */
export const convertImageset: Command = command(
  {
    root: operand("<root_folder>", "prefix of every path in the list"),
    list: operand("<list_file>", "a text file; each line is a path, a space and a label"),
    database: operand("<output_db>", "folder to create"),
    ...imagesetOptions,
  },
  async ({ root, list, database, json, ...options }) => {
    const { convertImageset } = await import("../../index.js");
    const counts = await convertImageset(root, list, database, { ...options, log: json ? silent : caffeLog });
    const left = counts.skipped > 0 ? `, ${counts.skipped} could not be read` : "";
    if (json) printJson(counts);
    else print(`${counts.count} images written to ${database}${left}\n`);
  },
);

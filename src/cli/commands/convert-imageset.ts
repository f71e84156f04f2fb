import { silent } from "../../util/log.js";
import { type Command, command, flag, operand, option } from "../command.js";
import { backend, integer, json, seed, text } from "../options.js";
import { caffeLog, print, printJson } from "../print.js";

/** `moka convert_imageset`: converts images to a database, as Caffe's tool of that name. */
export const convertImageset: Command = command(
  {
    root: operand("<root_folder>", "prefix of every path in the list"),
    list: operand("<list_file>", "a text file; each line is a path, a space and a label"),
    database: operand("<output_db>", "folder to create"),
    gray: flag("--gray", "one channel instead of three"),
    shuffle: flag("--shuffle", "put the list into random order"),
    checkSize: flag("--check_size", "stop at an image of another size than the first"),
    encoded: flag("--encoded", "keep the images as files in the records"),
    encodeType: option("--encode_type <type>", "encode them all as jpg or png (implies --encoded)", text, ""),
    backend,
    resizeWidth: option("--resize_width <n>", "width of all images, in pixels; 0: unchanged", integer(0), 0),
    resizeHeight: option("--resize_height <n>", "height of all images, in pixels; 0: unchanged", integer(0), 0),
    seed,
    json,
  },
  async ({ root, list, database, json, ...options }) => {
    const { convertImageset } = await import("../../index.js");
    const counts = await convertImageset(root, list, database, { ...options, log: json ? silent : caffeLog });
    const left = counts.skipped > 0 ? `, ${counts.skipped} could not be read` : "";
    if (json) printJson(counts);
    else print(`${counts.count} images written to ${database}${left}\n`);
  },
);

import { type Command, command, flag, operand, option } from "../command.js";
import { backend, integer, json, seed, text } from "../options.js";
import { caffeLog, print, printJson } from "../print.js";

/** `moka convert_imageset`: pictures to a database, as Caffe's tool of that name. */
export const convertImageset: Command = command(
  {
    root: operand("<root_folder>", "what stands before every path of the list"),
    list: operand("<list_file>", "lines of a path, a space and a label"),
    database: operand("<output_db>", "folder to create"),
    gray: flag("--gray", "one channel instead of three"),
    shuffle: flag("--shuffle", "put the list into random order"),
    checkSize: flag("--check_size", "stop at a picture of another size than the first"),
    encoded: flag("--encoded", "keep the pictures as files in the records"),
    encodeType: option("--encode_type <type>", "encode them all as jpg or png (implies --encoded)", text, ""),
    backend,
    resizeWidth: option("--resize_width <n>", "width all pictures get; 0 leaves them", integer(0), 0),
    resizeHeight: option("--resize_height <n>", "height all pictures get; 0 leaves them", integer(0), 0),
    seed,
    json,
  },
  {
    async run({ root, list, database, json, ...options }) {
      const { convertImageset } = await import("../../index.js");
      const { silent } = await import("../../util/log.js");
      const counts = await convertImageset(root, list, database, { ...options, log: json ? silent : caffeLog });
      const left = counts.skipped > 0 ? `, ${counts.skipped} could not be read` : "";
      if (json) printJson(counts);
      else print(`${counts.count} images written to ${database}${left}\n`);
      return 0;
    },
  },
);

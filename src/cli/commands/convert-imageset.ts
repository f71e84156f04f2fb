import { Option } from "commander";
import type { Command } from "../command.js";
import { addFlags } from "../flags.js";
import { glog } from "../glog.js";
import { integer } from "../options.js";

interface ConvertOptions {
  readonly gray?: boolean;
  readonly shuffle?: boolean;
  readonly seed?: number;
  readonly backend: "lmdb" | "leveldb";
  readonly resize_width: number;
  readonly resize_height: number;
  readonly check_size?: boolean;
  readonly encoded?: boolean;
  readonly encode_type: string;
  readonly json?: boolean;
}

/** `moka convert_imageset`: pictures to a database, as Caffe's tool of that name. */
export const convertImageset: Command = {
  define(command) {
    command
      .argument("<root_folder>", "what stands before every path of the list")
      .argument("<list_file>", "lines of a path, a space and a label")
      .argument("<output_db>", "folder to create");
    addFlags(command, {
      gray: "one channel instead of three",
      shuffle: "put the list into random order",
      check_size: "stop at a picture of another size than the first",
      encoded: "keep the pictures as files in the records",
    });
    command
      .option("--encode_type <type>", "encode them all as jpg or png (implies --encoded)", "")
      .addOption(new Option("--backend <kind>", "the kind of database").choices(["lmdb", "leveldb"]).default("lmdb"))
      .option("--resize_width <n>", "width all pictures get; 0 leaves them", integer(0), 0)
      .option("--resize_height <n>", "height all pictures get; 0 leaves them", integer(0), 0)
      .option("--seed <n>", "of the random order", integer(0))
      .option("--json", "print the numbers of pictures as JSON");
  },

  async run([root = "", list = "", database = ""], options) {
    const given = options as unknown as ConvertOptions;
    const { convertImageset } = await import("../../index.js");
    const { silent } = await import("../../util/log.js");
    const counts = await convertImageset(root, list, database, {
      gray: given.gray,
      shuffle: given.shuffle,
      seed: given.seed,
      backend: given.backend,
      resizeWidth: given.resize_width,
      resizeHeight: given.resize_height,
      checkSize: given.check_size,
      encoded: given.encoded,
      encodeType: given.encode_type,
      log: given.json ? silent : glog((text) => process.stderr.write(text)),
    });
    const left = counts.skipped > 0 ? `, ${counts.skipped} could not be read` : "";
    const text = given.json ? JSON.stringify(counts) : `${counts.count} images written to ${database}${left}`;
    process.stdout.write(`${text}\n`);
    return 0;
  },
};

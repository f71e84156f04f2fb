import { Option } from "commander";
import type { Command } from "../command.js";
import { glog } from "../glog.js";

/** `moka compute_image_mean`: the mean of a database's images, as Caffe's tool of that name. */
export const computeImageMean: Command = {
  define(command) {
    command
      .argument("<input_db>", "the database")
      .argument("[output_file]", "the mean image to write, .binaryproto, as transform_param.mean_file takes it")
      .addOption(new Option("--backend <kind>", "the kind of database").choices(["lmdb", "leveldb"]).default("lmdb"))
      .option("--json", "print size and means as JSON");
  },

  async run([database = "", output], options) {
    const { backend, json } = options as { backend: "lmdb" | "leveldb"; json?: boolean };
    const { createFiles } = await import("#platform");
    const { computeImageMean } = await import("../../index.js");
    const { writeBlobProto } = await import("../../proto/binary/index.js");
    const { silent } = await import("../../util/log.js");
    const files = createFiles();
    if (output !== undefined) await files.probe(output);
    const log = json ? silent : glog((text) => process.stderr.write(text));
    const { blob, shape, channelMeans, count } = await computeImageMean(database, {
      files,
      backend,
      log,
    });
    if (output !== undefined) {
      log("info", "compute_image_mean.cpp:108", `Write to ${output}`);
      await files.write(output, writeBlobProto(blob));
    }
    if (json) {
      const [channels, height, width] = shape;
      process.stdout.write(`${JSON.stringify({ count, channels, height, width, means: [...channelMeans] })}\n`);
    }
    return 0;
  },
};

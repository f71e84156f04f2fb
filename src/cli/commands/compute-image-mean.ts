import { silent } from "../../util/log.js";
import { type Command, command, operand } from "../command.js";
import { backend, json } from "../options.js";
import { caffeLog, printJson } from "../print.js";

/** `moka compute_image_mean`: computes the mean of a database's images, as Caffe's tool of that name. */
export const computeImageMean: Command = command(
  {
    database: operand("<input_db>", "the database"),
    output: operand("[output_file]", "the mean image to write, .binaryproto, as transform_param.mean_file takes it"),
    backend,
    json,
  },
  async ({ database, output, backend, json }) => {
    const { createFiles } = await import("#platform");
    const { computeImageMean } = await import("../../index.js");
    const { writeBlobProto } = await import("../../proto/binary/index.js");
    const files = createFiles();
    if (output !== undefined) await files.probe(output);
    const log = json ? silent : caffeLog;
    const { blob, shape, channelMeans, count } = await computeImageMean(database, { files, backend, log });
    if (output !== undefined) {
      log("info", "compute_image_mean.cpp:108", `Write to ${output}`);
      await files.write(output, writeBlobProto(blob));
    }
    if (json) {
      const [channels, height, width] = shape;
      printJson({ count, channels, height, width, means: [...channelMeans] });
    }
  },
);

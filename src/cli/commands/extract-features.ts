import { Argument } from "commander";
import type { Command } from "../command.js";
import { glog } from "../glog.js";
import { addRunOptions, addStateOptions, type CommonOptions, integer } from "../options.js";

interface ExtractOptions extends CommonOptions {
  readonly seed?: number;
  readonly json?: boolean;
}

/** `moka extract_features`: what blobs hold, batch after batch, as Caffe's tool of that name. */
export const extractFeatures: Command = {
  define(command) {
    command
      .argument("<weights>", "a caffemodel, or several separated by commas")
      .argument("<model>", "the net's prototxt, with a data layer")
      .argument("<blobs>", "names of blobs, separated by commas")
      .argument("<outputs>", "for each blob a database or file to create, separated by commas")
      .argument("<batches>", "forward passes", integer(1))
      .addArgument(
        new Argument("<type>", "databases of Datums with float_data, an HDF5 file, or a NumPy array").choices([
          "lmdb",
          "leveldb",
          "h5",
          "npy",
        ]),
      )
      .argument("[device]", "CPU or GPU, as in Caffe; the CPU is used")
      .argument("[device_id]", "as in Caffe")
      .option("--seed <n>", "random seed", integer(0))
      .option("--json", "print the numbers of records as JSON");
    addRunOptions(command);
    addStateOptions(command);
  },

  async run([weights = "", model = "", blobList = "", outputList = "", batches, format], options) {
    const { engine, threads, level, stage: stages, seed, json } = options as unknown as ExtractOptions;
    const { Net, extractFeatures } = await import("../../index.js");
    const { silent } = await import("../../util/log.js");
    const log = json ? silent : glog((text) => process.stderr.write(text));
    const blobs = blobList.split(",");
    const net = await Net.load(model, { phase: "TEST", weights, engine, threads, level, stages, seed, log });
    try {
      const counts = await extractFeatures(net, {
        blobs,
        outputs: outputList.split(","),
        batches: Number(batches),
        format: format as "lmdb" | "leveldb" | "h5" | "npy",
        log,
      });
      const entries = blobs.map((name, index) => [name, counts[index]]);
      if (json) process.stdout.write(`${JSON.stringify(Object.fromEntries(entries))}\n`);
    } finally {
      await net.dispose();
    }
    return 0;
  },
};

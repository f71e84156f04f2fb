import { type Command, command, operand } from "../command.js";
import { integer, json, list, oneOf, runOptions, seed, stateOptions } from "../options.js";
import { caffeLog, printJson, problems } from "../print.js";
import { withNet } from "../with-net.js";

/** `moka extract_features`: saves the values of blobs for each batch, as Caffe's tool of that name. */
export const extractFeatures: Command = command(
  {
    weights: operand("<weights>", "a caffemodel, or several separated by commas"),
    model: operand("<model>", "the net's prototxt, with a data layer"),
    blobs: operand("<blobs>", "names of blobs, separated by commas", list),
    outputs: operand("<outputs>", "for each blob a database or file to create, separated by commas", list),
    batches: operand("<batches>", "forward passes", integer(1)),
    format: operand(
      "<type>",
      "databases of Datums with float_data, an HDF5 file, or a NumPy array",
      oneOf("lmdb", "leveldb", "h5", "npy"),
    ),
    device: operand("[device]", "CPU or GPU, as in Caffe; the CPU is used"),
    deviceId: operand("[device_id]", "as in Caffe"),
    seed,
    json,
    ...runOptions,
    ...stateOptions,
  },
  async ({ model, blobs, outputs, batches, format, json, ...options }) => {
    const { extractFeatures } = await import("../../index.js");
    const log = json ? problems({ upgrades: false }) : caffeLog;
    await withNet(model, { ...options, phase: "TEST", log }, async (net) => {
      const counts = await extractFeatures(net, { blobs, outputs, batches, format, log });
      if (json) printJson(Object.fromEntries(blobs.map((name, index) => [name, counts[index]])));
    });
  },
);

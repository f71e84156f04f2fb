import { type Command, command, operand, option } from "../command.js";
import { oneOf, seed } from "../options.js";
import { caffeLog, print } from "../print.js";

/** `moka convert_mnist_siamese_data`: makes pairs of MNIST's images, as Caffe's example tool of that name. */
export const convertMnistSiameseData: Command = command(
  {
    imageFile: operand("<image_file>", "images, IDX, gzip or not"),
    labelFile: operand("<label_file>", "labels, IDX, gzip or not"),
    output: operand("<output_db>", "folder to create"),
    backend: option("--backend <name>", "the kind of database", oneOf("lmdb", "leveldb"), "leveldb"),
    seed,
  },
  async ({ imageFile, labelFile, output, ...options }) => {
    const { convertMnistSiameseData } = await import("../../index.js");
    const log = caffeLog;
    const { count, similar } = await convertMnistSiameseData(imageFile, labelFile, output, { ...options, log });
    print(`${count} pairs, ${similar} of one class, written to ${output}\n`);
  },
);

import { type Command, command, operand, option } from "../command.js";
import { integer, oneOf } from "../options.js";
import { print } from "../print.js";

/** `moka digits`: writes a data set of generated digits to train small nets on. */
export const digits: Command = command(
  {
    folder: operand("<folder>", "where to write it"),
    train: option("--train <n>", "images to train on", integer(1), 6000),
    test: option("--test <n>", "images to test on", integer(1), 1000),
    seed: option("--seed <n>", "the same seed gives the same images", integer(0), 1),
    format: option(
      "--format <format>",
      "lmdb: train_lmdb and test_lmdb; idx: files named as MNIST's; hdf5: with lists for HDF5Data",
      oneOf("lmdb", "idx", "hdf5"),
      "lmdb",
    ),
  },
  async ({ folder, train, test, seed, format }) => {
    const { createFiles } = await import("#platform");
    const { writeDigits } = await import("../../data/digits/index.js");
    const written = await writeDigits(createFiles(), folder, { train, test, seed, format });
    print(`${train} training images: ${written.train}\n${test} test images: ${written.test}\n`);
  },
);

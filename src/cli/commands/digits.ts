import { Option } from "commander";
import type { Command } from "../command.js";
import { integer } from "../options.js";

interface DigitsOptions {
  readonly train: number;
  readonly test: number;
  readonly seed: number;
  readonly format: "lmdb" | "idx" | "hdf5";
}

/** `moka digits`: a data set to try nets on, drawn by a program. */
export const digits: Command = {
  define(command) {
    command
      .argument("<folder>", "where to write it")
      .option("--train <n>", "images to train on", integer(1), 6000)
      .option("--test <n>", "images to test on", integer(1), 1000)
      .option("--seed <n>", "the same seed gives the same images", integer(0), 1)
      .addOption(
        new Option(
          "--format <format>",
          "lmdb: train_lmdb and test_lmdb; idx: files named as MNIST's; hdf5: with lists for HDF5Data",
        )
          .choices(["lmdb", "idx", "hdf5"])
          .default("lmdb"),
      );
  },

  async run([folder = ""], options) {
    const { train, test, seed, format } = options as unknown as DigitsOptions;
    const { createFiles } = await import("#platform");
    const { writeDigits } = await import("../../data/digits/index.js");
    const written = await writeDigits(createFiles(), folder, { train, test, seed, format });
    process.stdout.write(`${train} training images: ${written.train}\n${test} test images: ${written.test}\n`);
    return 0;
  },
};

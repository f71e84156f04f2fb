import { check } from "../../util/errors.js";
import { type Command, command, flag, operand, option } from "../command.js";
import { integer, oneOf } from "../options.js";
import { print } from "../print.js";

/** `moka digits`: writes a data set of generated digits, or of scenes with digits, to train small nets on. */
export const digits: Command = command(
  {
    folder: operand("<folder>", "where to write it"),
    train: option("--train <n>", "images to train on (default 6000; 3000 scenes)", integer(1)),
    test: option("--test <n>", "images to test on (default 1000; 500 scenes)", integer(1)),
    seed: option("--seed <n>", "the same seed gives the same images", integer(0), 1),
    format: option(
      "--format <format>",
      "lmdb: train_lmdb and test_lmdb; idx: files named as MNIST's; hdf5: with lists for HDF5Data",
      oneOf("lmdb", "idx", "hdf5"),
      "lmdb",
    ),
    boxes: flag("--boxes", "scenes of one to four digits and their boxes, for AnnotatedData"),
    masks: flag(
      "--masks",
      "the same scenes, and the class of each pixel: label images, lists and LMDBs (implies --boxes)",
    ),
    size: option("--size <n>", "width and height of a scene in pixels", integer(32), 96),
    gray: flag("--gray", "scenes of one channel instead of three"),
  },
  async ({ folder, train, test, seed, format, boxes, masks, size, gray }) => {
    const { createFiles, createImages } = await import("#platform");
    const { writeDigits, writeScenes } = await import("../../data/digits/index.js");
    if (boxes || masks) {
      check(format === "lmdb", "MOKA_USAGE", `scenes are written as LMDBs: leave out --format ${format}`);
      const counts = { train: train ?? 3000, test: test ?? 500 };
      const written = await writeScenes(createFiles(), createImages(), folder, { ...counts, seed, size, gray, masks });
      print(`${counts.train} training scenes: ${written.train}\n${counts.test} test scenes: ${written.test}\n`);
      return;
    }
    check(!gray && size === 96, "MOKA_USAGE", "--size and --gray are for scenes: give --boxes or --masks");
    const counts = { train: train ?? 6000, test: test ?? 1000 };
    const written = await writeDigits(createFiles(), folder, { ...counts, seed, format });
    print(`${counts.train} training images: ${written.train}\n${counts.test} test images: ${written.test}\n`);
  },
);

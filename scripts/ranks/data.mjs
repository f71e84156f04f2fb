// Data sets to train on, drawn anew in a folder, which is removed at the end.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makers, values, writeArrays, writeSet } from "../planted-causes/data.mjs";

/** Runs work in a new folder, which is removed afterwards. */
export async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), "moka-ranks-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Databases of digits, and the paths of both: gray ones of 28×28, and colored ones in place of CIFAR's pictures. */
export function drawDigits(folder, count) {
  return {
    gray: writeSet(join(folder, "gray_lmdb"), makers.gray(count, 1)),
    colored: writeSet(join(folder, "colored_lmdb"), makers.colored(count, 1)),
  };
}

/** An HDF5 file of gray digits whose image `bad` has a value that is no number; returns the path of its list. */
export function drawWithNaN(folder, count, bad) {
  const arrays = values(makers.gray(count, 1), { scale: 1 / 256 });
  arrays.data.data[bad * 784 + 300] = Number.NaN;
  return writeArrays(join(folder, "nan"), arrays);
}

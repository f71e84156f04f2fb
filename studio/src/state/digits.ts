/** The built-in data: digits that the page draws itself, into the databases that the example names. */
import type { MemoryFiles } from "moka-caffe/worker";
import { computes } from "./moka.js";

/** The sources of the example. */
export const digitSources = ["train_lmdb", "test_lmdb"] as const;
/** Images to train and to test on. */
export const digitCounts = { train: 3000, test: 500 } as const;

/** What was drawn in this visit: it is the same each time. */
const drawn = new Map<string, Uint8Array>();

/** Draws the digits into `files` where `text` names their databases and `files` has none. */
export async function addDigits(files: MemoryFiles, text: string): Promise<void> {
  const isNamed = digitSources.some((name) => text.includes(`"${name}"`));
  const isThere = (await Promise.all(digitSources.map((name) => files.isFolder(name)))).some(Boolean);
  if (!isNamed || isThere) return;
  if (drawn.size === 0) {
    await computes().writeDigits("drawn", { files, ...digitCounts });
    for (const name of digitSources) drawn.set(`${name}/data.mdb`, await files.read(`drawn/${name}/data.mdb`));
  }
  for (const [name, bytes] of drawn) await files.write(name, bytes);
}

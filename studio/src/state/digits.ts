/** The built-in data: digits that the page draws itself, into the databases that the example names. */
import { effect } from "@preact/signals";
import { createFiles, type MemoryFiles } from "moka-caffe/worker";
import { sayError } from "./messages.js";
import { computes, isReady } from "./moka.js";
import { addData, dataFiles, netFile } from "./project.js";

/** The sources of the example. */
export const digitSources = ["train_lmdb", "test_lmdb"] as const;
/** Images to train and to test on. */
export const digitCounts = { train: 3000, test: 500 } as const;

/** What was drawn in this visit: it is the same each time. */
let drawn: Promise<readonly (readonly [name: string, bytes: Uint8Array])[]> | undefined;

function draw(): NonNullable<typeof drawn> {
  drawn ??= (async () => {
    const files = createFiles();
    await computes().writeDigits("drawn", { files, ...digitCounts });
    const names = digitSources.map((source) => `${source}/data.mdb`);
    return Promise.all(names.map(async (name) => [name, await files.read(`drawn/${name}`)] as const));
  })();
  return drawn;
}

const namesDigits = (text: string) => digitSources.some((name) => text.includes(`"${name}"`));

/** Draws the digits into `files` where `text` names their databases and `files` has none. */
export async function addDigits(files: MemoryFiles, text: string): Promise<void> {
  const isThere = (await Promise.all(digitSources.map((name) => files.isFolder(name)))).some(Boolean);
  if (!namesDigits(text) || isThere) return;
  for (const [name, bytes] of await draw()) files.add(name, bytes);
}

// A net that names them gets them when the first view is there: its shapes and its lint need them too.
effect(() => {
  const text = netFile.value?.text.value;
  if (!isReady.value || text === undefined || !namesDigits(text)) return;
  if (digitSources.some((source) => dataFiles.peek().some(({ name }) => name.startsWith(`${source}/`)))) return;
  draw().then((files) => {
    for (const [name, bytes] of files) addData(name, new Blob([bytes as Uint8Array<ArrayBuffer>]));
  }, sayError);
});

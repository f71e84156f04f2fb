import { dump } from "npyjs";
import { createFiles } from "#platform";
import { loadArray } from "../tools/arrays.js";
import type { NdArray } from "../util/nd-array.js";

/** Reads the array of each file. */
export async function readArrays(files: Readonly<Record<string, string>>): Promise<Record<string, NdArray>> {
  const arrays: Record<string, NdArray> = {};
  for (const [name, file] of Object.entries(files)) arrays[name] = await loadArray(file);
  return arrays;
}

/** Writes `<folder>/<name>.npy` as float32. Slashes in the name become underscores. */
export async function writeNpy(folder: string, name: string, { shape, data }: NdArray): Promise<void> {
  const files = createFiles();
  await files.makeFolder(folder);
  const path = `${folder}/${name.replaceAll("/", "_")}.npy`;
  await files.write(path, new Uint8Array(dump(data, [...shape], { dtype: "f4" })));
}

import { type FlateError, FlateErrorCode, unzipSync } from "fflate";
import { dump, parse } from "npyjs";
import { createFiles } from "#platform";
import { MokaError, reasonOf } from "../util/errors.js";
import type { NdArray } from "../util/nd-array.js";
import { countOf } from "../util/shape.js";

/** Reads an array from a `.npy` of any number type, or from JSON: nested lists, or `{ "shape": [...], "data": [...] }`. */
export function readArray(path: string): Promise<NdArray> {
  return read(path, (bytes) =>
    path.endsWith(".json") ? fromJson(JSON.parse(new TextDecoder().decode(bytes))) : fromNpy(bytes),
  );
}

/** Reads the array of each file. */
export async function readArrays(files: Readonly<Record<string, string>>): Promise<Record<string, NdArray>> {
  const arrays: Record<string, NdArray> = {};
  for (const [name, file] of Object.entries(files)) arrays[name] = await readArray(file);
  return arrays;
}

/** Reads the arrays of a `.npz` by name: a ZIP of `.npy` files, stored (`numpy.savez`) or deflated (`savez_compressed`). */
export function readNpz(path: string): Promise<Record<string, NdArray>> {
  return read(path, (bytes) => {
    const entries = Object.entries(unzip(bytes));
    return Object.fromEntries(
      entries.map(([file, content]) => [file.replace(/\.npy$/, ""), fromNpy(content, `${file} is`)]),
    );
  });
}

/** Writes `<folder>/<name>.npy` as float32. Slashes in the name become underscores. */
export async function writeNpy(folder: string, name: string, { shape, data }: NdArray): Promise<void> {
  const files = createFiles();
  await files.makeFolder(folder);
  const path = `${folder}/${name.replaceAll("/", "_")}.npy`;
  await files.write(path, new Uint8Array(dump(data, [...shape], { dtype: "f4" })));
}

async function read<T>(path: string, decode: (bytes: Uint8Array) => T): Promise<T> {
  const bytes = await createFiles().read(path);
  try {
    return decode(bytes);
  } catch (error) {
    throw new MokaError("MOKA_DATA", `${path}: ${reasonOf(error)}`, { cause: error });
  }
}

function unzip(bytes: Uint8Array): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes);
  } catch (error) {
    const isZip = (error as FlateError).code !== FlateErrorCode.InvalidZipData;
    throw isZip ? error : new Error("is no .npz: it has no directory of a ZIP");
  }
}

function fromNpy(bytes: Uint8Array, subject = "its values are"): NdArray {
  const { shape, data, fortranOrder } = parse(bytes.slice().buffer);
  if (fortranOrder) throw new Error(`${subject} in Fortran's order; save it with numpy.ascontiguousarray`);
  return checked(shape, Float32Array.from(data as Float64Array, Number));
}

function fromJson(value: unknown): NdArray {
  if (typeof value === "object" && value !== null && "shape" in value && "data" in value) {
    return checked(value.shape as number[], Float32Array.from(value.data as number[]));
  }
  const shape: number[] = [];
  for (let at: unknown = value; Array.isArray(at); at = at[0]) shape.push(at.length);
  const flat = [value].flat(Number.POSITIVE_INFINITY);
  if (flat.length !== countOf(shape) || flat.some((each) => typeof each !== "number")) {
    throw new Error("must be lists of numbers, nested evenly, or an object with shape and data");
  }
  return { shape, data: Float32Array.from(flat as number[]) };
}

function checked(shape: readonly number[], data: Float32Array): NdArray {
  const count = shape.reduce((a, b) => a * b, 1);
  if (data.length !== count) throw new Error(`shape ${shape.join(" ")} has ${count} values, data ${data.length}`);
  return { shape, data };
}

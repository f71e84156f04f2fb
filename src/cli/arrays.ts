import { dump, parse } from "npyjs";
import { createFiles } from "#platform";
import { MokaError, reasonOf } from "../util/errors.js";

/** Reads an array from a `.npy` of any number type, or from JSON: nested lists, or `{ "shape": [...], "data": [...] }`. */
export async function readArray(path: string): Promise<{ shape: readonly number[]; data: Float32Array }> {
  const bytes = await createFiles().read(path);
  try {
    return path.endsWith(".json") ? fromJson(JSON.parse(new TextDecoder().decode(bytes))) : fromNpy(bytes);
  } catch (error) {
    throw new MokaError("MOKA_DATA", `${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Writes `<folder>/<name>.npy` as float32. Slashes in the name become underscores. */
export async function writeNpy(
  folder: string,
  name: string,
  shape: readonly number[],
  data: Float32Array,
): Promise<void> {
  const files = createFiles();
  await files.makeFolder(folder);
  const path = `${folder}/${name.replaceAll("/", "_")}.npy`;
  await files.write(path, new Uint8Array(dump(data, [...shape], { dtype: "f4" })));
}

function fromNpy(bytes: Uint8Array): { shape: readonly number[]; data: Float32Array } {
  const { shape, data, fortranOrder } = parse(bytes.slice().buffer);
  if (fortranOrder) throw new Error("its values are in Fortran's order; save it with numpy.ascontiguousarray");
  return { shape, data: Float32Array.from(data as Float64Array, Number) };
}

function fromJson(value: unknown): { shape: readonly number[]; data: Float32Array } {
  if (typeof value === "object" && value !== null && "shape" in value && "data" in value) {
    const shape = value.shape as number[];
    const data = Float32Array.from(value.data as number[]);
    const count = shape.reduce((a, b) => a * b, 1);
    if (data.length !== count) throw new Error(`shape ${shape.join(" ")} has ${count} values, data ${data.length}`);
    return { shape, data };
  }
  const shape: number[] = [];
  for (let at: unknown = value; Array.isArray(at); at = at[0]) shape.push(at.length);
  const flat = Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value];
  const count = shape.reduce((a, b) => a * b, 1);
  if (flat.length !== count || flat.some((each) => typeof each !== "number")) {
    throw new Error("must be lists of numbers, nested evenly, or an object with shape and data");
  }
  return { shape, data: Float32Array.from(flat as number[]) };
}

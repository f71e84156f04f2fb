import { type FlateError, FlateErrorCode, unzipSync } from "fflate";
import { parse } from "npyjs";
import { type FilesOptions, openFiles } from "../platform/open-files.js";
import { blobShape, blobValues, readBlobProto } from "../proto/binary/index.js";
import { formatStart, maxDeflateRatio } from "../util/bytes.js";
import { MokaError, reasonOf } from "../util/errors.js";
import { type FileSource, readSource, sourceName } from "../util/files.js";
import type { NdArray } from "../util/nd-array.js";
import { countOf } from "../util/shape.js";

/**
 * Reads an array, as float32: from a `.npy` of any number type; from Caffe's `.binaryproto`; or from JSON, as nested lists or
 * `{ "shape": [...], "data": [...] }`.
 *
 * @param source the file's path or address, its bytes, or a `Blob`
 * @throws MokaError `MOKA_FILE` if it cannot be read, `MOKA_DATA` or `MOKA_PARSE` if it is damaged
 * @example
 * ```ts
 * const { shape, data } = await loadArray("pixels.npy");
 * console.log(shape, data.length); // [ 1, 3, 8, 8 ] 192
 * ```
 */
export async function loadArray(source: FileSource, options: FilesOptions = {}): Promise<NdArray> {
  return (await read(source, options)).array;
}

/**
 * Reads a mean to subtract from images, as `loadArray` does. The batch axis that a `.binaryproto` has is left out.
 *
 * @returns channels × height × width, or whatever the file holds
 * @example
 * ```ts
 * const mean = await loadMean("mean.binaryproto");
 * console.log(mean.shape); // [ 3, 8, 8 ]
 * ```
 */
export async function loadMean(source: FileSource, options: FilesOptions = {}): Promise<NdArray> {
  const { array, kind } = await read(source, options);
  return kind === "binaryproto" ? { ...array, shape: array.shape.slice(-3) } : array;
}

/**
 * Reads the arrays of a `.npz` by name: a ZIP of `.npy` files, stored (`numpy.savez`) or deflated (`savez_compressed`).
 *
 * @example
 * ```ts
 * const { images, labels } = await loadArrays("batch.npz");
 * console.log(images.shape, labels.shape); // [ 4, 3, 8, 8 ] [ 4 ]
 * ```
 */
export async function loadArrays(source: FileSource, options: FilesOptions = {}): Promise<Record<string, NdArray>> {
  const bytes = await readSource(openFiles(options), source);
  return attempt(source, () => {
    const entries = Object.entries(unzip(bytes));
    return Object.fromEntries(
      entries.map(([file, content]) => [file.replace(/\.npy$/, ""), fromNpy(content, `${file} is`)]),
    );
  });
}

/** Whether a file is a ZIP, as a `.npz` is. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b; // PK
}

type Kind = "npy" | "json" | "binaryproto";

async function read(source: FileSource, options: FilesOptions): Promise<{ array: NdArray; kind: Kind }> {
  const bytes = await readSource(openFiles(options), source);
  const kind = kindOf(sourceName(source) ?? "", bytes);
  return { kind, array: attempt(source, () => readers[kind](bytes, nameOf(source))) };
}

const readers: Readonly<Record<Kind, (bytes: Uint8Array, name: string) => NdArray>> = {
  npy: (bytes) => fromNpy(bytes),
  json: (bytes) => fromJson(JSON.parse(new TextDecoder().decode(bytes))),
  binaryproto(bytes, name) {
    const blob = readBlobProto(bytes, name);
    return checked(blobShape(blob), blobValues(blob).data);
  },
};

/** The format, by the file's extension; without one that is known, by its first byte. */
function kindOf(name: string, bytes: Uint8Array): Kind {
  const [, extension] = /\.(npy|json|binaryproto)(?:$|\?)/i.exec(name) ?? [];
  if (extension) return extension.toLowerCase() as Kind;
  if (bytes[0] === 0x93) return "npy"; // \x93NUMPY
  return /[[{]/.test(String.fromCharCode(bytes[0] ?? 0)) ? "json" : "binaryproto";
}

function attempt<T>(source: FileSource, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof MokaError) throw error;
    throw new MokaError("MOKA_DATA", `${nameOf(source)}: ${reasonOf(error)}`, { cause: error });
  }
}

function nameOf(source: FileSource): string {
  return sourceName(source) ?? "the array";
}

/** Unzips. The library allocates what a ZIP announces, so a size that no ZIP of these bytes can hold is an error before. */
function unzip(bytes: Uint8Array): Record<string, Uint8Array> {
  let left = bytes.length * maxDeflateRatio;
  try {
    return unzipSync(bytes, {
      filter({ name, originalSize }) {
        left -= originalSize;
        if (left < 0)
          throw new Error(`${name} has ${originalSize} bytes, which no file of ${bytes.length} bytes can hold`);
        return true;
      },
    });
  } catch (error) {
    const isDamagedZip = (error as FlateError).code !== FlateErrorCode.InvalidZipData;
    throw isDamagedZip ? error : new Error("is no .npz: it has no directory of a ZIP");
  }
}

function fromNpy(bytes: Uint8Array, subject = "its values are"): NdArray {
  if (String.fromCharCode(...bytes.subarray(1, 6)) !== "NUMPY") throw new Error(`no .npy: ${formatStart(bytes)}`);
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

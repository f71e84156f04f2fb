import type { Dataset, File as Hdf5File } from "h5wasm";
import { maxDeflateRatio } from "../util/bytes.js";
import { check, MokaError } from "../util/errors.js";
import { turnIfDue } from "../util/event-loop.js";
import { type ByteSource, bytesSource } from "../util/files.js";
import { halfsToFloats } from "../util/half.js";
import { checkShape, countOf, formatShape, type Shape } from "../util/shape.js";
import { type Hdf5Library, hdf5Reason, withHdf5 } from "./hdf5-library.js";

/** Numbers in an HDF5 file: floats of half, single or double precision, or integers of 1, 2, 4 or 8 bytes. */
export interface Hdf5Array {
  readonly shape: Shape;
  readonly data: Float32Array | Int32Array;
}

/** A dataset: numbers, or a string. */
export type Hdf5Value = Hdf5Array | string;

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]; // \x89HDF\r\n\x1a\n

/** The fields used here of a file in the library's file system; the library's types lack them. */
interface FileNode {
  contents: unknown;
  usedBytes?: number;
  stream_ops?: {
    read(stream: unknown, buffer: Int8Array, offset: number, length: number, position: number): number;
  };
}

/**
 * Reads all datasets of an HDF5 file, by path: `data`, `history/0`. Integers of at most 32 bits become an
 * Int32Array, all other numbers a Float32Array, as in Caffe. Datasets of other types are left out.
 *
 * The first call loads the HDF5 library.
 * @throws MokaError MOKA_DATA if it is not an HDF5 file, or damaged
 */
export async function readHdf5(bytes: Uint8Array, name = "HDF5 file"): Promise<Map<string, Hdf5Value>> {
  return (await readHdf5Tree(bytes, name)).datasets;
}

/** The content of an HDF5 file. */
export interface Hdf5Content<Value> {
  readonly datasets: Map<string, Value>;
  /** The datasets that are not read, by path, with what they hold: "strings". */
  readonly others: Map<string, string>;
}

/** Like `readHdf5`, with the paths of all groups, even those without datasets, and of all that is not read. */
export async function readHdf5Tree(
  bytes: Uint8Array,
  name = "HDF5 file",
): Promise<Hdf5Content<Hdf5Value> & { groups: Set<string> }> {
  const datasets = new Map<string, Hdf5Value>();
  const others = new Map<string, string>();
  const groups = new Set<string>();
  await visit(bytesSource(bytes), name, (link, entity, { library: { Dataset, Group }, module }) => {
    if (entity instanceof Group) groups.add(link);
    if (!(entity instanceof Dataset)) return;
    const value = readDataset(entity, `${name}: dataset ${link}`, bytes.length, module);
    if (value === undefined) others.set(link, describeElements(entity.metadata));
    else datasets.set(link, value);
  });
  return { datasets, others, groups };
}

/** The shapes of the datasets of numbers, by path. Reads the headers of the file, not its values. */
export async function readHdf5Shapes(source: ByteSource, name: string): Promise<Hdf5Content<{ shape: Shape }>> {
  const datasets = new Map<string, { shape: Shape }>();
  const others = new Map<string, string>();
  await visit(source, name, (link, entity, { library: { Dataset } }) => {
    if (!(entity instanceof Dataset)) return;
    const { shape, type } = entity.metadata;
    if (shape && type !== string && isReadable(entity)) datasets.set(link, { shape });
    else others.set(link, describeElements(entity.metadata));
  });
  return { datasets, others };
}

/** Calls `see` for all datasets and groups of a file. The library reads a part of the file when it needs it. */
async function visit(
  source: ByteSource,
  name: string,
  see: (link: string, entity: ReturnType<Hdf5File["get"]>, hdf5: Hdf5Library) => void,
): Promise<void> {
  check(source.size > 0, "MOKA_DATA", `${name}: the file is empty, no HDF5 file`);
  await withHdf5(async (hdf5) => {
    const { library, module, path, call } = hdf5;
    module.FS.writeFile(path, new Uint8Array(0));
    const node: FileNode = module.FS.lookupPath(path, {}).node;
    node.usedBytes = source.size;
    node.stream_ops = {
      ...node.stream_ops,
      read: (_stream, buffer, offset, length, position) => {
        const bytes = source.read(position, length);
        buffer.set(bytes, offset);
        return bytes.length;
      },
    };
    let file: Hdf5File | undefined;
    try {
      const opened = call(() => new library.File(path, "r"));
      file = opened;
      for (const link of call(() => opened.paths())) {
        call(() => see(link, opened.get(link), hdf5));
        await turnIfDue();
      }
    } catch (error) {
      if (error instanceof MokaError) throw error;
      throw new MokaError("MOKA_DATA", `${name}: not an HDF5 file, or damaged: ${hdf5Reason(error)}`, { cause: error });
    } finally {
      closeQuietly(file, hdf5);
    }
  });
}

/** A damaged file may fail to close; the error that was thrown before is the one that counts. */
function closeQuietly(file: Hdf5File | undefined, { call }: Hdf5Library): void {
  try {
    call(() => file?.close());
  } catch {}
}

/** Whether `bytes` start with the signature of HDF5. */
export function isHdf5(bytes: Uint8Array): boolean {
  return signature.every((byte, i) => bytes[i] === byte);
}

/** The numbers of a dataset in single precision, as in Caffe's blobs. */
export function floatsOf({ data }: Hdf5Array): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data);
}

/**
 * The bytes of an HDF5 file with these datasets, by path, in the groups that the paths name. The groups of
 * `groups` are made even if they have no datasets.
 */
export async function writeHdf5(
  content: Readonly<Record<string, Hdf5Value>> | ReadonlyMap<string, Hdf5Value>,
  groups: readonly string[] = [],
): Promise<Uint8Array> {
  return withHdf5(async ({ library, module, path, call }) => {
    try {
      const file = call(() => new library.File(path, "w"));
      try {
        for (const group of groups) call(() => makeGroups(file, group.split("/")));
        for (const [link, value] of content instanceof Map ? content : Object.entries(content)) {
          call(() => {
            makeGroups(file, link.split("/").slice(0, -1));
            writeDataset(file, link, value);
          });
          await turnIfDue();
        }
      } finally {
        call(() => file.close());
      }
      return module.FS.readFile(path);
    } catch (error) {
      if (error instanceof MokaError) throw error;
      throw new MokaError("MOKA_FILE", `the HDF5 file cannot be made: ${hdf5Reason(error)}`, { cause: error });
    }
  });
}

/** HDF5's codes for the classes of element types that can be read. */
const integer = 0;
const float = 1;
const string = 3;

function isReadable({ metadata: { type, size } }: Dataset): boolean {
  if (type === integer) return [1, 2, 4, 8].includes(size);
  return type === string || (type === float && [2, 4, 8].includes(size));
}

/** What the elements of a dataset are, for an error. */
function describeElements({ type, size, shape, enum_type: enumeration }: Dataset["metadata"]): string {
  if (shape === null) return "nothing: its dataspace is empty";
  if (type === integer || type === float) return `${type === integer ? "integers" : "floats"} of ${size * 8} bits`;
  const names = Object.keys(enumeration?.members ?? {})
    .sort()
    .join(", ");
  if (names !== "") return names === "FALSE, TRUE" ? "bools" : `an enumeration (${names})`;
  return otherClasses[type] ?? `elements of class ${type}`;
}

/** The element types that are not read, by HDF5's code for their class. */
const otherClasses: Readonly<Record<number, string>> = {
  2: "times",
  3: "strings",
  4: "bit fields",
  5: "opaque elements",
  6: "compound elements",
  7: "references",
  8: "an enumeration",
  9: "lists of different lengths",
  10: "arrays",
};

function readDataset(
  dataset: Dataset,
  what: string,
  fileSize: number,
  module: Hdf5Library["module"],
): Hdf5Value | undefined {
  const { shape, type, size, signed, total_size: count, vlen } = dataset.metadata;
  if (shape === null || !isReadable(dataset)) return undefined;
  check(
    vlen || count * size <= fileSize * maxDeflateRatio,
    "MOKA_DATA",
    `${what} has ${formatShape(shape)} values, which no file of ${fileSize} bytes can hold`,
  );
  if (type === string) return shape.length === 0 ? String(dataset.value) : undefined;
  checkShape(shape);
  if (type === float && size === 2) return { shape, data: halfsToFloats(readHalfs(dataset, module)) };
  const values = arrayOf(dataset.value);
  const isInt32 = type === integer && (size < 4 || (size === 4 && signed));
  if (isInt32) return { shape, data: values instanceof Int32Array ? values : Int32Array.from(values, Number) };
  return { shape, data: values instanceof Float32Array ? values : Float32Array.from(values, Number) };
}

/** The bits of values in half precision, which the library reads into its memory, but makes no numbers of. */
function readHalfs(
  { file_id, path, metadata: { total_size: count } }: Dataset,
  module: Hdf5Library["module"],
): Uint16Array {
  const address = module._malloc(Math.max(1, 2 * count));
  try {
    module.get_dataset_data(file_id, path, null, null, null, BigInt(address));
    return new Uint16Array(module.HEAPU8.slice(address, address + 2 * count).buffer);
  } finally {
    module._free(address);
  }
}

/** The values as an array: the library returns a scalar as a number. */
function arrayOf(value: unknown): Float32Array | Int32Array | ArrayLike<number | bigint> {
  if (ArrayBuffer.isView(value)) return value as Float32Array | Int32Array;
  return [value as number | bigint];
}

function writeDataset(file: Hdf5File, path: string, value: Hdf5Value): void {
  if (typeof value === "string") {
    // A string in C's form: its bytes and a zero.
    const length = new TextEncoder().encode(value).length + 1;
    file.create_dataset({ name: path, data: value, shape: [], dtype: `S${length}` });
    return;
  }
  const { shape, data } = value;
  check(
    data.length === countOf(shape),
    "MOKA_USAGE",
    `dataset ${path}: ${data.length} values do not fill ${formatShape(shape)}`,
  );
  file.create_dataset({ name: path, data, shape: [...shape] });
}

function makeGroups(file: Hdf5File, parts: readonly string[]): void {
  for (let depth = 1; depth <= parts.length; depth++) {
    const path = parts.slice(0, depth).join("/");
    if (path !== "" && file.get(path) === null) file.create_group(path);
  }
}

import type { Dataset, File as Hdf5File } from "h5wasm";
import { check, MokaError, reasonOf } from "../util/errors.js";
import { type ByteSource, bytesSource } from "../util/files.js";
import { checkShape, countOf, formatShape, type Shape } from "../util/shape.js";

/** Numbers in an HDF5 file: floats of any precision, or integers. */
export interface Hdf5Array {
  readonly shape: Shape;
  readonly data: Float32Array | Int32Array;
}

/** A dataset: numbers, or a string. */
export type Hdf5Value = Hdf5Array | string;

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]; // \x89HDF\r\n\x1a\n

type Library = Awaited<ReturnType<typeof load>>["library"];

/** The fields used here of a file in the library's file system; the library's types lack them. */
interface FileNode {
  contents: unknown;
  usedBytes?: number;
  stream_ops?: {
    read(stream: unknown, buffer: Int8Array, offset: number, length: number, position: number): number;
  };
}

/** More bytes than `deflate` can make of one byte: a file that announces more is damaged. */
const maxCompressionRatio = 1100;

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

/** Like `readHdf5`, with the paths of all groups, even those without datasets. */
export async function readHdf5Tree(
  bytes: Uint8Array,
  name = "HDF5 file",
): Promise<{ datasets: Map<string, Hdf5Value>; groups: Set<string> }> {
  const datasets = new Map<string, Hdf5Value>();
  const groups = new Set<string>();
  await visit(bytesSource(bytes), name, (link, entity, { Dataset, Group }) => {
    if (entity instanceof Group) groups.add(link);
    if (!(entity instanceof Dataset)) return;
    const value = readDataset(entity, `${name}: dataset ${link}`, bytes.length);
    if (value !== undefined) datasets.set(link, value);
  });
  return { datasets, groups };
}

/** The shapes of the datasets of numbers, by path. Reads the headers of the file, not its values. */
export async function readHdf5Shapes(source: ByteSource, name: string): Promise<Map<string, { shape: Shape }>> {
  const shapes = new Map<string, { shape: Shape }>();
  await visit(source, name, (link, entity, { Dataset }) => {
    if (!(entity instanceof Dataset)) return;
    const { shape, type } = entity.metadata;
    if (shape && type !== string && isReadable(entity)) shapes.set(link, { shape });
  });
  return shapes;
}

/** Calls `see` for all datasets and groups of a file. The library reads a part of the file when it needs it. */
async function visit(
  source: ByteSource,
  name: string,
  see: (link: string, entity: ReturnType<Hdf5File["get"]>, library: Library) => void,
): Promise<void> {
  const { library, module } = await load();
  const path = temporaryPath();
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
    file = new library.File(path, "r");
    for (const link of file.paths()) see(link, file.get(link), library);
  } catch (error) {
    if (error instanceof MokaError) throw error;
    throw new MokaError("MOKA_DATA", `${name}: not an HDF5 file, or damaged: ${rootCause(error)}`, { cause: error });
  } finally {
    closeQuietly(file);
    module.FS.unlink(path);
  }
}

/** A damaged file may fail to close; the error that was thrown before is the one that counts. */
function closeQuietly(file: Hdf5File | undefined): void {
  try {
    file?.close();
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
  const { library, module } = await load();
  const path = temporaryPath();
  try {
    const file = new library.File(path, "w");
    try {
      for (const group of groups) makeGroups(file, group.split("/"));
      for (const [link, value] of content instanceof Map ? content : Object.entries(content)) {
        makeGroups(file, link.split("/").slice(0, -1));
        writeDataset(file, link, value);
      }
    } finally {
      file.close();
    }
    return module.FS.readFile(path);
  } catch (error) {
    if (error instanceof MokaError) throw error;
    throw new MokaError("MOKA_FILE", `the HDF5 file cannot be made: ${rootCause(error)}`, { cause: error });
  } finally {
    if (module.FS.analyzePath(path).exists) module.FS.unlink(path);
  }
}

/** HDF5's codes for the classes of element types that can be read. */
const integer = 0;
const float = 1;
const string = 3;

function isReadable({ metadata: { type, size } }: Dataset): boolean {
  return type === integer || type === string || (type === float && (size === 4 || size === 8));
}

function readDataset(dataset: Dataset, what: string, fileSize: number): Hdf5Value | undefined {
  const { shape, type, size, signed, total_size: count, vlen } = dataset.metadata;
  if (shape === null || !isReadable(dataset)) return undefined;
  check(
    vlen || count * size <= fileSize * maxCompressionRatio,
    "MOKA_DATA",
    `${what} has ${formatShape(shape)} values, which no file of ${fileSize} bytes can hold`,
  );
  if (type === string) return shape.length === 0 ? String(dataset.value) : undefined;
  checkShape(shape);
  const values = arrayOf(dataset.value);
  const isInt32 = type === integer && (size < 4 || (size === 4 && signed));
  if (isInt32) return { shape, data: values instanceof Int32Array ? values : Int32Array.from(values, Number) };
  return { shape, data: values instanceof Float32Array ? values : Float32Array.from(values, Number) };
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

/** Sets the library to throw its errors, which it would otherwise write to the console. */
async function load() {
  const reason = "HDF5 needs WebAssembly, which is switched off here (node --jitless does that)";
  check("WebAssembly" in globalThis, "MOKA_UNSUPPORTED", reason);
  const library = await import("h5wasm");
  const module = await library.ready;
  try {
    module.activate_throwing_error_handler();
  } catch (error) {
    // The library loses a part of its stack with each error that it throws.
    const reason = "the HDF5 library has stopped working, after thousands of damaged files: start the program anew";
    throw new MokaError("MOKA_DATA", reason, { cause: error });
  }
  return { library, module };
}

let files = 0;

/** A new path: all files share one file system in memory. */
function temporaryPath(): string {
  files += 1;
  return `/moka-${files}.h5`;
}

/** The last, innermost cause in the library's message: `… in H5F__super_read(): file signature not found`. */
function rootCause(error: unknown): string {
  const reasons = [...reasonOf(error).matchAll(/ in \w+\(\): (.*)/g)];
  return reasons.at(-1)?.[1] ?? reasonOf(error);
}

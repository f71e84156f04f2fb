/** Files that were dropped or chosen: what each is, by its content and its name, and who takes it. */
import { texts } from "../settings.js";
import { say, sayError } from "./messages.js";
import { addData, openText } from "./project.js";

/** What a dropped file is. `image` is one that is looked at alone; images in folders are data. */
export type FileKind =
  | "prototxt"
  | "weights"
  | "solverstate"
  | "image"
  | "log"
  | "idx"
  | "lmdb"
  | "hdf5"
  | "folder"
  | "onnx";

/** A file and its path below what was dropped. */
export interface ReceivedFile {
  readonly path: string;
  readonly file: File;
}

/** Takes all files of its kind that came at once. */
type Handler = (files: readonly ReceivedFile[]) => void | Promise<void>;

const handlers = new Map<FileKind, Set<Handler>>();

/** Has `handler` called with dropped files of this kind. Returns a function that ends this. */
export function whenReceived(kind: FileKind, handler: Handler): () => void {
  const all = handlers.get(kind) ?? new Set();
  handlers.set(kind, all.add(handler));
  return () => void all.delete(handler);
}

/** A text above this is no prototxt or log that anyone reads, in bytes. */
const largestText = 64 << 20;
/** A file above this does not fit beside a net in a page's memory, in bytes. */
const largestFile = 2 ** 31 - 1;

const t = texts(
  {
    unknown: (name: string) =>
      `${name}: no file that Moka knows. It takes prototxt, caffemodel, solverstate, IDX, LMDB, HDF5, ONNX, images and logs.`,
    large: (name: string, size: string) =>
      `${name} has ${size}: more than a page can load (2 GB). Use the command line: moka stats, moka fold, moka export.`,
    longText: (name: string, size: string) => `${name} has ${size}: too long for the editor (64 MB).`,
    unused: (name: string) => `${name}: nothing on this page takes this file now.`,
  },
  {
    unknown: (name: string) =>
      `${name}：不是 Moka 认识的文件。可用的有 prototxt、caffemodel、solverstate、IDX、LMDB、HDF5、ONNX、图像和日志。`,
    large: (name: string, size: string) =>
      `${name} 有 ${size}：超过网页能加载的大小（2 GB）。请用命令行：moka stats、moka fold、moka export。`,
    longText: (name: string, size: string) => `${name} 有 ${size}：对编辑器来说太长（64 MB）。`,
    unused: (name: string) => `${name}：页面上目前没有使用它的地方。`,
  },
);

/** Takes what a drop or a file input has. */
export async function receive(source: DataTransfer | { readonly files: Iterable<File> }): Promise<void> {
  const isDrop = "items" in source;
  try {
    // Entries are readable only while the event is handled, so they are all taken at once.
    const entries = isDrop ? [...source.items].map((item) => item.webkitGetAsEntry()) : [];
    const loose = isDrop ? [] : [...source.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
    const files = isDrop
      ? entries.some((entry) => entry !== null)
        ? (await Promise.all(entries.map((entry) => filesOf(entry)))).flat()
        : [...source.files].map((file) => ({ path: file.name, file }))
      : loose;
    await take(files);
  } catch (error) {
    sayError(error);
  }
}

async function take(files: readonly ReceivedFile[]): Promise<void> {
  const kinds = new Map<FileKind, ReceivedFile[]>();
  for (const received of files) {
    const { path, file } = received;
    if (file.size > largestFile) {
      say("error", t().large(path, size(file)));
      continue;
    }
    const kind = await kindOf(received);
    if (kind === undefined) {
      say("error", t().unknown(path));
      continue;
    }
    kinds.set(kind, [...(kinds.get(kind) ?? []), received]);
  }
  for (const [kind, all] of kinds) {
    if (kind === "prototxt") await openTexts(all);
    if (kind === "weights" || kind === "solverstate") for (const { file } of all) addData(file.name, file);
    const taking = [...(handlers.get(kind) ?? [])];
    if (taking.length === 0 && kind !== "prototxt") for (const { path } of all) say("warning", t().unused(path));
    for (const handler of taking) {
      try {
        await handler(all);
      } catch (error) {
        sayError(error, all[0]?.path);
      }
    }
  }
}

async function openTexts(files: readonly ReceivedFile[]): Promise<void> {
  for (const { file } of files) {
    if (file.size > largestText) say("error", t().longText(file.name, size(file)));
    else openText(file.name, await file.text());
  }
}

const imageName = /\.(?:jpe?g|png|bmp|p[bgpn]m)$/i;

/** What a file is; undefined if nothing on the page knows it. */
export async function kindOf({ path, file }: ReceivedFile): Promise<FileKind | undefined> {
  const head = new Uint8Array(await file.slice(0, 4096).arrayBuffer());
  const name = file.name.toLowerCase();
  if (imageName.test(name)) return path.includes("/") ? "folder" : "image";
  if (name.endsWith(".onnx")) return "onnx";
  if (/\.solverstate(?:\.h5)?$/.test(name)) return "solverstate";
  if (/\.caffemodel(?:\.h5)?$/.test(name)) return "weights";
  if (isHdf5(head)) return "hdf5";
  if (name.endsWith(".mdb")) return name === "lock.mdb" ? "folder" : "lmdb";
  if (head[0] === 0 && head[1] === 0 && (head[2] ?? 0) >= 8 && (head[2] ?? 0) <= 14) return "idx";
  const text = new TextDecoder().decode(head);
  const isText = !text.includes("\0");
  if (isText && /^[IWEF]\d{4} \d\d:\d\d:\d\d/m.test(text)) return "log";
  if (isText && (/\.(?:proto(?:txt)?|pbtxt|pt|cfg|txt)$/.test(name) || /^\s*(?:name|layers?|net|input)\b/m.test(text)))
    return "prototxt";
  if (/\.log$/.test(name) && isText) return "log";
  return undefined;
}

function isHdf5(head: Uint8Array): boolean {
  return [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a].every((byte, i) => head[i] === byte);
}

function size({ size }: Blob): string {
  return size >= 1e9 ? `${(size / 1e9).toFixed(1)} GB` : `${(size / 1e6).toFixed(1)} MB`;
}

/** The most files of a dropped folder. */
const mostFiles = 100_000;

async function filesOf(entry: FileSystemEntry | null): Promise<readonly ReceivedFile[]> {
  if (!entry) return [];
  const found: ReceivedFile[] = [];
  const open = [entry];
  for (let next = open.pop(); next && found.length < mostFiles; next = open.pop()) {
    const path = next.fullPath.replace(/^\//, "");
    if (next.isFile) found.push({ path, file: await fileOf(next as FileSystemFileEntry) });
    else open.push(...(await childrenOf(next as FileSystemDirectoryEntry)));
  }
  return found;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function childrenOf(entry: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = entry.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    // A call gives at most 100 entries, and none at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

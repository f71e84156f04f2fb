import { constants } from "node:fs";
import { access, mkdir, open, readdir, readFile, realpath, rename, stat, unlink, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import type { ByteSource, Files } from "../../util/files.js";
import { fileError, systemCode } from "./file-error.js";
import { hasEnded, processMark } from "./process-mark.js";
import { maxTransfer, openSource } from "./source.js";

/** The file system of this machine; relative paths start from the working directory. */
export function createFiles(): Files {
  return new NodeFiles();
}

class NodeFiles implements Files {
  async resolve(path: string, from?: string): Promise<string> {
    if (from === undefined || isAbsolute(path) || (await exists(path))) return path;
    const beside = join(dirname(from), path);
    return (await exists(beside)) ? beside : path;
  }

  async read(path: string): Promise<Uint8Array> {
    return attempt(path, "read", async () => {
      const found = await stat(path);
      if (found.isCharacterDevice()) return readDevice(path);
      const hasSize = found.isFile() && found.size > 0; // pipes and similar files have no size
      return hasSize ? await readAll(path, found.size) : new Uint8Array(await readFile(path));
    });
  }

  async readText(path: string): Promise<string> {
    return new TextDecoder().decode(await this.read(path));
  }

  async open(path: string): Promise<ByteSource> {
    return attempt(path, "open", async () => openSource(path));
  }

  async write(path: string, chunks: Uint8Array | readonly Uint8Array[]): Promise<void> {
    const pieces = chunks instanceof Uint8Array ? [chunks] : chunks;
    await attempt(path, "write", async () => {
      const target = await realpath(path).catch(() => path); // a symbolic link is not replaced, but the file it names
      const existing = await stat(target).catch(() => undefined);
      if (existing) await checkWritable(target, existing.mode);
      if (existing && !existing.isFile()) await writeInto(target, pieces, "w");
      else await replace(target, pieces);
    });
  }

  async probe(path: string, { readOnly = false } = {}): Promise<void> {
    await attempt(path, "write", async () => {
      if (await this.isFolder(path)) throw fileError("write", path, new Error("it is a folder"));
      const existing = await stat(path).catch(() => undefined);
      if (existing) await checkWritable(path, existing.mode);
      if (readOnly) return access(`${dirname(path)}/.`);
      const temporary = temporaryBeside(path);
      await writeInto(temporary, [], "wx");
      await unlink(temporary);
    });
  }

  async makeFolder(path: string): Promise<void> {
    await attempt(path, "create", async () => makeFolders(path));
  }

  async isFolder(path: string): Promise<boolean> {
    return attempt(path, "look at", async () => {
      try {
        return (await stat(path)).isDirectory();
      } catch (error) {
        if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return false;
        throw error;
      }
    });
  }

  exists(path: string): Promise<boolean> {
    return exists(path);
  }

  async list(path: string): Promise<string[]> {
    return attempt(path, "read", async () => (await readdir(path)).sort());
  }
}

/** Node's own `recursive` never ends where a folder cannot be made although its parent is there, as in /proc. */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const parent = dirname(path);
    if (systemCode(error) === "ENOENT" && !(await exists(parent))) {
      await makeFolders(parent);
      return makeFolders(path);
    }
    const existing = await stat(path).catch(() => undefined);
    if (!existing?.isDirectory()) throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function readAll(path: string, size: number): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
    let filled = 0;
    while (filled < size) {
      const { bytesRead } = await file.read(bytes, filled, Math.min(size - filled, maxTransfer), null);
      if (bytesRead === 0) break; // the file ends, perhaps because it has become shorter
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await file.close();
  }
}

/** The most bytes that are read from a device. */
const maxDevice = 1 << 20;

/** Reads a terminal or `/dev/null`. Other devices, as `/dev/zero`, never end. */
async function readDevice(path: string): Promise<Uint8Array> {
  const bytes = await readAll(path, maxDevice);
  if (bytes.length === maxDevice) throw new Error("it is a device that does not end");
  return bytes;
}

/**
 * Throws for a file that was made read-only. Renaming another file to its name would replace it all the same, and whoever has
 * all rights could write into it.
 */
async function checkWritable(path: string, mode: number): Promise<void> {
  if ((mode & 0o222) === 0) throw new Error("the file is read-only");
  await access(path, constants.W_OK);
}

/** A name without that of `path`: no pattern for snapshots matches a file that a killed process left. */
function temporaryBeside(path: string): string {
  const name = Math.random().toString(36).slice(2); // not of crypto, which some Node lacks and which is slow to load
  return join(dirname(path), `.moka-${processMark()}-${name}.tmp`);
}

/** When this process last looked what others had left in a folder, in ms. */
const tidied = new Map<string, number>();

/** Removes the temporary files of processes that were killed. It looks at most once a second: many files may be written. */
async function removeLeft(folder: string): Promise<void> {
  const now = performance.now();
  if (now - (tidied.get(folder) ?? Number.NEGATIVE_INFINITY) < 1000) return;
  tidied.set(folder, now);
  for (const name of await readdir(folder)) {
    const mark = /^\.moka-(.+)-[0-9a-z]+\.tmp$/.exec(name)?.[1];
    if (mark !== undefined && hasEnded(mark)) await unlink(join(folder, name));
  }
}

/** Writes a new file, and renames it to `path`. */
async function replace(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  await removeLeft(dirname(path)).catch(() => {}); // what cannot be removed is in nobody's way
  const temporary = temporaryBeside(path);
  try {
    await writeInto(temporary, chunks, "wx");
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {}); // the first error is the one that counts
    throw error;
  }
}

async function writeInto(path: string, chunks: readonly Uint8Array[], flags: "w" | "wx"): Promise<void> {
  const file = await open(path, flags);
  try {
    await writeFile(file, chunks);
    if (flags === "wx") await file.sync();
  } finally {
    await file.close();
  }
}

/** Runs `work`; an error of the operating system becomes a MokaError. */
async function attempt<T>(path: string, verb: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(verb, path, error);
  }
}

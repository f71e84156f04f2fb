/** The files that a page of Moka Studio gets of this machine: the text that was asked for, and the files that it names. */
import { createHash } from "node:crypto";
import { readFile, realpath, stat } from "node:fs/promises";
import { createFiles } from "#platform";
import { isSolver } from "../../lint/read-solver.js";
import { Source } from "../../lint/source.js";
import { parseNet, parseSolver } from "../../proto/text/index.js";
import { netFilesOf } from "../../solvers/solver-nets.js";
import { check } from "../../util/errors.js";
import type { Files } from "../../util/files.js";

/** A file that the page may read, and write if it is a text. */
export interface ProjectFile {
  /** As the prototxt names it. */
  readonly name: string;
  readonly path: string;
  readonly kind: "text" | "data";
  /** In bytes. */
  readonly size: number;
}

export interface Project {
  readonly files: readonly ProjectFile[];
  /** The name of the text that is shown first. */
  readonly active: string | undefined;
  /** What the texts name and the page does not get, with the reason. */
  readonly left: readonly string[];
}

/** The most bytes of all data together: a page keeps them in its memory. */
const mostBytes = 2 ** 30;

/** Fields that name files: `source`, `mean_file`, `net`, `weights`, … */
const namesFile = /(?:source|file|net|weights|folder)$/i;

/**
 * The project of a net or a solver, with weights that were named beside it.
 *
 * @throws MokaError `MOKA_FILE` for a text that cannot be read, `MOKA_USAGE` for weights that are no file
 */
export async function projectOf(paths: readonly string[], weights: readonly string[]): Promise<Project> {
  const files = createFiles();
  const found = new Map<string, ProjectFile>();
  const left: string[] = [];
  const known = new Set<string>();
  const add = async (name: string, path: string, kind: ProjectFile["kind"]) => {
    // A net that was named by the solver too is one file.
    const at = await realpath(path);
    if (known.has(at)) return;
    known.add(at);
    if (!found.has(name)) found.set(name, { name, path, kind, size: (await stat(path)).size });
  };
  for (const path of paths) {
    const text = await files.readText(path);
    await add(path, path, "text");
    const nets = await netsIn(text, path, files);
    for (const [name, netPath] of nets) await add(name, netPath, "text");
    const texts = [
      [path, text] as const,
      ...(await Promise.all(nets.map(async ([, at]) => [at, await files.readText(at)] as const))),
    ];
    for (const [from, content] of texts) {
      for (const name of namesIn(content)) await addData(name, from, files, add, left);
    }
  }
  for (const name of weights) {
    const isFile = (await files.exists(name)) && !(await files.isFolder(name));
    check(isFile, "MOKA_USAGE", `--weights: there is no file ${JSON.stringify(name)}`);
    await add(name, name, "data");
  }
  const kept = fitting([...found.values()], left);
  return { files: kept, active: paths[0], left };
}

async function netsIn(
  text: string,
  path: string,
  files: Files,
): Promise<readonly (readonly [name: string, path: string])[]> {
  if (!isSolver(new Source(text, path))) return [];
  const names = netFilesOf(parseSolver(text).message);
  const found = await Promise.all(names.map(async (name) => [name, await files.resolve(name, path)] as const));
  const there = await Promise.all(found.map(async ([, at]) => files.exists(at)));
  return found.filter((_, i) => there[i]);
}

/** The values of all fields of a text that name files. */
function namesIn(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  const open: unknown[] = [parseNet(text).message, parseSolver(text).message];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== "object" || next === null || ArrayBuffer.isView(next)) continue;
    for (const [key, value] of Object.entries(next)) {
      const values: readonly unknown[] = Array.isArray(value) ? value : [value];
      for (const each of values) {
        if (typeof each === "string" && namesFile.test(key) && each !== "") names.add(each);
        else open.push(each);
      }
    }
  }
  return names;
}

type Add = (name: string, path: string, kind: ProjectFile["kind"]) => Promise<void>;

/** A database, a file, or a list of files, each under the name that Moka will look for. */
async function addData(name: string, from: string, files: Files, add: Add, left: string[]): Promise<void> {
  const path = await files.resolve(name, from);
  if (!(await files.exists(path))) return;
  if (!(await files.isFolder(path))) {
    if (/\.prototxt$/.test(path)) return;
    await add(name, path, "data");
    if (/\.(?:txt|list|lst)$/.test(path)) await addListed(path, files, add, left);
    return;
  }
  const content = await files.list(path);
  const database = content.includes("data.mdb") ? ["data.mdb"] : content.includes("CURRENT") ? content : [];
  for (const each of database) await add(`${name}/${each}`, `${path}/${each}`, "data");
}

/** The most files of a list, as of HDF5Data, that a page gets. */
const mostListed = 1000;

async function addListed(path: string, files: Files, add: Add, left: string[]): Promise<void> {
  const names = (await files.readText(path))
    .split("\n")
    .map((line) => line.trim().split(/\s/)[0] ?? "")
    .filter(Boolean);
  if (names.length > mostListed) {
    left.push(`${path}: lists ${names.length} files, more than the ${mostListed} that a page gets`);
    return;
  }
  for (const name of names) {
    const at = await files.resolve(name, path);
    if ((await files.exists(at)) && !(await files.isFolder(at))) await add(name, at, "data");
  }
}

function fitting(all: readonly ProjectFile[], left: string[]): readonly ProjectFile[] {
  let bytes = 0;
  return all.filter(({ name, kind, size }) => {
    if (kind === "text") return true;
    if (bytes + size <= mostBytes) {
      bytes += size;
      return true;
    }
    left.push(`${name}: ${size} bytes do not fit into a page beside the others`);
    return false;
  });
}

/** What tells one content of a text from another, so that a page does not replace what it has not seen. */
export async function stampOf(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

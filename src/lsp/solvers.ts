import { netsOf } from "../api/lint.js";
import type { Files } from "../util/files.js";
import { readHead } from "../util/files.js";
import { foldersAbove } from "../util/paths.js";
import type { EditedFiles } from "./edited-files.js";

/** A solver is a short text: so much of a file, in bytes, is enough to see whether it is one. */
const headLength = 64 * 1024;

/** Which nets solvers name. What was read from the disk is kept, until `forget`. */
export class Solvers {
  readonly #files: EditedFiles;
  readonly #folders = new Map<string, Promise<ReadonlyMap<string, readonly string[]>>>();

  constructor(files: EditedFiles) {
    this.#files = files;
  }

  /** The absolute paths of the nets that a text names, if it is a solver's. */
  async netsOf(text: string, path: string): Promise<readonly string[]> {
    const nets = await netsOf({ text, file: path }, this.#files);
    return nets.map((net) => this.#files.absolute(net));
  }

  /** A solver in the folder of a net that names it; the first one by name. */
  async beside(net: string): Promise<string | undefined> {
    const [folder] = foldersAbove(net);
    if (folder === undefined) return undefined;
    const solvers = this.#folders.get(folder) ?? this.#solversIn(folder, this.#files);
    this.#folders.set(folder, solvers);
    return [...(await solvers)].find(([path, nets]) => path !== net && nets.includes(net))?.[0];
  }

  forget(): void {
    this.#folders.clear();
  }

  /** The solvers in a folder, each with its nets. What cannot be read is none. */
  async #solversIn(folder: string, files: Files): Promise<ReadonlyMap<string, readonly string[]>> {
    const names = await files.list(folder).catch(() => []);
    const solvers = new Map<string, readonly string[]>();
    for (const name of names.filter((each) => each.endsWith(".prototxt"))) {
      const path = this.#files.absolute(`${folder}/${name}`);
      const text = await readHead(files, path, headLength).catch(() => "");
      const nets = await this.netsOf(text, path);
      if (nets.length > 0) solvers.set(path, nets);
    }
    return solvers;
  }
}

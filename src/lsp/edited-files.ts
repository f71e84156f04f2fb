import { type ByteSource, bytesSource, type Files } from "../util/files.js";
import { folderOf, isAbsolute, normalPath } from "../util/paths.js";

/** Files of which some are open in an editor: their texts there stand for what is on the disk. */
export class EditedFiles implements Files {
  readonly #files: Files;
  readonly #folder: string;
  readonly #textOf: (path: string) => string | undefined;

  /**
   * @param folder the working directory, from which relative paths start
   * @param textOf the text of an open file by its absolute path
   */
  constructor(files: Files, folder: string, textOf: (path: string) => string | undefined) {
    this.#files = files;
    this.#folder = folder;
    this.#textOf = textOf;
  }

  /** A path in the form that all names of a file have in common. */
  absolute(path: string): string {
    return normalPath(isAbsolute(path) ? path : `${this.#folder}/${path}`);
  }

  /** The absolute path of a file that is there, so that one file has one name; else as other files do. */
  async resolve(path: string, from?: string): Promise<string> {
    const found = await this.#files.resolve(path, from);
    const beside = from === undefined || isAbsolute(path) ? found : folderOf(from) + path; // it may be open, and not saved yet
    for (const each of [found, beside]) if (await this.exists(each)) return this.absolute(each);
    return found;
  }

  async read(path: string): Promise<Uint8Array> {
    return this.#bytes(path) ?? this.#files.read(path);
  }

  async readText(path: string): Promise<string> {
    return this.#open(path) ?? this.#files.readText(path);
  }

  async open(path: string): Promise<ByteSource> {
    const bytes = this.#bytes(path);
    return bytes ? bytesSource(bytes) : this.#files.open(path);
  }

  async exists(path: string): Promise<boolean> {
    return this.#open(path) !== undefined || this.#files.exists(path);
  }

  write(path: string, chunks: Uint8Array | readonly Uint8Array[]): Promise<void> {
    return this.#files.write(path, chunks);
  }

  probe(path: string, options?: { readonly readOnly?: boolean }): Promise<void> {
    return this.#files.probe(path, options);
  }

  makeFolder(path: string): Promise<void> {
    return this.#files.makeFolder(path);
  }

  isFolder(path: string): Promise<boolean> {
    return this.#files.isFolder(path);
  }

  list(path: string): Promise<string[]> {
    return this.#files.list(path);
  }

  #open(path: string): string | undefined {
    return this.#textOf(this.absolute(path));
  }

  #bytes(path: string): Uint8Array | undefined {
    const text = this.#open(path);
    return text === undefined ? undefined : new TextEncoder().encode(text);
  }
}

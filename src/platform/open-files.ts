import { createFiles } from "#platform";
import { concat } from "../util/bytes.js";
import { check, MokaError, reasonOf } from "../util/errors.js";
import {
  addressName,
  type ByteSource,
  blobBytes,
  bytesSource,
  contentOf,
  type FileSource,
  type Files,
  isPath,
  pathOf,
  sourceName,
} from "../util/files.js";
import { stoppable, type WorkOptions } from "../util/work.js";

/** Options of all functions that read or write files. The progress counts the `bytes` of files of the web too. */
export interface FilesOptions extends WorkOptions {
  /**
   * Where files are read and written; see `createFiles`. Default: the file system in Node; in a page there is none.
   * Addresses (`http:`, `https:`, `data:`, `blob:`) are read by `fetch` instead, also where a file names them.
   */
  readonly files?: Files | undefined;
}

/** The files that the options name, or the platform's, and those of the web. */
export function openFiles({ files = createFiles(), ...work }: FilesOptions): Files {
  work.signal?.throwIfAborted();
  if (files instanceof WebFiles) return files;
  check(
    typeof files?.read === "function",
    "MOKA_USAGE",
    "files: what createFiles({ path: content }) returns is wanted",
  );
  return new WebFiles(files, work);
}

/** The same, for work that knows only paths: a file that is given by its content is found under `path`. */
export function openFile(options: FilesOptions, source: FileSource): { readonly files: Files; readonly path: string } {
  const files = openFiles(options);
  if (isPath(source)) return { files, path: pathOf(source) };
  const path = `memory://${sourceName(source) ?? "bytes"}`;
  return { files: new WebFiles(files, options, new Map([[path, contentOf(source)]])), path };
}

/** Whether a path is an address, of any scheme. */
export function isAddress(path: string): boolean {
  return /^(?:[a-z][a-z\d+.-]*:\/\/|data:|blob:)/i.test(path);
}

/** Reads addresses by `fetch`, or from what was given, and leaves all other paths to other files. */
class WebFiles implements Files {
  readonly readOnly: boolean;
  readonly #files: Files;
  readonly #work: WorkOptions;
  /** Files with addresses of their own, which are not of the web. */
  readonly #given: ReadonlyMap<string, Uint8Array | Blob>;

  constructor(files: Files, work: WorkOptions, given: ReadonlyMap<string, Uint8Array | Blob> = new Map()) {
    this.#files = files;
    this.#work = work;
    this.readOnly = files.readOnly ?? false;
    this.#given = given;
  }

  /** A path that a file of the web names is one here, if that exists, as with other files; else it is beside that file. */
  async resolve(path: string, from?: string): Promise<string> {
    if (isAddress(path)) return path;
    if (from === undefined || !isAddress(from)) return this.#files.resolve(path, from);
    return (await this.#files.exists(path)) || !isOfWeb(from) ? path : new URL(path, from).href;
  }

  async read(path: string): Promise<Uint8Array> {
    return isAddress(path) ? this.#download(path) : this.#files.read(path);
  }

  async readText(path: string): Promise<string> {
    return isAddress(path) ? new TextDecoder().decode(await this.#download(path)) : this.#files.readText(path);
  }

  async open(path: string): Promise<ByteSource> {
    return isAddress(path) ? bytesSource(await this.#download(path)) : this.#files.open(path);
  }

  async write(path: string, chunks: Uint8Array | readonly Uint8Array[]): Promise<void> {
    checkLocal("write", path);
    await this.#files.write(path, chunks);
  }

  async probe(path: string, options?: { readonly readOnly?: boolean }): Promise<void> {
    checkLocal("write", path);
    await this.#files.probe(path, options);
  }

  async makeFolder(path: string): Promise<void> {
    checkLocal("create", path);
    await this.#files.makeFolder(path);
  }

  async isFolder(path: string): Promise<boolean> {
    return !isAddress(path) && this.#files.isFolder(path);
  }

  async exists(path: string): Promise<boolean> {
    return isAddress(path) || this.#files.exists(path);
  }

  async list(path: string): Promise<string[]> {
    checkLocal("list", path);
    return this.#files.list(path);
  }

  async #download(url: string): Promise<Uint8Array> {
    const given = this.#given.get(url);
    if (given) return given instanceof Blob ? blobBytes(given) : new Uint8Array(given);
    const isReadable = isOfWeb(url) || /^(?:data|blob):/i.test(url);
    const reason = "of addresses, only http:, https:, data: and blob: can be read";
    check(isReadable, "MOKA_FILE", `cannot read ${addressName(url)}: ${reason}`);
    return stoppable(this.#work.signal, (signal) => this.#fetch(url, signal));
  }

  async #fetch(url: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const name = addressName(url);
    const { ok, status, statusText, body, headers } = await attempt(url, () => fetch(url, { signal: signal ?? null }));
    check(ok, "MOKA_FILE", `cannot read ${name}: the server answers ${`${status} ${statusText}`.trim()}`);
    const length = headers.get("content-length");
    // The length of a compressed answer is not that of the file.
    const total = length === null || headers.has("content-encoding") ? undefined : Number(length);
    const chunks: Uint8Array[] = [];
    let done = 0;
    const report = () => this.#work.onProgress?.({ what: "bytes", url, done, total });
    report();
    const reader = body?.getReader();
    while (reader) {
      const { value } = await attempt(url, () => reader.read());
      if (!value) break;
      chunks.push(value);
      done += value.length;
      report();
    }
    return concat(chunks);
  }
}

function isOfWeb(address: string): boolean {
  return /^https?:/i.test(address);
}

function checkLocal(verb: string, path: string): void {
  check(!isAddress(path), "MOKA_FILE", `cannot ${verb} ${addressName(path)}: files of the web can only be read`);
}

/** Runs a step of a download; its error becomes a MokaError. */
async function attempt<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new MokaError("MOKA_FILE", `cannot read ${addressName(url)}: ${networkReason(error)}`, { cause: error });
  }
}

/** Node's errors of the network have their reason inside; a page's have none, in order not to tell it about other servers. */
function networkReason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error)
    return `${reasonOf(error)}: ${cause.message.trim() || ("code" in cause ? String(cause.code) : cause.name)}`;
  return `${reasonOf(error)} (there is no such server, or it does not allow other pages to read its files)`;
}

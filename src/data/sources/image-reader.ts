import { MokaError } from "../../util/errors.js";
import type { Files } from "../../util/files.js";
import type { DecodeOptions, Image, Images } from "../../util/images.js";
import { resize } from "../images/resize.js";
import { withSubject } from "./item.js";

/** The greatest number of files that are read at once: enough to keep the decoder busy, and within the OS's limits. */
const maxConcurrentReads = 64;

export interface ImageReaderOptions extends DecodeOptions {
  readonly files: Files;
  readonly images: Images;
  /** Prefix of every name. Nothing is put between them, so a folder must end with `/`. */
  readonly rootFolder: string;
  /** Files beside which an image is looked for, in this order, if its path does not exist. */
  readonly namedBy: readonly (string | undefined)[];
  /** The size in pixels to resize images to. Default: not resized. */
  readonly size?: { readonly width: number; readonly height: number } | undefined;
  /** Whether the bytes of the files stay in memory after they are read. Default false. */
  readonly cacheFiles?: boolean | undefined;
}

/** Reads image files as Caffe's `ReadImageToCVMat` does: decodes them, and resizes them if a size is given. */
export class ImageReader {
  readonly #options: ImageReaderOptions;
  readonly #cache = new Map<string, Uint8Array>();
  #busy = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: ImageReaderOptions) {
    this.#options = options;
  }

  /** @throws MokaError that names the file, if it cannot be read or decoded */
  async read(name: string): Promise<Image> {
    if (this.#busy >= maxConcurrentReads) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#busy += 1;
    try {
      return await this.#read(name);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#busy -= 1;
    }
  }

  async #read(name: string): Promise<Image> {
    const { images, color, size } = this.#options;
    const bytes = await this.#bytes(name);
    try {
      const image = await images.decode(bytes, { color });
      return size ? resize(image, size.width, size.height) : image;
    } catch (error) {
      throw withSubject(name, error);
    }
  }

  async #bytes(name: string): Promise<Uint8Array> {
    const cached = this.#cache.get(name);
    if (cached) return cached;
    const bytes = await this.#fetch(this.#options.rootFolder + name);
    if (this.#options.cacheFiles) this.#cache.set(name, bytes);
    return bytes;
  }

  /** Reads a file. Other places are tried only after an error: checking first would cost a call for every image. */
  async #fetch(path: string): Promise<Uint8Array> {
    const { files, namedBy } = this.#options;
    try {
      return await files.read(path);
    } catch (error) {
      for (const from of namedBy) {
        const resolved = await files.resolve(path, from);
        if (resolved !== path) return files.read(resolved);
      }
      throw error instanceof MokaError ? error : withSubject(path, error);
    }
  }
}

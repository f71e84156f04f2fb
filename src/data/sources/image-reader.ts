import { MokaError } from "../../util/errors.js";
import type { Files } from "../../util/files.js";
import type { DecodeOptions, Image, Images } from "../../util/images.js";
import { resize } from "../images/resize.js";
import { about } from "./item.js";

/** Files read at a time: enough to keep the decoder busy, and few enough to be open at once. */
const mostAtOnce = 64;

export interface ImageReaderOptions extends DecodeOptions {
  readonly files: Files;
  readonly images: Images;
  /** Put in front of every name as it is, so that a folder ends with `/`. */
  readonly rootFolder: string;
  /** Where else to look for what does not lie where its name says: beside these files, in turn. */
  readonly namedBy: readonly (string | undefined)[];
  /** The size to bring images to; as they are where it is not given. */
  readonly size?: { readonly width: number; readonly height: number } | undefined;
  /** Whether the files' bytes are kept in memory once they are read. Default false. */
  readonly keepsFiles?: boolean | undefined;
}

/** Reads image files as Caffe's `ReadImageToCVMat` does: decodes them, and resizes them where a size is given. */
export class ImageReader {
  readonly #options: ImageReaderOptions;
  readonly #kept = new Map<string, Uint8Array>();
  #busy = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: ImageReaderOptions) {
    this.#options = options;
  }

  /** @throws MokaError that names the file, if it cannot be read or decoded */
  async read(name: string): Promise<Image> {
    if (this.#busy >= mostAtOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
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
      throw about(name, error);
    }
  }

  async #bytes(name: string): Promise<Uint8Array> {
    const kept = this.#kept.get(name);
    if (kept) return kept;
    const bytes = await this.#fetch(this.#options.rootFolder + name);
    if (this.#options.keepsFiles) this.#kept.set(name, bytes);
    return bytes;
  }

  /** Looks elsewhere only where there is nothing: that is rare, and asking first would cost a call for each image. */
  async #fetch(path: string): Promise<Uint8Array> {
    const { files, namedBy } = this.#options;
    try {
      return await files.read(path);
    } catch (error) {
      for (const from of namedBy) {
        const beside = await files.resolve(path, from);
        if (beside !== path) return files.read(beside);
      }
      throw error instanceof MokaError ? error : about(path, error);
    }
  }
}

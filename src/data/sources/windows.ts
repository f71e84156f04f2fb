import { check } from "../../util/errors.js";
import type { Image } from "../../util/images.js";
import type { Random, RandomState } from "../../util/random.js";
import { type BatchSource, ignoreRejection } from "../prefetch.js";
import type { ImageReader } from "./image-reader.js";
import { type Share, wholeSource } from "./share.js";
import type { Window, WindowFile } from "./window-file.js";

/** A randomly chosen window, and its image. */
export interface WindowItem {
  /** Its name in an error. */
  readonly what: string;
  readonly window: Window;
  readonly image: Image;
  readonly isMirrored: boolean;
}

export interface WindowBatch {
  readonly batchSize: number;
  /** Number of windows of a batch that show an object; they come last. */
  readonly foregroundCount: number;
  readonly mirror: boolean;
}

/**
 * Batches of randomly chosen windows: background first, then objects. Ranks take whole batches in turn. Each draws the windows
 * of all batches, and reads those of its own: so the ranks' batches together are those of one process.
 */
export class WindowSource implements BatchSource<WindowItem, RandomState> {
  readonly #file: WindowFile;
  readonly #batch: WindowBatch;
  readonly #reader: ImageReader;
  readonly #random: Random;
  readonly #share: Share;

  constructor(file: WindowFile, batch: WindowBatch, reader: ImageReader, random: Random, share = wholeSource) {
    this.#file = file;
    this.#batch = batch;
    this.#reader = reader;
    this.#random = random;
    this.#share = share;
  }

  get position(): RandomState {
    return this.#random.state;
  }

  async collect(): Promise<readonly Promise<WindowItem>[]> {
    const choices = this.#choose();
    this.#pass(this.#share.size - 1);
    // A batch often has several windows of one image; the image is decoded once.
    const images = new Map<number, Promise<Image>>();
    return choices.map(({ window, isMirrored }) => {
      const image = images.get(window.image) ?? ignoreRejection(this.#read(window.image));
      images.set(window.image, image);
      return ignoreRejection(this.#item(window, image, isMirrored));
    });
  }

  async enterShare(): Promise<void> {
    this.#pass(this.#share.rank);
  }

  async moveTo(position: unknown): Promise<void> {
    check(
      typeof position === "object" && position !== null,
      "MOKA_DATA",
      "the saved position is not the state of a random generator",
    );
    this.#random.restore(position as RandomState);
  }

  /** Draws the windows of one batch. */
  #choose(): readonly { readonly window: Window; readonly isMirrored: boolean }[] {
    const { foreground, background } = this.#file;
    const { batchSize, foregroundCount, mirror } = this.#batch;
    return Array.from({ length: batchSize }, (_, i) => {
      const windows = i < batchSize - foregroundCount ? background : foreground;
      const window = windows[this.#random.below(windows.length)] as Window;
      return { window, isMirrored: mirror && this.#random.below(2) === 1 };
    });
  }

  /** Draws the windows of batches that other ranks take. */
  #pass(batches: number): void {
    for (let i = 0; i < batches; i++) this.#choose();
  }

  async #item(window: Window, image: Promise<Image>, isMirrored: boolean): Promise<WindowItem> {
    const { x1, y1, x2, y2 } = window;
    const what = `window ${x1} ${y1} ${x2} ${y2} of ${this.#file.images[window.image]?.file}`;
    return { what, window, image: await image, isMirrored };
  }

  #read(index: number): Promise<Image> {
    return this.#reader.read(this.#file.images[index]?.file ?? "");
  }
}

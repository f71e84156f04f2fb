import { check } from "../../util/errors.js";
import type { Image } from "../../util/images.js";
import type { Random, RandomState } from "../../util/random.js";
import { type BatchSource, ignoreRejection } from "../prefetch.js";
import type { ImageReader } from "./image-reader.js";
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

/** Batches of randomly chosen windows: background first, then objects. */
export class WindowSource implements BatchSource<WindowItem, RandomState> {
  readonly #file: WindowFile;
  readonly #batch: WindowBatch;
  readonly #reader: ImageReader;
  readonly #random: Random;

  constructor(file: WindowFile, batch: WindowBatch, reader: ImageReader, random: Random) {
    this.#file = file;
    this.#batch = batch;
    this.#reader = reader;
    this.#random = random;
  }

  get position(): RandomState {
    return this.#random.state;
  }

  async collect(): Promise<readonly Promise<WindowItem>[]> {
    const { foreground, background } = this.#file;
    const { batchSize, foregroundCount, mirror } = this.#batch;
    // A batch often has several windows of one image; the image is decoded once.
    const images = new Map<number, Promise<Image>>();
    return Array.from({ length: batchSize }, (_, i) => {
      const windows = i < batchSize - foregroundCount ? background : foreground;
      const window = windows[this.#random.below(windows.length)] as Window;
      const isMirrored = mirror && this.#random.below(2) === 1;
      const image = images.get(window.image) ?? ignoreRejection(this.#read(window.image));
      images.set(window.image, image);
      return ignoreRejection(this.#item(window, image, isMirrored));
    });
  }

  async moveTo(position: unknown): Promise<void> {
    check(
      typeof position === "object" && position !== null,
      "MOKA_DATA",
      "the saved position is not the state of a random generator",
    );
    this.#random.restore(position as RandomState);
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

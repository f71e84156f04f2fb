import { check } from "../../util/errors.js";
import type { Corners } from "../images/warp-window.js";

/** An image of a window file. */
export interface WindowImage {
  readonly file: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** A window of an image: its corners, which are part of it, and its label; 0 is background. */
export interface Window extends Corners {
  /** The index of its image among the images. */
  readonly image: number;
  readonly label: number;
}

export interface WindowFile {
  readonly images: readonly WindowImage[];
  readonly foreground: readonly Window[];
  readonly background: readonly Window[];
  /** Caffe's log line for every hundredth image. */
  readonly progress: readonly string[];
  /** The index of the last image. */
  readonly lastIndex: number;
}

/** A window with an overlap of at least `foreground` is an object, below `background` background, else left out. */
export interface Thresholds {
  readonly foreground: number;
  readonly background: number;
}

/**
 * Reads a window file. It has for each image, separated by spaces or lines: `# index`, file, channels, height, width, the
 * number of windows, and for each window `label overlap x1 y1 x2 y2`. Windows refer to their image by its index, which
 * counts from 0 in the order of the file.
 *
 * @throws MokaError MOKA_DATA if it is not a window file
 */
export function parseWindowFile(text: string, name: string, thresholds: Thresholds): WindowFile {
  const words = new Words(text, name);
  const images: WindowImage[] = [];
  const foreground: Window[] = [];
  const background: Window[] = [];
  const progress: string[] = [];
  let index = 0;
  check(!words.isAtEnd, "MOKA_DATA", `${name} is empty`);
  while (!words.isAtEnd) {
    const mark = words.word("#");
    check(mark === "#", "MOKA_DATA", `${name}: "${mark}" where image ${images.length} should begin with #`);
    index = words.integer("the index of an image");
    const where = `image ${index}`;
    const file = words.word(`the file of ${where}`);
    const channels = words.integer(`the channels of ${where}`);
    const height = words.integer(`the height of ${where}`);
    const width = words.integer(`the width of ${where}`);
    images.push({ file, channels, height, width });
    const count = words.integer(`the number of windows of ${where}`);
    for (let i = 0; i < count; i++) {
      const what = `window ${i} of ${where}`;
      const label = words.integer(`the label of ${what}`);
      const overlap = Math.fround(words.number(`the overlap of ${what}`));
      const [x1, y1, x2, y2] = ["x1", "y1", "x2", "y2"].map((corner) => words.integer(`${corner} of ${what}`));
      const corners = { x1: x1 ?? 0, y1: y1 ?? 0, x2: x2 ?? 0, y2: y2 ?? 0 };
      if (overlap >= thresholds.foreground) {
        check(label > 0, "MOKA_DATA", `${name}: ${what} shows an object, but its label is ${label}`);
        foreground.push({ image: index, label, ...corners });
      } else if (overlap < thresholds.background) {
        background.push({ image: index, label: 0, ...corners });
      }
    }
    if (index % 100 === 0) {
      progress.push(`num: ${index} ${file} ${channels} ${height} ${width} windows to process: ${count}`);
    }
  }
  for (const { image } of [...foreground, ...background]) {
    check(image >= 0 && image < images.length, "MOKA_DATA", `${name}: image ${image} of ${images.length}, from 0`);
  }
  return { images, foreground, background, progress, lastIndex: index };
}

/** The words of a text, one after the other. */
class Words {
  readonly #words: readonly string[];
  readonly #name: string;
  #at = 0;

  constructor(text: string, name: string) {
    this.#words = text.split(/\s+/).filter((word) => word !== "");
    this.#name = name;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#words.length;
  }

  word(what: string): string {
    const word = this.#words[this.#at++];
    check(word !== undefined, "MOKA_DATA", `${this.#name} ends where ${what} should stand`);
    return word;
  }

  number(what: string): number {
    const word = this.word(what);
    const value = Number(word);
    check(Number.isFinite(value), "MOKA_DATA", `${this.#name}: "${word}" where ${what} should stand`);
    return value;
  }

  integer(what: string): number {
    const value = this.number(what);
    check(Number.isInteger(value), "MOKA_DATA", `${this.#name}: ${value} where ${what} should stand, a whole number`);
    return value;
  }
}

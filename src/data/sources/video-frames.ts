import { check, MokaError } from "../../util/errors.js";
import type { Image } from "../../util/images.js";
import type { Random, RandomState } from "../../util/random.js";
import type { BatchSource } from "../prefetch.js";
import { type ImageList, ImageListSource, type ListPosition } from "./image-list.js";
import { ImageReader, type ImageReaderOptions } from "./image-reader.js";
import { fieldsOf, type ImageItem } from "./item.js";
import type { Share } from "./share.js";

/** Which frames of a video are read, and from which files. */
export interface FrameChoice {
  /** The number of parts of a video; of each the same number of frames is read. */
  readonly segments: number;
  /** The number of consecutive frames of a part. */
  readonly length: number;
  /** Whether each frame is two gray images, of the flow along x and y. */
  readonly isFlow: boolean;
  /** A file's name in the video's folder, as C's printf takes it: `flow_%c_%04d.jpg`. */
  readonly pattern: string;
  /** Draws where in a part the frames begin; undefined: in its middle. */
  readonly random: Random | undefined;
}

/** A position in a list of videos, and what draws the frames from there on. */
export interface VideoPosition {
  readonly list: ListPosition;
  readonly frames: RandomState | undefined;
}

/**
 * Reads the frames of a video, a folder with a file for each, as one image: the channels of the first frame, of the second, and so on.
 * A video is named by its folder, a space and its number of frames.
 */
export class FrameReader extends ImageReader {
  readonly #choice: FrameChoice;

  constructor(options: ImageReaderOptions, choice: FrameChoice) {
    super(options);
    this.#choice = choice;
  }

  /** The frames are chosen before this returns, so that the order of calls is the order of draws. */
  override read(name: string): Promise<Image> {
    return this.#readAll(this.#filesOf(name));
  }

  #filesOf(name: string): string[] {
    const { segments, length, isFlow, random } = this.#choice;
    const space = name.lastIndexOf(" ");
    const [folder, frames] = [name.slice(0, space), Number(name.slice(space + 1))];
    const part = Math.trunc(frames / segments);
    const spare = part - length + 1;
    const files: string[] = [];
    for (let segment = 0; segment < segments; segment++) {
      const within = spare > 0 ? (random ? random.below(spare) : Math.trunc(spare / 2)) : 0;
      const offset = spare > 0 ? within + segment * part : 0;
      for (let frame = offset + 1; frame <= offset + length; frame++) {
        for (const letter of isFlow ? ["x", "y"] : [""]) files.push(`${folder}/${this.#fileOf(letter, frame)}`);
      }
    }
    return files;
  }

  #fileOf(letter: string, frame: number): string {
    return this.#choice.pattern.replace(/%(0?)(\d*)([dc])/g, (_, zero: string, width: string, kind: string) =>
      (kind === "c" ? letter : String(frame)).padStart(Number(width), zero && kind === "d" ? "0" : " "),
    );
  }

  async #readAll(files: readonly string[]): Promise<Image> {
    const images = await Promise.all(files.map((file) => super.read(file)));
    const { width = 0, height = 0 } = images[0] ?? {};
    const channels = images.reduce((sum, image) => sum + image.channels, 0);
    const data = new Uint8Array(width * height * channels);
    let first = 0;
    for (const [i, image] of images.entries()) {
      check(
        image.width === width && image.height === height,
        "MOKA_DATA",
        `${files[i]} has ${image.height}×${image.width} pixels, the first frame ${height}×${width}`,
      );
      for (let from = 0, to = first; from < image.data.length; to += channels) {
        for (let c = 0; c < image.channels; c++) data[to + c] = image.data[from++] as number;
      }
      first += image.channels;
    }
    return { width, height, channels, data };
  }
}

/** The videos of a list, again and again, with some frames of each. */
export class VideoSource implements BatchSource<ImageItem, VideoPosition> {
  readonly #list: ImageListSource;
  readonly #frames: Random | undefined;

  /** @param seed seed of the generator that shuffles; without it, the order is the list's */
  constructor(
    listed: ImageList,
    batchSize: number,
    options: ImageReaderOptions,
    choice: FrameChoice,
    seed: number | undefined,
    share: Share,
  ) {
    const videos = listed.flatMap((line) => line ?? []);
    this.#list = new ImageListSource(videos, batchSize, new FrameReader(options, choice), seed, share);
    this.#frames = choice.random;
  }

  get position(): VideoPosition {
    return { list: this.#list.position, frames: this.#frames?.state };
  }

  /** Reads the current video, and stays there. */
  async peek(): Promise<ImageItem> {
    const before = this.#frames?.state;
    try {
      return await this.#list.peek();
    } finally {
      if (before) this.#frames?.restore(before);
    }
  }

  collect(): Promise<readonly Promise<ImageItem>[]> {
    return this.#list.collect();
  }

  enterShare(): Promise<void> {
    return this.#list.enterShare();
  }

  async moveTo(position: unknown): Promise<void> {
    const { list, frames } = fieldsOf(position);
    check(
      (frames === undefined) === !this.#frames,
      "MOKA_DATA",
      "the saved position draws frames otherwise than this phase does",
    );
    const before = this.#frames?.state;
    if (frames !== undefined) this.#frames?.restore(frames as RandomState);
    try {
      await this.#list.moveTo(list);
    } catch (error) {
      if (before) this.#frames?.restore(before);
      throw error;
    }
  }
}

/** Whether a line of a list of videos has a folder, a number of frames and a label. */
export function checkVideos(listed: ImageList, name: string): void {
  for (const [i, line] of listed.entries()) {
    if (!line || /\S \d+$/.test(line.file.replaceAll("\t", " "))) continue;
    const reason = `expected a folder, its number of frames and a label; came ${JSON.stringify(line.file.slice(0, 200))}, and the label`;
    throw new MokaError("MOKA_DATA", reason, { place: { file: name, line: i + 1, column: 1 } });
  }
}

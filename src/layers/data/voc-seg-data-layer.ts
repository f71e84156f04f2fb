import { fieldsOf, isIndex, withSubject } from "../../data/sources/item.js";
import { sourceOf } from "../../proto/source.js";
import type { Image } from "../../util/images.js";
import { Random, type RandomState } from "../../util/random.js";
import { formatShape, type Shape } from "../../util/shape.js";
import { readParamStr } from "../common/python-param.js";
import { type Computed, LiveLayer } from "../detection/live-layer.js";

/**
 * Images of PASCAL VOC and the class of each pixel, one image a batch, for fully convolutional networks: a `Python` layer with
 * `python_param { module: "voc_layers" layer: "VOCSegDataLayer" }`.
 *
 * No bottoms; tops: data (1, 3, H, W), blue, green, red, less the mean; labels (1, 1, H, W). H and W change from image to image.
 *
 * The folder `voc_dir` is laid out as VOC is: `ImageSets/Segmentation/<split>.txt` names the images, one a line, `JPEGImages/<name>.jpg` are they, and
 * `SegmentationClass/<name>.png` the classes: VOC's colors, 0 to 255 in the order of its color map, or gray values.
 *
 * `param_str`: `voc_dir`, `split`, `mean` (three numbers: blue, green, red), which must be given; `randomize` (true: each image is drawn from all; only
 * in a split with `train` in its name, others are read in order, again and again), `seed` (none: a draw of the run's). The draws are not Python's.
 *
 * A path is relative to the working directory, else to the folder of the prototxt. Several ranks draw other images with `randomize`, and the same ones
 * without. A color that is not VOC's, and labels of another size than their image, are errors; Python reads the numbers of any palette.
 *
 * Source: Long, Shelhamer and Darrell 2015; fcn.berkeleyvision.org, voc_layers.py.
 */
export class VOCSegDataLayer extends LiveLayer {
  static readonly type = "voc_layers.VOCSegDataLayer";
  static override readonly group = "data";
  static override readonly paramField = "python_param";
  override readonly bottomCount = 0;
  override readonly topCount = 2;
  #names: readonly string[] = [];
  #next = 0;
  #random: Random | undefined;
  #size: Pick<Image, "height" | "width"> = { height: 1, width: 1 };

  /** Reads the list, and the first image in it. */
  override async inspect(): Promise<void> {
    const { folder, split } = this.#settings();
    const list = await this.#resolve(`${folder}/ImageSets/Segmentation/${split}.txt`);
    const text = await this.context.files.readText(list);
    this.#names = text.split(/\r?\n/).flatMap((line) => line.trim() || []);
    this.check(this.#names.length > 0, "MOKA_DATA", `${list}: the list is empty`);
    this.#size = await this.#read(`JPEGImages/${this.#names[0]}.jpg`, true);
  }

  override async open(): Promise<void> {
    await this.inspect();
    const { isRandom, seed } = this.#settings();
    if (!isRandom) return;
    const { random, ranks } = this.context;
    this.#random = new Random((seed ?? random.next()) + (ranks?.communicator.rank ?? 0));
    this.#next = this.#random.below(this.#names.length);
  }

  override setup(): void {
    this.#settings();
  }

  override topShapes(): readonly Shape[] {
    const { height, width } = this.#size;
    return [
      [1, 3, height, width],
      [1, 1, height, width],
    ];
  }

  override assumedShapes(): readonly undefined[] {
    return [undefined, undefined];
  }

  protected override async compute(): Promise<readonly Computed[]> {
    const name = this.#names[this.#next] ?? "";
    const count = this.#names.length;
    this.#next = this.#random ? this.#random.below(count) : (this.#next + 1) % count;
    const image = await this.#read(`JPEGImages/${name}.jpg`, true);
    const file = `SegmentationClass/${name}.png`;
    const marks = await this.#read(file, undefined);
    const { height, width, data } = image;
    this.check(
      marks.height === height && marks.width === width,
      "MOKA_DATA",
      `${file} has ${formatShape([marks.height, marks.width])} pixels, its image ${formatShape([height, width])}`,
    );
    const area = height * width;
    const { mean } = this.#settings();
    const values = new Float32Array(3 * area);
    for (let i = 0; i < area; i++) {
      for (let c = 0; c < 3; c++) values[c * area + i] = (data[3 * i + c] ?? 0) - (mean[c] ?? 0);
    }
    const labels = new Float32Array(area);
    const { channels } = marks;
    for (let i = 0; i < area; i++) {
      const at = i * channels;
      const label = channels === 1 ? marks.data[at] : vocClass(marks.data, at);
      this.check(
        label !== undefined,
        "MOKA_LABEL",
        `${file}: blue, green, red ${marks.data.subarray(at, at + 3).join(", ")} at row ${Math.floor(i / width)}, column ${i % width} is no color of VOC's`,
      );
      labels[i] = label;
    }
    return [
      { shape: [1, 3, height, width], values },
      { shape: [1, 1, height, width], values: labels },
    ];
  }

  #settings() {
    const { voc_dir: folder, split, mean, randomize, seed } = fieldsOf(readParamStr(this));
    for (const [name, value] of Object.entries({ voc_dir: folder, split })) {
      this.check(
        typeof value === "string" && value !== "",
        "MOKA_FIELD",
        `python_param.param_str must give ${name}, a text`,
      );
    }
    const isMean = Array.isArray(mean) && mean.length === 3 && mean.every(Number.isFinite);
    this.check(
      isMean,
      "MOKA_FIELD",
      `python_param.param_str must give mean, three numbers, not ${JSON.stringify(mean ?? null)}`,
    );
    const isSeed = seed === undefined || seed === null || isIndex(seed);
    this.check(
      isSeed,
      "MOKA_FIELD",
      `python_param.param_str: seed must be a whole number, not ${JSON.stringify(seed)}`,
    );
    return {
      folder: String(folder),
      split: String(split),
      mean: mean as readonly number[],
      isRandom: String(split).includes("train") && randomize !== false && randomize !== 0,
      seed: (seed ?? undefined) as number | undefined,
    };
  }

  #resolve(path: string): Promise<string> {
    return this.context.files.resolve(path, sourceOf(this.message)?.file);
  }

  async #read(name: string, color: boolean | undefined): Promise<Image> {
    const path = await this.#resolve(`${this.#settings().folder}/${name}`);
    try {
      return await this.context.images.decode(await this.context.files.read(path), { color });
    } catch (error) {
      throw this.explain(withSubject(path, error));
    }
  }

  override saveState(): unknown {
    return { next: this.#next, random: this.#random?.state };
  }

  override restoreState(state: unknown): void {
    const { next, random } = fieldsOf(state);
    const fits = isIndex(next, this.#names.length - 1) && (random === undefined) === !this.#random;
    this.check(fits, "MOKA_DATA", `its saved state does not fit a list of ${this.#names.length} images`);
    this.#random?.restore(random as RandomState);
    this.#next = next;
  }
}

/** The class of each of VOC's colors: the bits of a class go in turn to red, green and blue, from their highest bits down. */
const vocClasses: ReadonlyMap<number, number> = new Map(
  Array.from({ length: 256 }, (_, label) => {
    const rgb = [0, 0, 0];
    for (let bit = 0; bit < 8; bit++)
      rgb[bit % 3] = (rgb[bit % 3] ?? 0) | (((label >> bit) & 1) << (7 - Math.floor(bit / 3)));
    const [red = 0, green = 0, blue = 0] = rgb;
    return [(blue << 16) | (green << 8) | red, label];
  }),
);

function vocClass(data: Uint8Array, at: number): number | undefined {
  return vocClasses.get(((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0));
}

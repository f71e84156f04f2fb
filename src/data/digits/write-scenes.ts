import { writeAnnotatedDatum } from "../../proto/binary/index.js";
import { check } from "../../util/errors.js";
import type { Files } from "../../util/files.js";
import type { Image, Images } from "../../util/images.js";
import { checkNoDatabase } from "../database.js";
import { encodeImage, recordKey } from "../datum.js";
import { toPlanes } from "../images/planes.js";
import { LmdbWriter } from "../lmdb/writer.js";
import { type SceneOptions, scenes } from "./scenes.js";

export interface WriteScenesOptions extends Partial<SceneOptions> {
  /** Number of scenes to train with. Default 3000. */
  readonly train?: number | undefined;
  /** Number of scenes to test with. Default 500. */
  readonly test?: number | undefined;
  /** Default 1. */
  readonly seed?: number | undefined;
  /** Whether the class of each pixel is written too. Default false. */
  readonly masks?: boolean | undefined;
}

/**
 * Writes data sets of scenes with digits (see `drawScene`) into a folder:
 *
 * - `train_lmdb`, `test_lmdb`: AnnotatedDatums, whose images are not encoded
 * - `labelmap.prototxt`: the names of the classes, as SSD's DetectionOutput and `convert_annoset` take them
 * - `test_name_size.txt`: name, height and width of each test image, for DetectionOutput and DetectionEvaluate
 *
 * and with `masks`:
 *
 * - `train_masks_lmdb`, `test_masks_lmdb`: Datums of one channel, the class of each pixel, in the order of the images
 * - `train.txt`, `test.txt`: on each line an image of `train_images`, `test_images`, and its mask of `train_masks`,
 *   `test_masks`, PNG files, by their paths from the folder on, as ImageSegData and DenseImageData take them
 *
 * @throws MokaError MOKA_FILE, before anything is drawn, if there is a data set already
 */
export async function writeScenes(
  files: Files,
  images: Images,
  folder: string,
  options: WriteScenesOptions = {},
): Promise<{ readonly train: string; readonly test: string }> {
  const { train = 3000, test = 500, seed = 1, size = 96, gray = false, masks = false } = options;
  check(Number.isInteger(size) && size >= 32 && size <= 1024, "MOKA_USAGE", `scenes of ${size} pixels: 32 to 1024`);
  for (const set of ["train", "test"]) {
    await checkNoDatabase(files, `${folder}/${set}_lmdb`);
    if (!masks) continue;
    await checkNoDatabase(files, `${folder}/${set}_masks_lmdb`);
    const isThere = await files.exists(`${folder}/${set}.txt`);
    check(!isThere, "MOKA_FILE", `cannot create ${folder}/${set}.txt: it is there already`);
  }
  // 2 × seed and 2 × seed + 1, as with the digits.
  const written = {
    train: await writeSet("train", train, 2 * seed),
    test: await writeSet("test", test, 2 * seed + 1),
  };
  await files.write(`${folder}/labelmap.prototxt`, utf8(labelMap()));
  const sizes = Array.from({ length: test }, (_, i) => `${recordKey(i)} ${size} ${size}\n`);
  await files.write(`${folder}/test_name_size.txt`, utf8(sizes.join("")));
  return written;

  async function writeSet(set: string, count: number, setSeed: number): Promise<string> {
    const [database, classes] = [new LmdbWriter(), new LmdbWriter()];
    const names: string[] = [];
    for (const scene of scenes(count, setSeed, { size, gray })) {
      const name = recordKey(names.length);
      const { channels, height, width } = scene.image;
      const datum = { channels, height, width, data: toPlanes(scene.image), label: 0, encoded: false };
      database.add(name, writeAnnotatedDatum({ datum, type: 0, boxes: scene.boxes }));
      names.push(name);
      if (!masks) continue;
      classes.add(name, encodeImage({ channels: 1, height, width, data: scene.mask, label: 0 }));
      await writePng(`${set}_images`, name, scene.image);
      await writePng(`${set}_masks`, name, { width, height, channels: 1, data: scene.mask });
    }
    await writeLmdb(`${set}_lmdb`, database);
    if (masks) {
      await writeLmdb(`${set}_masks_lmdb`, classes);
      const lines = names.map((name) => `${set}_images/${name}.png ${set}_masks/${name}.png\n`);
      await files.write(`${folder}/${set}.txt`, utf8(lines.join("")));
    }
    return `${folder}/${set}_lmdb`;
  }

  async function writePng(part: string, name: string, image: Image): Promise<void> {
    await files.makeFolder(`${folder}/${part}`);
    await files.write(`${folder}/${part}/${name}.png`, await images.encode(image, "png"));
  }

  async function writeLmdb(name: string, writer: LmdbWriter): Promise<void> {
    await files.makeFolder(`${folder}/${name}`);
    await files.write(`${folder}/${name}/data.mdb`, writer.finish());
  }
}

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Label 0 is background, label d + 1 the digit d. */
function labelMap(): string {
  const item = (name: string, label: number, shown: string) =>
    `item {\n  name: "${name}"\n  label: ${label}\n  display_name: "${shown}"\n}\n`;
  const digits = Array.from({ length: 10 }, (_, digit) => item(String(digit), digit + 1, String(digit)));
  return [item("none_of_the_above", 0, "background"), ...digits].join("");
}

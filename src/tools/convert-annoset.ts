import { createImages } from "#platform";
import {
  type AnnotationContext,
  type LabelType,
  parseAnnotation,
  parseLabelMap,
} from "../data/annotated/annotations.js";
import { createDatabase } from "../data/database.js";
import { recordKey } from "../data/datum.js";
import { toPlanes } from "../data/images/planes.js";
import { resize } from "../data/images/resize.js";
import { factorFor, resizeByFactor } from "../data/images/resize-by-factor.js";
import { withSubject } from "../data/sources/item.js";
import { openFiles } from "../platform/open-files.js";
import { type AnnotatedBox, writeAnnotatedDatum } from "../proto/binary/index.js";
import { check, MokaError, reasonOf } from "../util/errors.js";
import { type FileSource, readSource, sourceName } from "../util/files.js";
import type { Image } from "../util/images.js";
import { silent } from "../util/log.js";
import { freshSeed, Random } from "../util/random.js";
import { watched } from "../util/work.js";
import {
  type ConvertImagesetOptions,
  checkSameSize,
  checkStoring,
  formatOf,
  hasKind,
  inOrder,
  isUnreadable,
  rootPath,
} from "./convert-imageset.js";

export interface ConvertAnnosetOptions extends ConvertImagesetOptions {
  /** What the list names beside each image: a label, or a file with boxes. Default classification. */
  readonly annoType?: "classification" | "detection" | undefined;
  /** The form of the files with boxes. Default xml. */
  readonly labelType?: LabelType | undefined;
  /** The file with the label of each name; needed for boxes in xml and json. */
  readonly labelMapFile?: FileSource | undefined;
  /** Refuses a label map with a name that comes twice. Default false. */
  readonly checkLabel?: boolean | undefined;
  /** The least length of the shorter side and the greatest of the longer one, in pixels; 0 means none. */
  readonly minDim?: number | undefined;
  readonly maxDim?: number | undefined;
}

export interface ConvertAnnosetCounts {
  /** The number of images in the database. */
  readonly count: number;
  /** The number of images that could not be read. */
  readonly skipped: number;
  /** The number of boxes. */
  readonly boxes: number;
  /** The number of images in the database whose file with boxes does not exist. */
  readonly withoutFile: number;
}

/** A line of the list. */
interface Listed {
  readonly file: string;
  /** The label, or the file with boxes. */
  readonly beside: string;
}

/**
 * Writes images and the boxes of the objects in them into a new database, as SSD's `convert_annoset`. Keys are `00000000_name`;
 * values are AnnotatedDatums. Boxes are stored in units of the image. `minDim` and `maxDim` beat `resizeWidth` and `resizeHeight`.
 *
 * As in the fork, an image that cannot be read is logged and left out, an image whose file with boxes is missing has none, and a
 * box that exceeds its image is logged and stored. Departures: what is wrong in a list, a label map or a file with boxes is an error
 * with its line, where the fork takes 0 or what it read before; corners in xml may have fractions; `difficult` may come behind the box.
 *
 * @param list each line is an image's path and a label, or the path of its file with boxes
 * @param rootFolder is put before every path of the list, with a `/` between if it is a folder
 * @throws MokaError MOKA_FILE if the database exists
 */
export async function convertAnnoset(
  rootFolder: string,
  list: FileSource,
  database: string,
  options: ConvertAnnosetOptions = {},
): Promise<ConvertAnnosetCounts> {
  const {
    images = createImages(),
    backend = "lmdb",
    log = silent,
    annoType = "classification",
    labelType = "xml",
  } = options;
  const { gray = false, encodeType = "", resizeWidth = 0, resizeHeight = 0, minDim = 0, maxDim = 0 } = options;
  const files = openFiles(options);
  const isDetection = annoType === "detection";
  const encoded = options.encoded || encodeType !== "";
  checkStoring(options);
  const labels = await readLabels();

  const listFile = sourceName(list) ?? "the list";
  const lines = parseList(new TextDecoder().decode(await readSource(files, list)), listFile, isDetection);
  if (options.shuffle) {
    log("info", "convert_annoset.cpp:119", "Shuffling data");
    new Random(options.seed ?? freshSeed()).shuffle(lines);
  }
  log("info", "convert_annoset.cpp:122", `A total of ${lines.length} images.`);
  if (encodeType !== "" && !options.encoded) {
    log("info", "convert_annoset.cpp:125", "encode_type specified, assuming encoded=true.");
  }
  const root = await rootPath(files, rootFolder);
  const writer = await createDatabase(files, backend, database);

  let [count, skipped, boxes, withoutFile] = [0, 0, 0, 0];
  let first: Image | undefined;
  const work = watched(inOrder(lines, load), { what: "images", total: lines.length }, options);
  for await (const { item, index, result } of work) {
    if (result instanceof Error) {
      if (!isUnreadable(result)) throw result;
      log("warning", "convert_annoset.cpp:174", `Failed to read ${item.file}: ${reasonOf(result)}`);
      skipped += 1;
      continue;
    }
    // The errors of annotations are thrown here: they are mistakes, not missing images.
    if (result.error !== undefined) throw result.error;
    first ??= result.image;
    if (options.checkSize) checkSameSize(result.image, first, root + item.file);
    for (const message of result.warnings) log("warning", "io.cpp:300", message);
    try {
      await writer.add(recordKey(index, item.file), result.value);
    } catch (error) {
      throw withSubject(`${listFile}: ${JSON.stringify(item.file)}`, error);
    }
    boxes += result.boxes.length;
    withoutFile += result.isFileMissing ? 1 : 0;
    count += 1;
    if (count % 1000 === 0) log("info", "convert_annoset.cpp:200", `Processed ${count} files.`);
  }
  check(count > 0, "MOKA_DATA", `${listFile}: none of its ${lines.length} images could be read`);
  options.signal?.throwIfAborted();
  await writer.finish();
  if (count % 1000 !== 0) log("info", "convert_annoset.cpp:206", `Processed ${count} files.`);
  return { count, skipped, boxes, withoutFile };

  async function readLabels(): Promise<ReadonlyMap<string, number>> {
    if (!isDetection || labelType === "txt") return new Map();
    const { labelMapFile } = options;
    check(labelMapFile, "MOKA_USAGE", `label_type ${labelType} names classes: give label_map_file`);
    const text = new TextDecoder().decode(await readSource(files, labelMapFile));
    return parseLabelMap(text, sourceName(labelMapFile) ?? "the label map", options.checkLabel ?? false);
  }

  /** The record of an image. What is wrong with its annotation is a part of the result. */
  async function load({ file, beside }: Listed) {
    const bytes = await files.read(root + file);
    const original = await images.decode(bytes, { color: !gray });
    const image = resized(original);
    const warnings: string[] = [];
    let annotation: { readonly boxes: readonly AnnotatedBox[]; readonly isFileMissing: boolean };
    try {
      annotation = await readBoxes(root + beside, original, warnings);
    } catch (error) {
      return { error, image, value: bytes, boxes: [], warnings, isFileMissing: false };
    }
    const { channels, height, width } = image;
    const label = isDetection ? -1 : Number(beside);
    const kind = encodeType || file.slice(file.lastIndexOf(".") + 1);
    const isUnchanged = image === original && hasKind(file, kind);
    const asFile = async () => (isUnchanged ? bytes : images.encode(image, formatOf(kind)));
    const data = encoded ? await asFile() : toPlanes(image);
    const type = isDetection ? 0 : undefined;
    const value = writeAnnotatedDatum({
      datum: { channels, height, width, data, label, encoded },
      type,
      boxes: annotation.boxes,
    });
    return { error: undefined, image, value, warnings, ...annotation };
  }

  function resized(image: Image): Image {
    if (minDim > 0 || maxDim > 0) {
      const factor = factorFor(image, minDim, maxDim);
      return factor === 1 ? image : resizeByFactor(image, factor);
    }
    return resizeWidth > 0 ? resize(image, resizeWidth, resizeHeight) : image;
  }

  async function readBoxes(file: string, { width, height }: Image, warnings: string[]) {
    if (!isDetection) return { boxes: [], isFileMissing: false };
    if (!(await files.exists(file))) {
      warnings.push(`${file} does not exist: the image has no boxes`);
      return { boxes: [], isFileMissing: true };
    }
    const context: AnnotationContext = { file, width, height, labels, warn: (message) => warnings.push(message) };
    return { boxes: parseAnnotation(await files.readText(file), labelType, context), isFileMissing: false };
  }
}

/** The lines of a list that are not blank: two words each, the second a whole number if no boxes are wanted. */
function parseList(text: string, name: string, isDetection: boolean): Listed[] {
  const listed = text.split("\n").flatMap((line, i) => {
    const [file = "", beside = "", ...rest] = line.split(/\s+/).filter((word) => word !== "");
    if (file === "") return [];
    const isRow = beside !== "" && rest.length === 0 && (isDetection || /^[-+]?\d{1,9}$/.test(beside));
    const expected = isDetection ? "an image and its file with boxes" : "an image and its label, a whole number";
    if (isRow) return [{ file, beside }];
    const reason = `expected ${expected}; came ${JSON.stringify(line.trim().slice(0, 200))}`;
    throw new MokaError("MOKA_DATA", reason, { place: { file: name, line: i + 1, column: 1 } });
  });
  check(listed.length > 0, "MOKA_DATA", `${name}: the list is empty`);
  return listed;
}

import { create, toBinary } from "@bufbuild/protobuf";
import { createImages } from "#platform";
import { createDatabase } from "../data/database.js";
import { recordKey } from "../data/datum.js";
import { toPlanes } from "../data/images/planes.js";
import { resize } from "../data/images/resize.js";
import { type ListedImage, parseImageList } from "../data/sources/image-list.js";
import { withSubject } from "../data/sources/item.js";
import { openFiles } from "../platform/open-files.js";
import { writeDatum } from "../proto/binary/index.js";
import { DatumSchema } from "../proto/gen/caffe_pb.js";
import { check, MokaError, reasonOf } from "../util/errors.js";
import { type FileSource, type Files, readSource, sourceName } from "../util/files.js";
import type { Image, ImageFormat } from "../util/images.js";
import { silent } from "../util/log.js";
import { freshSeed, Random } from "../util/random.js";
import { watched } from "../util/work.js";
import type { ImageSetOptions } from "./options.js";

export interface ConvertImagesetOptions extends ImageSetOptions {
  /** One channel instead of three. Default false. */
  readonly gray?: boolean | undefined;
  /** Shuffles the list first. Default false. */
  readonly shuffle?: boolean | undefined;
  /** The seed for `shuffle`. Default: a new one each time. */
  readonly seed?: number | undefined;
  /** The size of all images, in pixels. Both or none is given; 0 means none. */
  readonly resizeWidth?: number | undefined;
  readonly resizeHeight?: number | undefined;
  /** Refuses images that differ in size from the first. Default false. */
  readonly checkSize?: boolean | undefined;
  /** Stores images as JPEG or PNG files in the records; a name's extension tells which. Default false. */
  readonly encoded?: boolean | undefined;
  /** Stores all images as files of this format in the records: `jpg` or `png`. Default: none. */
  readonly encodeType?: string | undefined;
}

/** The number of images that other threads read ahead. */
const readAhead = 8;

/**
 * Writes images into a new database, as Caffe's `convert_imageset`. Keys are `00000000_name`, with the index of the
 * line in the list; values are Datums with blue, green and red planes, or with an image file. A file that has the
 * wanted format and is not resized is stored unchanged. An image that cannot be read, and a blank line,
 * is logged and left out; its number is not used.
 *
 * Departures from Caffe: a line without an integer label, a width without a height, and a format that cannot be written are
 * errors; `checkSize` works with `encoded` too, where Caffe always fails. The database appears when all records are
 * written; there is none if no image could be read, or the work is aborted. Then an LMDB's
 * folder is empty, and a LevelDB's has the tables that were full, which make no database and are replaced by the next attempt.
 *
 * @param list the list's path or address, its bytes, or a `Blob`
 * @param rootFolder is put before every path of the list, with a `/` between if it is a folder
 * @param options the progress counts the `images` of the list
 * @returns the number of images in the database, and of those that could not be read
 * @throws MokaError MOKA_FILE if the database exists
 * @example
 * ```ts
 * const size = { resizeWidth: 8, resizeHeight: 8 };
 * const { count, skipped } = await convertImageset("images/", "images.txt", "my_lmdb", size);
 * console.log(count, skipped); // 8 0
 * ```
 */
export async function convertImageset(
  rootFolder: string,
  list: FileSource,
  database: string,
  options: ConvertImagesetOptions = {},
): Promise<{ readonly count: number; readonly skipped: number }> {
  const { images = createImages(), backend = "lmdb", log = silent } = options;
  const files = openFiles(options);
  const { gray = false, encodeType = "", resizeWidth = 0, resizeHeight = 0 } = options;
  const encoded = options.encoded || encodeType !== "";
  checkStoring(options);
  const size = resizeWidth > 0 ? { width: resizeWidth, height: resizeHeight } : undefined;

  const listFile = sourceName(list) ?? "the list";
  const lines = [...parseImageList(new TextDecoder().decode(await readSource(files, list)), listFile)];
  if (options.shuffle) {
    log("info", "convert_imageset.cpp:86", "Shuffling data");
    new Random(options.seed ?? freshSeed()).shuffle(lines);
  }
  log("info", "convert_imageset.cpp:89", `A total of ${lines.length} images.`);
  if (encodeType !== "" && !options.encoded) {
    log("info", "convert_imageset.cpp:92", "encode_type specified, assuming encoded=true.");
  }
  const root = await rootPath(files, rootFolder);
  const writer = await createDatabase(files, backend, database);

  const load = async (listed: ListedImage | undefined) => {
    check(listed, "MOKA_DATA", "the line is blank");
    const { file, label } = listed;
    const bytes = await files.read(root + file);
    const original = await images.decode(bytes, { color: !gray });
    const image = size ? resize(original, size.width, size.height) : original;
    if (!encoded) return { image, value: writeDatum({ ...image, data: toPlanes(image), label, encoded: false }) };
    const kind = encodeType || file.slice(file.lastIndexOf(".") + 1);
    const isUnchanged = !size && hasKind(file, kind);
    const data = isUnchanged ? bytes : await images.encode(image, formatOf(kind));
    // As in Caffe, without height, width and channels.
    return { image, value: toBinary(DatumSchema, create(DatumSchema, { data, label, encoded: true })) };
  };

  let count = 0;
  let skipped = 0;
  let first: Image | undefined;
  for await (const { item, index, result } of watched(
    inOrder(lines, load),
    { what: "images", total: lines.length },
    options,
  )) {
    const file = item?.file ?? "";
    if (result instanceof Error) {
      if (!isUnreadable(result)) throw result;
      log("error", "io.cpp:80", `Could not open or find file ${root}${file}: ${reasonOf(result)}`);
      skipped += 1;
      continue;
    }
    first ??= result.image;
    if (options.checkSize) checkSameSize(result.image, first, root + file);
    try {
      await writer.add(recordKey(index, file), result.value);
    } catch (error) {
      throw withSubject(`${listFile}: ${JSON.stringify(file)}`, error);
    }
    count += 1;
    if (count % 1000 === 0) log("info", "convert_imageset.cpp:147", `Processed ${count} files.`);
  }
  check(count > 0, "MOKA_DATA", `${listFile}: none of its ${lines.length} images could be read`);
  options.signal?.throwIfAborted();
  await writer.finish();
  if (count % 1000 !== 0) log("info", "convert_imageset.cpp:153", `Processed ${count} files.`);
  return { count, skipped };
}

/** Processes several items at a time; yields the results, or the errors, in the order of the items. */
export async function* inOrder<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): AsyncGenerator<{ readonly item: T; readonly index: number; readonly result: R | Error }> {
  const safely = (item: T) => work(item).catch((error) => (error instanceof Error ? error : new Error(String(error))));
  const begun: Promise<R | Error>[] = [];
  try {
    for (const [index, item] of items.entries()) {
      for (let next = index + begun.length; begun.length < readAhead && next < items.length; next++) {
        begun.push(safely(items[next] as T));
      }
      yield { item, index, result: (await begun.shift()) as R | Error };
    }
  } finally {
    await Promise.all(begun); // of a loop that was left
  }
}

/** Whether an error is a missing or damaged file, which is left out, and not a mistake of the caller. */
export function isUnreadable(error: Error): boolean {
  return error instanceof MokaError && (error.code === "MOKA_FILE" || error.code === "MOKA_DATA");
}

const extension = (file: string) => file.slice(file.lastIndexOf(".") + 1).toLowerCase();

/** Whether a file has this format, by its extension. */
export function hasKind(file: string, kind: string): boolean {
  const name = extension(file);
  return name === kind.toLowerCase() || (name === "jpeg" && kind.toLowerCase() === "jpg");
}

/** The format of this name. Throws MOKA_USAGE if it is none that is written. */
export function formatOf(kind: string): ImageFormat {
  const format = { jpg: "jpg", jpeg: "jpg", png: "png" } as const;
  const found = format[kind.toLowerCase() as keyof typeof format];
  check(found, "MOKA_USAGE", `images can be encoded as jpg or png, not as "${kind}": give encode_type`);
  return found;
}

/** Checks the options that say how images are stored. */
export function checkStoring({ resizeWidth = 0, resizeHeight = 0, encodeType = "" }: ConvertImagesetOptions): void {
  check(
    resizeWidth > 0 === resizeHeight > 0,
    "MOKA_USAGE",
    `resize_width ${resizeWidth} and resize_height ${resizeHeight}: give both, or none`,
  );
  if (encodeType !== "") formatOf(encodeType);
}

/** What is put before every path of a list, with a `/` behind it if it is a folder. */
export async function rootPath(files: Files, rootFolder: string): Promise<string> {
  const needsSlash = rootFolder !== "" && !rootFolder.endsWith("/") && (await files.isFolder(rootFolder));
  return needsSlash ? `${rootFolder}/` : rootFolder;
}

/** Throws MOKA_DATA if an image differs in size from the first. */
export function checkSameSize(image: Image, first: Image, file: string): void {
  const of = ({ channels, height, width }: Image) => `${channels}×${height}×${width}`;
  check(of(image) === of(first), "MOKA_DATA", `${file} is of size ${of(image)}, the first image of ${of(first)}`);
}

import { resizeAs } from "../../data/images/resize-modes.js";
import type { LabeledImage } from "../../data/labeled-image.js";
import type { ListedImage } from "../../data/sources/image-list.js";
import type { ImageReader } from "../../data/sources/image-reader.js";
import { ImageDataParameter_LabelType as LabelType } from "../../proto/gen/caffe_pb.js";
import { MokaError } from "../../util/errors.js";
import type { Image } from "../../util/images.js";

/** Between the words of a line: names have no blanks. */
export const separator = " ";

/**
 * The lines of a list, each as one name: its words with one blank between. Blank lines are left out.
 *
 * @param name the list's name in errors
 * @param fits whether a line's words are those that are expected
 */
export function parseWords(
  text: string,
  name: string,
  fits: (words: readonly string[]) => boolean,
  expected: string,
): readonly ListedImage[] {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  const listed = lines.flatMap((words, index) => {
    if (words[0] === "") return [];
    if (fits(words)) return [{ file: words.join(separator), label: 0 }];
    const reason = `expected ${expected}; came ${JSON.stringify(words.join(" ").slice(0, 200))}`;
    throw new MokaError("MOKA_DATA", reason, { place: { file: name, line: index + 1, column: 1 } });
  });
  if (listed.length === 0) throw new MokaError("MOKA_DATA", `${name}: the list is empty`);
  return listed;
}

/** An image with one more channel: the class of each pixel. */
function withClasses(image: Image, classes: Image, name: string): Image {
  const { width, height } = image;
  if (classes.width !== width || classes.height !== height) {
    const sizes = `${classes.height}×${classes.width}, its image ${height}×${width}`;
    throw new MokaError("MOKA_DATA", `the label image ${name} is of ${sizes}; both must have one size`);
  }
  return addChannel(image, (i) => classes.data[i] ?? 0);
}

/** An image with one more channel, whose values follow from a pixel's index. */
export function addChannel({ width, height, channels, data: from }: Image, classOf: (pixel: number) => number): Image {
  const data = new Uint8Array(width * height * (channels + 1));
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < channels; c++) data[i * (channels + 1) + c] = from[i * channels + c] ?? 0;
    data[i * (channels + 1) + channels] = classOf(i);
  }
  return { width, height, channels: channels + 1, data };
}

/** Resizes an image whose last channel is classes: the image linearly, each class to the nearest. */
export function resizeWithClasses(
  { height, width, channels, values }: LabeledImage,
  to: readonly [number, number],
): Image {
  const image = { height, width, channels, data: Uint8Array.from(values) };
  const resized = resizeAs(image, to[1], to[0], "linear");
  const { data: classes } = resizeAs(image, to[1], to[0], "nearest");
  for (let i = channels - 1; i < resized.data.length; i += channels) resized.data[i] = classes[i] ?? 0;
  return resized;
}

/** Reads the image and the label image of a line; the image's reader resizes it to `size`, if there is one. */
export async function readPair(
  line: string,
  pictures: ImageReader,
  labels: ImageReader,
  size: { readonly width: number; readonly height: number } | undefined,
): Promise<Image> {
  const [picture = "", label = ""] = line.split(separator);
  const [image, classes] = await Promise.all([pictures.read(picture), labels.read(label)]);
  return withClasses(image, size ? resizeAs(classes, size.width, size.height, "nearest") : classes, label);
}

/** What a line of ImageSegData must have, by `label_type`. */
export const lineOf = {
  [LabelType.NONE]: { fits: () => true, expected: "an image" },
  [LabelType.IMAGE]: {
    fits: ([, label = ""]: readonly string[]) => /^\d+$/.test(label) && Number(label) <= 255,
    expected: "an image and its class, a whole number from 0 to 255, with a blank between (label_type IMAGE)",
  },
  [LabelType.PIXEL]: {
    fits: ({ length }: readonly string[]) => length >= 2,
    expected: "an image and a label image with a blank between (label_type PIXEL)",
  },
};

import { type DigitSetsOptions, writeDigits as write } from "../data/digits/index.js";
import { type FilesOptions, openFiles } from "../platform/open-files.js";

export interface WriteDigitsOptions extends DigitSetsOptions, FilesOptions {}

/**
 * Draws new data sets of handwritten-like digits, 28×28 gray images of ten classes, to train small nets on without any download; as
 * `moka digits`. The same seed gives the same images.
 *
 * @param folder where to write them: `train_lmdb` and `test_lmdb`, or the files of another format
 * @returns the paths that a prototxt names as its sources
 * @throws MokaError `MOKA_FILE`, before anything is drawn, if there is a data set already
 * @example
 * ```ts
 * const files = createFiles({});
 * const { train } = await writeDigits("digits", { files, train: 100, test: 20 });
 * console.log(train); // digits/train_lmdb
 * ```
 */
export async function writeDigits(
  folder: string,
  options: WriteDigitsOptions = {},
): Promise<{ readonly train: string; readonly test: string }> {
  return write(openFiles(options), folder, options);
}

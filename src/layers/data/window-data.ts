import { create } from "@bufbuild/protobuf";
import type { FloatArray } from "../../core/span.js";
import { type WarpedWindow, warpWindow } from "../../data/images/warp-window.js";
import { ImageReader } from "../../data/sources/image-reader.js";
import { parseWindowFile, type WindowFile } from "../../data/sources/window-file.js";
import { type WindowItem, WindowSource } from "../../data/sources/windows.js";
import { Transformer } from "../../data/transformer.js";
import { blobShape, blobValues } from "../../proto/binary/index.js";
import {
  TransformationParameterSchema,
  type WindowDataParameter,
  WindowDataParameterSchema,
} from "../../proto/gen/caffe_pb.js";
import { sourceOf } from "../../proto/source.js";
import { readHead } from "../../util/files.js";
import type { Shape } from "../../util/shape.js";
import { BatchLayer } from "./batch-layer.js";
import { rankShare } from "./rank-share.js";
import { loadMean } from "./transform.js";

/** A mean image, whose middle is subtracted. */
interface Mean {
  readonly values: Float32Array;
  readonly height: number;
  readonly width: number;
  /** Pixels from its left and its top edge to the part that is subtracted. */
  readonly offset: number;
}

/**
 * Windows of images, drawn at random and warped to one size, for the training of R-CNN (Girshick et al. 2014).
 *
 * No bottoms; tops: data (batch_size, channels, crop_size, crop_size) and labels (batch_size). Of each batch the last
 * `fg_fraction`·batch_size windows show objects, the others background, label 0; pixels outside of an image are 0.
 *
 * `window_data_param`: `source` (a window file), `batch_size`, `root_folder` (""), `fg_threshold` (0.5: overlap of
 * objects), `bg_threshold` (0.5: background is below), `fg_fraction` (0.25), `context_pad` (0: pixels of the result around
 * the window), `crop_mode` (warp, or square), `cache_images` (false: keep the files in memory), `scale` (1).
 * `transform_param`: `crop_size` (must be given), `mirror`, `mean_file` or `mean_value`; its `scale` is ignored, as in
 * Caffe. `data_param.prefetch` (4): batches that are read and decoded ahead of the net.
 *
 * Several ranks take whole batches in turn: the N batches of N ranks are those that one process draws one after the other.
 *
 * Images are decoded to 3 channels, so the window file must say 3; with another number, Caffe writes beyond the blob. The
 * whole window file is checked when it is opened for a run; Caffe fails at the first batch that has a mistake.
 */
export class WindowDataLayer extends BatchLayer<WindowItem> {
  static readonly type = "WindowData";
  override readonly topCount = 2;
  readonly #param = this.message.windowDataParam ?? create(WindowDataParameterSchema);
  readonly #transform = this.message.transformParam ?? create(TransformationParameterSchema);
  protected override readonly batchSize = this.#param.batchSize;
  #mean: Mean | undefined;

  /** Checks that the window file can be read. Its windows do not change the shapes: only `open` reads them. */
  override async inspect(): Promise<void> {
    this.#checkFields();
    const { files } = this.context;
    await readHead(files, await files.resolve(this.#param.source, sourceOf(this.message)?.file), 1);
    await this.#openMean();
    this.expect(this.itemShape());
  }

  override async open(): Promise<void> {
    const { source, rootFolder, fgThreshold, bgThreshold, cacheImages } = this.#param;
    const { cropSize, mirror } = this.#transform;
    const { files, images, log, random } = this.context;
    this.#checkFields();
    // Caffe draws two seeds for a transformer that it does not use, and one for a thread that draws nothing.
    const needsRandom = Transformer.needsRandom(this.#transform, this.phase);
    if (needsRandom) random.next();
    await loadMean(this.message, this.context);
    logParameters(this.#param, (line) => log("info", "window_data_layer.cpp:53", line));
    const chooser = random.fork();
    const namedBy = sourceOf(this.message)?.file;
    const path = await files.resolve(source, namedBy);
    const thresholds = { foreground: fgThreshold, background: bgThreshold };
    const file = parseWindowFile(await files.readText(path), source, thresholds);
    this.#check(file);
    this.#logFile(file);
    await this.#openMean();
    if (needsRandom) random.next();
    random.next();
    const reader = new ImageReader({
      files,
      images,
      color: true,
      rootFolder,
      namedBy: [path, namedBy],
      cacheFiles: cacheImages,
    });
    const foregroundCount = Math.trunc(Math.fround(this.batchSize * this.#param.fgFraction));
    const batch = { batchSize: this.batchSize, foregroundCount, mirror };
    const windows = new WindowSource(file, batch, reader, chooser, rankShare(this.context, this.batchSize));
    await windows.enterShare();
    this.startBatches(windows, [3, cropSize, cropSize], "window_data_layer.cpp:180");
  }

  override assumedShapes(): readonly (Shape | undefined)[] {
    return this.assumedBatch(3);
  }

  protected override itemShape(): Shape {
    const { cropSize } = this.#transform;
    return [3, cropSize, cropSize];
  }

  protected override writeItem({ window, image, isMirrored }: WindowItem, output: FloatArray): number {
    const { cropSize } = this.#transform;
    const { contextPad, cropMode } = this.#param;
    const isSquare = cropMode === "square";
    output.fill(0);
    this.#write(warpWindow(image, window, { cropSize, contextPad, isSquare, isMirrored }), output);
    return window.label;
  }

  #write({ image: { width, height, data }, top, left }: WarpedWindow, output: FloatArray): void {
    const { cropSize, meanValue } = this.#transform;
    const { scale } = this.#param;
    const mean = this.#mean;
    for (let row = 0, from = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        for (let c = 0; c < 3; c++) {
          const at = (c * (mean?.height ?? 0) + row + top + (mean?.offset ?? 0)) * (mean?.width ?? 0);
          const own = mean ? mean.values[at + column + left + mean.offset] : meanValue[meanValue.length === 1 ? 0 : c];
          const to = (c * cropSize + row + top) * cropSize + column + left;
          output[to] = Math.fround((data[from++] ?? 0) - (own ?? 0)) * scale;
        }
      }
    }
  }

  #checkFields(): void {
    const { source, batchSize, contextPad, fgFraction } = this.#param;
    const { cropSize, meanValue, meanFile } = this.#transform;
    this.check(source !== "", "MOKA_FIELD", "window_data_param.source must be given");
    this.check(batchSize > 0, "MOKA_FIELD", "window_data_param.batch_size must be given, and greater than 0");
    this.check(cropSize > 0, "MOKA_FIELD", "transform_param.crop_size must be given, and greater than 0");
    this.check(
      cropSize > 2 * contextPad,
      "MOKA_FIELD",
      `window_data_param.context_pad ${contextPad} on both sides leaves nothing of transform_param.crop_size ${cropSize}`,
    );
    this.check(
      fgFraction >= 0 && fgFraction <= 1,
      "MOKA_FIELD",
      `window_data_param.fg_fraction must be from 0 to 1, not ${fgFraction}`,
    );
    this.check(
      meanValue.length === 0 || !meanFile,
      "MOKA_FIELD",
      "transform_param takes mean_file or mean_value, not both",
    );
    this.check(
      [0, 1, 3].includes(meanValue.length),
      "MOKA_FIELD",
      `transform_param.mean_value is given ${meanValue.length} times for 3 channels; give one, or one each`,
    );
  }

  #check({ images, foreground, background }: WindowFile): void {
    const { source } = this.#param;
    const channels = images.find((image) => image.channels !== 3)?.channels ?? 3;
    this.check(channels === 3, "MOKA_DATA", `${source} has images of ${channels} channels; they are read in 3`);
    const missing = [foreground, background].findIndex(({ length }) => length === 0);
    const what = ["an overlap of fg_threshold or more", "an overlap below bg_threshold"][missing];
    this.check(missing < 0, "MOKA_DATA", `${source} has no window with ${what}, and batches are drawn from both kinds`);
  }

  #logFile({ foreground, background, progress, lastIndex }: WindowFile): void {
    const say = (line: number, text: string) => this.context.log("info", `window_data_layer.cpp:${line}`, text);
    for (const text of progress) say(148, text);
    say(157, `Number of images: ${lastIndex + 1}`);
    const counts = new Map<number, number>([[0, background.length]]);
    for (const { label } of foreground) counts.set(label, (counts.get(label) ?? 0) + 1);
    for (const [label, count] of [...counts].sort(([a], [b]) => a - b)) say(161, `class ${label} has ${count} samples`);
    say(165, `Amount of context padding: ${this.#param.contextPad}`);
    say(168, `Crop mode: ${this.#param.cropMode}`);
  }

  async #openMean(): Promise<void> {
    const blob = await loadMean(this.message, this.context, "window_data_layer.cpp:196");
    if (!blob) return;
    const { cropSize } = this.#transform;
    const [channels = 0, height = 0, width = 0] = blobShape(blob).slice(-3);
    const offset = Math.trunc((width - cropSize) / 2);
    this.check(
      channels === 3 && width >= cropSize && height >= offset + cropSize,
      "MOKA_DATA",
      `transform_param.mean_file is ${channels}×${height}×${width}, too small for 3×${cropSize}×${cropSize}`,
    );
    this.#mean = { values: blobValues(blob).data, height, width, offset };
  }
}

function logParameters(param: WindowDataParameter, log: (line: string) => void): void {
  const lines = [
    "Window data layer:",
    `  foreground (object) overlap threshold: ${param.fgThreshold}`,
    `  background (non-object) overlap threshold: ${param.bgThreshold}`,
    `  foreground sampling fraction: ${param.fgFraction}`,
    `  cache_images: ${Number(param.cacheImages)}`,
    `  root_folder: ${param.rootFolder}`,
  ];
  log(lines.join("\n"));
}

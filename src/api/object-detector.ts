import { create } from "@bufbuild/protobuf";
import { applyResize } from "../data/annotated/resize-policy.js";
import { resizeAs } from "../data/images/resize-modes.js";
import { openFiles } from "../platform/open-files.js";
import {
  ResizeParameter_Interp_mode as Interp,
  type LayerParameter,
  type NetParameter,
  Phase,
  ResizeParameter_Resize_mode as Resize,
  type ResizeParameter,
  ResizeParameterSchema,
  type TransformationParameter,
} from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import type { Weights } from "../proto/weight-sources.js";
import { loadMean } from "../tools/arrays.js";
import { decodeImage } from "../tools/image-array.js";
import { check } from "../util/errors.js";
import type { FileSource } from "../util/files.js";
import type { Image } from "../util/images.js";
import { silent } from "../util/log.js";
import type { NdArray } from "../util/nd-array.js";
import { Random } from "../util/random.js";
import { ResourceOwner } from "../util/resource-owner.js";
import { formatSizes } from "../util/shape.js";
import { ImageInput, type ImageInputOptions, meanOf } from "./image-input.js";
import { Net, type NetOptions } from "./net.js";
import { type NetSource, nameOf, readNet } from "./read-text.js";
import type { MeanArray } from "./transformer.js";

export interface ObjectDetectorOptions
  extends Omit<NetOptions, "phase" | "weights" | "keep">,
    Pick<ImageInputOptions, "mean" | "inputScale" | "channelSwap"> {
  /** The net that was trained: the `transform_param` of its data layer is taken where the net to run has none. */
  readonly trainNet?: NetSource | undefined;
  /** Height and width of the net's input in pixels. Default: what the net says. */
  readonly size?: readonly [height: number, width: number] | undefined;
  /** Objects with a score below this are left out. Default 0.5. */
  readonly threshold?: number | undefined;
}

/** What is asked of the pictures, whatever computes the net. */
type DetectionOptions = Omit<ObjectDetectorOptions, "engine">;

/** An object in a picture. */
export interface FoundObject {
  readonly label: number;
  readonly score: number;
  /** In pixels of the picture; parts of a box may lie outside of it. */
  readonly xmin: number;
  readonly ymin: number;
  readonly xmax: number;
  readonly ymax: number;
}

/** What a net finds in a picture. */
export interface DetectedObjects {
  /** The picture: blue, green and red, or gray if the net's input has one channel. */
  readonly image: Image;
  readonly objects: readonly FoundObject[];
}

/** The values of a detection: image, label, score, xmin, ymin, xmax, ymax. */
const rowLength = 7;

/**
 * A net that finds objects: its output has a row of seven values for each of them, image, label, score, xmin, ymin, xmax and ymax in
 * units of the image, as SSD's DetectionOutput gives them.
 *
 * A picture is read and resized as data layers do it, to the size of the net's input, whatever its own proportions. Its values, from 0
 * to 255, blue, green and red, get the mean subtracted and are multiplied by the scale. Both are those of the `transform_param`
 * of the net's input, or of the trained net's data layer, unless they are given. There `resize_mode: FIT_LARGE_SIZE_AND_PAD` is
 * followed too: the picture keeps its proportions, and the boxes are converted back. Pictures run one by one: some layers of
 * detections do not tell the images of a batch apart.
 */
export class ObjectDetector extends ResourceOwner {
  /** The net; it belongs to the detector. */
  readonly net: Net;
  readonly #input: ImageInput;
  readonly #output: string;
  readonly #resize: ResizeParameter;
  readonly #options: DetectionOptions;

  private constructor(
    net: Net,
    transform: TransformationParameter | undefined,
    mean: MeanArray | undefined,
    options: DetectionOptions,
  ) {
    super();
    const { inputScale = transform?.scale, threshold = 0.5 } = options;
    check(Number.isFinite(threshold), "MOKA_USAGE", `threshold must be a number, not ${threshold}`);
    this.#input = new ImageInput(net, { inputScale }, undefined, "detector");
    const { name, transformer, height, width } = this.#input;
    const channels = transformer.inputs[name]?.[1] ?? 0;
    check(
      channels === 1 || channels === 3,
      "MOKA_USAGE",
      `the net's input "${name}" has ${channels} channels, a picture 1 or 3`,
    );
    const swap = options.channelSwap ?? (channels === 3 ? [2, 1, 0] : undefined);
    if (swap) transformer.setChannelSwap(name, swap);
    if (mean) transformer.setMean(name, oneForEach(mean, channels));
    this.net = net;
    this.#output = outputOf(net);
    this.#resize = resizeFor(transform?.resizeParam[0], height, width);
    this.#options = options;
  }

  /**
   * Reads a net in phase TEST with its weights.
   *
   * @param model a prototxt, as for `Net.load`
   * @param weights files or messages, as for `net.copyTrainedLayersFrom`
   * @throws MokaError `MOKA_USAGE` if it has no input for a picture, or no output of rows of seven values
   */
  static async load(model: NetSource, weights: Weights, options: ObjectDetectorOptions = {}): Promise<ObjectDetector> {
    const net = await Net.load(model, { ...options, phase: "TEST", weights, keep: "outputs" });
    return ObjectDetector.on(net, model, options);
  }

  /**
   * A detector with a net that is there already. The net then belongs to the detector; if there is none because of an error, it is
   * disposed of.
   *
   * @param model the prototxt of the net, for the `transform_param` of its input
   */
  static async on(net: Net, model: NetSource, options: DetectionOptions = {}): Promise<ObjectDetector> {
    const { size, trainNet } = options;
    try {
      const files = openFiles(options);
      const message = await readNet(model, files, silent);
      const trained = trainNet === undefined ? undefined : await readNet(trainNet, files, silent);
      const [input = ""] = net.inputs;
      const own = transformIn(message, (layer) => layer.top.includes(input));
      const transform = own ?? (trained && transformIn(trained, () => true));
      const meanFile = options.mean === undefined && transform?.meanFile;
      const from = own ? nameOf(model) : nameOf(trainNet ?? model);
      const mean = meanFile
        ? await loadMean(await files.resolve(meanFile, from), { ...options, files })
        : ((await meanOf({ ...options, files })) ?? meanValues(transform));
      const [, channels, height, width] = net.blobs.get(input)?.shape ?? [];
      if (width !== undefined) net.reshape({ [input]: [1, channels ?? 0, ...(size ?? [height ?? 0, width])] });
      return new ObjectDetector(net, transform, mean, options);
    } catch (error) {
      await net.dispose();
      throw error;
    }
  }

  /** Height and width of the net's input in pixels. */
  get inputSize(): readonly [height: number, width: number] {
    return [this.#input.height, this.#input.width];
  }

  /**
   * The objects in a picture, the one with the highest score first.
   *
   * @param picture its path or address, or its bytes
   * @throws MokaError `MOKA_FILE` if it cannot be read, `MOKA_DATA` if it is no image
   */
  async detect(picture: FileSource): Promise<DetectedObjects> {
    const { threshold = 0.5, log = silent } = this.#options;
    const { name, transformer } = this.#input;
    const image = await decodeImage(picture, { color: transformer.inputs[name]?.[1] === 3 }, this.#options);
    const { data } = transformer.preprocess(name, rgb(this.#resized(image)));
    const { [this.#output]: rows = new Float32Array(0) } = await this.net.forward({ [name]: data });
    const found: FoundObject[] = [];
    let broken = 0;
    for (let at = 0; at + rowLength <= rows.length; at += rowLength) {
      const [, label = -1, score = 0, ...box] = rows.subarray(at, at + rowLength);
      if (label === -1) continue; // says that nothing was found
      if (![label, score, ...box].every(Number.isFinite)) broken++;
      else if (score >= threshold) found.push({ label, score, ...this.#inPicture(box, image) });
    }
    if (broken > 0) log("warning", "detect", `${broken} of the net's detections have values that are no numbers`);
    return { image, objects: found.sort((a, b) => b.score - a.score) };
  }

  /**
   * Frees the net. It cannot be used afterwards.
   */
  async dispose(): Promise<void> {
    await this.net.dispose();
  }

  #resized(image: Image): Image {
    const { width, height, resizeMode } = this.#resize;
    if (resizeMode === Resize.FIT_LARGE_SIZE_AND_PAD) return applyResize(image, this.#resize, new Random(1));
    return resizeAs(image, width, height, "linear");
  }

  /** A box in units of the net's input, in pixels of the picture. */
  #inPicture([xmin = 0, ymin = 0, xmax = 0, ymax = 0]: readonly number[], { width, height }: Image) {
    const { resizeMode, width: inputWidth, height: inputHeight } = this.#resize;
    let [scaleX, scaleY, left, top] = [width, height, 0, 0];
    if (resizeMode === Resize.FIT_LARGE_SIZE_AND_PAD) {
      const scale = Math.max(width / inputWidth, height / inputHeight);
      [scaleX, scaleY] = [inputWidth * scale, inputHeight * scale];
      [left, top] = [(scaleX - width) / 2, (scaleY - height) / 2];
    }
    return {
      xmin: xmin * scaleX - left,
      ymin: ymin * scaleY - top,
      xmax: xmax * scaleX - left,
      ymax: ymax * scaleY - top,
    };
  }
}

/** The name of the output with a row for each object. */
function outputOf(net: Net): string {
  const shapes = net.outputs.map((name) => [name, net.blobs.get(name)?.shape ?? []] as const);
  const [output, ...more] = shapes.filter(([, shape]) => shape.length > 1 && shape.at(-1) === rowLength);
  const all = shapes.map(([name, shape]) => `"${name}" ${formatSizes(shape)}`).join(", ");
  check(
    output,
    "MOKA_USAGE",
    `the net has no output of detections, rows of ${rowLength} values (image, label, score and box); its outputs: ${all || "none"}`,
  );
  check(more.length === 0, "MOKA_USAGE", `the net has several outputs of rows of ${rowLength} values: ${all}`);
  return output[0];
}

/** The `transform_param` of the layers that are asked for: that of phase TEST, if there are several. */
function transformIn(net: NetParameter, isWanted: (layer: LayerParameter) => boolean) {
  const layers = net.layer.filter((layer) => layer.transformParam && isWanted(layer));
  const isTest = (layer: LayerParameter) => layer.include.some(({ phase }) => phase === Phase.TEST);
  return (layers.find(isTest) ?? layers[0])?.transformParam;
}

function meanValues(transform: TransformationParameter | undefined): MeanArray | undefined {
  const values = transform?.meanValue ?? [];
  return values.length > 0 ? { shape: [values.length], data: values } : undefined;
}

/** A mean of one value, for each channel. */
function oneForEach(mean: MeanArray, channels: number): MeanArray {
  const isOne = mean.shape.length === 1 && mean.shape[0] === 1;
  return isOne ? { shape: [channels], data: new Array(channels).fill(mean.data[0]) } : mean;
}

/** How pictures are resized: to the net's input, and always by the same of several interpolations. */
function resizeFor(param: ResizeParameter | undefined, height: number, width: number): ResizeParameter {
  if (param?.resizeMode !== Resize.FIT_LARGE_SIZE_AND_PAD) return create(ResizeParameterSchema, { height, width });
  const { interpMode } = param;
  const mode = interpMode.length === 0 || interpMode.includes(Interp.LINEAR) ? Interp.LINEAR : interpMode.slice(0, 1);
  return Object.assign(copyMessage(ResizeParameterSchema, param), { height, width, interpMode: [mode].flat() });
}

/** Height × width × channels, red first. */
function rgb({ width, height, channels, data }: Image): NdArray {
  const values = Float32Array.from(data);
  if (channels === 3) {
    for (let i = 0; i < values.length; i += 3) [values[i], values[i + 2]] = [data[i + 2] ?? 0, data[i] ?? 0];
  }
  return { shape: [height, width, channels], data: values };
}

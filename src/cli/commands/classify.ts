import { InvalidArgumentError, Option } from "commander";
import type { MeanArray } from "../../index.js";
import type { Files } from "../../util/files.js";
import type { Command } from "../command.js";
import { allowUnderscores } from "../flags.js";
import { addRunOptions, addStateOptions, type CommonOptions, integer } from "../options.js";

interface ClassifyOptions extends CommonOptions {
  readonly mean?: string;
  readonly rawScale: number;
  readonly inputScale?: number;
  readonly channelSwap?: number[];
  readonly imagesDim?: number[];
  readonly labels?: string;
  readonly top: number;
  readonly oversample: boolean;
  readonly json?: boolean;
}

/** `moka classify`: what pictures show, as pycaffe's `classify.py`. */
export const classify: Command = {
  define(command) {
    command
      .argument("<model>", "the net to deploy, a prototxt with an input")
      .argument("<weights>", "its caffemodel, or several separated by commas")
      .argument("<images...>", "pictures")
      .option(
        "--mean <file|values>",
        "what is subtracted: .npy, .binaryproto, or a value for each channel: 104,117,123",
      )
      .option("--raw-scale <n>", "what values from 0 to 1 are multiplied by first", number, 255)
      .option("--input-scale <n>", "what values are multiplied by in the end", number)
      .addOption(
        new Option(
          "--channel-swap <order>",
          "order of red (0), green (1) and blue (2) (default: 2,1,0 for three)",
        ).argParser(numbers),
      )
      .addOption(
        new Option(
          "--images-dim <height,width>",
          "size to scale to, before cropping (default: the net's input)",
        ).argParser(numbers),
      )
      .option("--labels <file>", "names of the classes, one a line")
      .option("--top <n>", "classes to show", integer(1), 5)
      .option("--no-oversample", "the center alone, not the mean over corners, center and mirror images")
      .option("--json", "print JSON")
      .addHelpText(
        "after",
        "\nPictures are resized as pycaffe does it, and read in gray where the net's input has one channel.",
      );
    allowUnderscores(command);
    addRunOptions(command);
    addStateOptions(command);
  },

  async run([model = "", weights = "", ...paths], options) {
    const given = options as unknown as ClassifyOptions;
    const { engine, threads, level, stage: stages } = given;
    const { Classifier, loadImage, MokaError } = await import("../../index.js");
    const { createFiles } = await import("#platform");
    const files = createFiles();
    const { imagesDim: dims } = given;
    if (dims && (dims.length !== 2 || dims.some((size) => !Number.isInteger(size) || size < 1))) {
      throw new MokaError("MOKA_USAGE", `--images-dim takes height,width, not ${dims}`);
    }
    const imageDims = dims && ([dims[0] ?? 0, dims[1] ?? 0] as const);
    const labels = given.labels === undefined ? [] : (await files.readText(given.labels)).split(/\r?\n/);
    const mean = given.mean === undefined ? undefined : await readMean(files, given.mean);
    const { rawScale, inputScale } = given;
    const settings = { engine, threads, level, stages, imageDims, rawScale, inputScale };
    const classifier = await Classifier.load(model, weights, settings);
    try {
      const { transformer, channels, net } = classifier;
      const [input = ""] = net.inputs;
      const swap = given.channelSwap ?? (channels === 3 ? [2, 1, 0] : undefined);
      if (swap) transformer.setChannelSwap(input, swap);
      if (mean) transformer.setMean(input, spread(mean, channels));
      const found = [];
      for (const path of paths) {
        const image = await loadImage(path, { color: channels !== 1, files });
        const { data } = await classifier.predict([image], given.oversample);
        found.push({ image: path, predictions: best(data, given.top, labels) });
      }
      process.stdout.write(given.json ? `${JSON.stringify(found)}\n` : found.map(described).join("\n"));
    } finally {
      await classifier.dispose();
    }
    return 0;
  },
};

interface Prediction {
  readonly index: number;
  readonly label?: string;
  readonly score: number;
}

/** The classes with the highest scores; of equal ones the first. */
function best(scores: Float32Array, top: number, labels: readonly string[]): Prediction[] {
  const order = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
  return order.slice(0, top).map((index) => {
    const label = labels[index];
    return { index, ...(label && { label }), score: scores[index] ?? 0 };
  });
}

/** As Caffe's example program for classification prints it. */
function described({ image, predictions }: { image: string; predictions: readonly Prediction[] }): string {
  const lines = predictions.map(({ index, label, score }) => `${score.toFixed(4)} - "${label ?? index}"\n`);
  return `---------- Prediction for ${image} ----------\n${lines.join("")}`;
}

async function readMean(files: Files, mean: string): Promise<MeanArray> {
  if (/^[-+\d.eE]+(,[-+\d.eE]+)*$/.test(mean) && !mean.split(",").map(Number).some(Number.isNaN)) {
    const data = mean.split(",").map(Number);
    return { shape: [data.length], data };
  }
  if (/\.npy$/i.test(mean)) {
    const { readArray } = await import("../arrays.js");
    return readArray(mean);
  }
  const { blobShape, blobValues, readBlobProto } = await import("../../proto/binary/index.js");
  const blob = readBlobProto(await files.read(mean), mean);
  return { shape: blobShape(blob).slice(-3), data: blobValues(blob).data };
}

/** One value for all channels becomes one for each. */
function spread(mean: MeanArray, channels: number): MeanArray {
  const isOne = mean.shape.length === 1 && mean.shape[0] === 1;
  return isOne ? { shape: [channels], data: new Array(channels).fill(mean.data[0]) } : mean;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("It must be a number.");
  return value;
}

function numbers(text: string): number[] {
  return text.split(",").map(number);
}

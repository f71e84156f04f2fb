import type { MeanArray } from "../../index.js";
import { type Command, command, flag, operand, option } from "../command.js";
import {
  forwardOptions,
  heightAndWidth,
  inputOptions,
  integer,
  json,
  mean,
  model,
  number,
  numbers,
  stateOptions,
  weights,
} from "../options.js";
import { print, printJson, problems } from "../print.js";
import { loadNet } from "../with-net.js";

/** `moka classify`: classifies images, as pycaffe's `classify.py`. */
export const classify: Command = command(
  {
    model,
    weights,
    images: operand("<images...>", "images"),
    mean,
    rawScale: option(
      "--raw-scale <n>",
      "multiplier of the values, from 0 to 1, before the mean is subtracted",
      number,
      255,
    ),
    ...inputOptions,
    imageDims: option(
      "--images-dim <height,width>",
      "size to scale to, before cropping (default: the net's input)",
      heightAndWidth,
    ),
    antiAliasing: flag("--anti-aliasing", "smooth images before they become smaller, as scikit-image does since 0.15"),
    labels: option("--labels <file>", "names of the classes, one per line"),
    top: option("--top <n>", "classes to show", integer(1), 5),
    oversample: flag("--no-oversample", "the center alone, not the mean over corners, center and mirror images"),
    json,
    ...forwardOptions,
    ...stateOptions,
  },
  async ({ model, weights, images, mean, labels: labelFile, channelSwap, oversample, top, json, ...rest }) => {
    const { Classifier, loadImage, topIndices } = await import("../../index.js");
    const { createFiles } = await import("#platform");
    const files = createFiles();
    const labels = labelFile === undefined ? [] : (await files.readText(labelFile)).split(/\r?\n/);
    const meanArray = mean === undefined ? undefined : await readMean(mean);
    const net = await loadNet(model, { ...rest, weights, log: problems({ upgrades: false }) });
    const classifier = await Classifier.on(net, rest);
    try {
      const { transformer, channels } = classifier;
      const [input = ""] = net.inputs;
      const swap = channelSwap ?? (channels === 3 ? [2, 1, 0] : undefined);
      if (swap) transformer.setChannelSwap(input, swap);
      if (meanArray) transformer.setMean(input, spread(meanArray, channels));
      const found = [];
      for (const path of images) {
        const image = await loadImage(path, { color: channels !== 1, files });
        const { data } = await classifier.predict([image], oversample);
        const predictions = topIndices(data, top).map((index): Prediction => {
          const label = labels[index];
          return { index, ...(label && { label }), score: data[index] ?? 0 };
        });
        found.push({ image: path, predictions });
      }
      if (json) printJson(found);
      else print(found.map(described).join("\n"));
    } finally {
      await classifier.dispose();
    }
  },
  {
    help: "Images are resized as in pycaffe, and read in gray if the net's input has one channel.",
  },
);

interface Prediction {
  readonly index: number;
  readonly label?: string;
  readonly score: number;
}

/** The text that Caffe's example program for classification prints. */
function described({ image, predictions }: { image: string; predictions: readonly Prediction[] }): string {
  const lines = predictions.map(({ index, label, score }) => `${score.toFixed(4)} - "${label ?? index}"\n`);
  return `---------- Prediction for ${image} ----------\n${lines.join("")}`;
}

async function readMean(mean: string): Promise<MeanArray> {
  const data = numbers(mean);
  if (data) return { shape: [data.length], data };
  const { loadMean } = await import("../../index.js");
  return loadMean(mean);
}

/** Repeats a single value for each channel. */
function spread(mean: MeanArray, channels: number): MeanArray {
  const isOne = mean.shape.length === 1 && mean.shape[0] === 1;
  return isOne ? { shape: [channels], data: new Array(channels).fill(mean.data[0]) } : mean;
}

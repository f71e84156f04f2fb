/** The net that pictures are tried on, with the weights of the training or of a file, and what it made of the last one. */
import { batch, computed, effect, signal } from "@preact/signals";
import type { Net } from "moka-caffe/worker";
import { visible } from "../../parts/visible.js";
import { inputFromPixels, type PixelForm } from "../../pixels.js";
import { latest } from "../../state/latest.js";
import { sayError } from "../../state/messages.js";
import { answers, computes } from "../../state/moka.js";
import { isStarted } from "../../state/net.js";
import { dataFiles, mokaFiles, netFile } from "../../state/project.js";
import { iteration, runFiles, solver } from "../../state/run.js";
import { type Box, bestClasses, boxesOf, classScores, saliencyOf } from "./answer.js";

/** The weights: `training`, or the name of a file. */
export const source = signal("training");
export const weightFiles = computed(() => {
  return dataFiles.value.map(({ name }) => name).filter((name) => /\.caffemodel(?:\.h5)?$/.test(name));
});

export const form = signal<PixelForm>({ order: "BGR", mean: [0], scale: 1 });

/** The values of one blob. */
export interface Values {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Answer {
  /** Classes with their probabilities, the likeliest first; empty for a detector. */
  readonly classes: readonly { readonly index: number; readonly value: number }[];
  readonly boxes: readonly Box[] | undefined;
  /** Outputs that are neither. */
  readonly outputs: readonly Values[];
  readonly input: Values;
  readonly saliency: Float32Array | undefined;
  /** The blobs with maps, in the order of the layers. */
  readonly maps: readonly string[];
  readonly isTrained: boolean;
}

export const answer = signal<Answer | undefined>(undefined);
/** Why no picture can be tried. */
export const refusal = signal<string | undefined>(undefined);

/** A loaded net, and what it was loaded from. */
interface Loaded {
  readonly net: Net;
  readonly key: string;
  /** Channels, height and width of its input. */
  readonly size: readonly [number, number, number];
  readonly input: string;
  /** The iteration of the training whose weights it has; undefined for a file's. */
  iteration: number | undefined;
}

let loaded: Loaded | undefined;
const trainedName = "tried.caffemodel";

/** The size of the net's input, if it is loaded: channels, height, width. */
export const inputSize = signal<readonly [number, number, number] | undefined>(undefined);

/** The net as the texts are now. Nets with a stage `deploy` are loaded in it. */
async function ready(): Promise<Loaded | undefined> {
  const file = netFile.value;
  if (!file) return undefined;
  const text = file.text.value;
  const isTraining = source.value === "training";
  const files = isTraining ? (runFiles.value ?? mokaFiles()) : mokaFiles();
  const key = JSON.stringify([file.name, text, source.value]);
  if (loaded?.key !== key || (isTraining && solver.value === undefined && loaded.iteration !== undefined)) {
    const old = loaded;
    loaded = undefined;
    await old?.net.dispose();
    loaded = await load(text, key, isTraining ? undefined : source.value);
  }
  if (loaded && isTraining && solver.value && loaded.iteration !== iteration.value) {
    const { value: running } = solver;
    const now = iteration.value;
    await running.net.save(trainedName);
    await loaded.net.copyTrainedLayersFrom(await files.read(trainedName));
    loaded.iteration = now;
  }
  return loaded;
}

async function load(text: string, key: string, weights: string | undefined): Promise<Loaded | undefined> {
  const stages = /stage\s*:\s*"deploy"/.test(text) ? ["deploy"] : [];
  // So that the gradient of the input is there.
  const forced = await answers().changeFields(text.includes("\n") ? text : `${text}\n`, [
    { path: ["force_backward"], value: "true" },
  ]);
  const files = mokaFiles();
  const options = {
    phase: "TEST" as const,
    stages,
    files,
    dataAsInputs: true,
    ...(weights === undefined ? {} : { weights }),
  };
  const net = await computes().Net.load(forced, options);
  const input = net.inputs.find((name) => isPicture(net.blobs.get(name)?.shape ?? []));
  if (input === undefined) {
    refusal.value = "noInput";
    await net.dispose();
    return undefined;
  }
  const [, channels = 1, height = 1, width = 1] = net.blobs.get(input)?.shape ?? [];
  // One picture at a time.
  const single = net.inputs.map((name) => [name, [1, ...(net.blobs.get(name)?.shape.slice(1) ?? [])]] as const);
  await net.reshape(Object.fromEntries(single));
  batch(() => {
    refusal.value = undefined;
    inputSize.value = [channels, height, width];
  });
  return { net, key, size: [channels, height, width], input, iteration: undefined };
}

function isPicture(shape: readonly number[]): boolean {
  return shape.length === 4 && (shape[1] === 1 || shape[1] === 3) && (shape[2] ?? 0) > 1;
}

/** The least score of a box that is shown. */
const leastScore = 0.3;

const run = latest(async (pixels: (width: number, height: number) => Uint8ClampedArray) => {
  const now = await ready();
  if (!now) return undefined;
  const { net, size, input } = now;
  const [channels, height, width] = size;
  const values = inputFromPixels(pixels(width, height), size, form.value);
  const others = net.inputs.filter((name) => name !== input);
  const zeros = others.map((name) => [name, new Float32Array(net.blobs.get(name)?.count ?? 0)] as const);
  const outputs = await net.forward({ ...Object.fromEntries(zeros), [input]: values });
  const read = async (name: string): Promise<Values> => {
    const blob = net.blobs.get(name);
    return { name, shape: blob?.shape ?? [], data: blob ? await blob.read() : new Float32Array() };
  };
  const detector = net.layers.find(({ type }) => /DetectionOutput$/.test(type));
  const boxes = detector && boxesOf(outputs[detector.tops[0] ?? ""] ?? [], leastScore);
  const scores = detector ? undefined : classScores(net.layers);
  const scored = scores && (await read(scores.blob));
  const classes = scores && scored ? bestClasses(scored.data, scored.shape[0] ?? 1, scores.isProbability) : [];
  const gradient = scores && classes[0] ? await gradientOf(net, input, scores, classes[0].index) : undefined;
  const maps = [...net.blobs.values()].filter(
    ({ shape }) => shape.length === 4 && (shape[2] ?? 1) * (shape[3] ?? 1) > 1,
  );
  const found: Answer = {
    classes,
    boxes,
    outputs: classes.length > 0 || boxes ? [] : await Promise.all(Object.keys(outputs).map(read)),
    input: { name: input, shape: [1, channels, height, width], data: values },
    saliency: gradient && saliencyOf(gradient, channels),
    maps: maps.map(({ name }) => name).filter((name) => !/_split_\d+$/.test(name)),
    isTrained: source.value !== "training" || iteration.value > 0,
  };
  return found;
});

/** The gradient of one class's score with respect to the input; undefined where the net has none, as behind layers without backward. */
async function gradientOf(
  net: Net,
  input: string,
  { logits, maker }: { readonly logits: string; readonly maker: string },
  index: number,
): Promise<Float32Array | undefined> {
  const blob = net.blobs.get(logits);
  const x = net.blobs.get(input);
  if (!blob || !x) return undefined;
  try {
    const wanted = new Float32Array(blob.count);
    wanted[index] = 1;
    await blob.write(wanted, "diff");
    await net.backward({ from: maker });
    return await x.read("diff");
  } catch {
    // A net without backward has no saliency; its answer is there all the same.
    return undefined;
  }
}

/** Has the net look at a picture: a function that draws it at the size of the input. */
export async function look(pixels: (width: number, height: number) => Uint8ClampedArray): Promise<void> {
  last = pixels;
  await lookWith(pixels, sayError);
}

/** Without a net that runs there is no answer: that of another net would be wrong. */
async function lookWith(
  pixels: (width: number, height: number) => Uint8ClampedArray,
  whenFailed: (error: unknown) => void,
): Promise<void> {
  try {
    const found = await run(pixels);
    if (found || refusal.value) answer.value = found;
  } catch (error) {
    answer.value = undefined;
    whenFailed(error);
  }
}

let last: ((width: number, height: number) => Uint8ClampedArray) | undefined;

/** The values of one blob of the last picture, for its tiles. */
export async function valuesOf(name: string): Promise<Values | undefined> {
  const blob = loaded?.net.blobs.get(name);
  return blob && { name, shape: blob.shape, data: await blob.read() };
}

/** A tried picture is tried again at most so often while the net trains or is edited, in ms. */
const pace = 1000;
let again: ReturnType<typeof setTimeout> | undefined;
effect(() => {
  void iteration.value;
  void source.value;
  void form.value;
  void netFile.value?.text.value;
  if (!last || !visible.value.has("try")) return;
  if (again !== undefined) return;
  again = setTimeout(() => {
    again = undefined;
    // What is wrong with a text that is edited stands beside it.
    if (last) void lookWith(last, () => {});
  }, pace);
});

// How the net's own data layers make input of pixels.
const readForm = latest(async (text: string) => {
  const at = (type: string, path: readonly string[]) => ({ layers: { type }, path });
  const types = ["Data", "ImageData", "MemoryData"];
  return answers().readFields(
    text,
    types.flatMap((type) => [at(type, ["transform_param", "scale"]), at(type, ["transform_param", "mean_value"])]),
  );
});
effect(() => {
  const text = netFile.value?.text.value;
  if (text === undefined || !isStarted.value) return;
  readForm(text).then((values) => {
    if (!values) return;
    const found = (offset: number) =>
      values
        .filter((_, i) => i % 2 === offset)
        .flat()
        .find((value) => value !== undefined);
    const [scale, mean] = [Number(found(0) ?? 1), Number(found(1) ?? 0)];
    const { order } = form.peek();
    form.value = { order, scale: Number.isFinite(scale) ? scale : 1, mean: [Number.isFinite(mean) ? mean : 0] };
  }, sayError);
});

// A real model: a ResNet-20 for CIFAR-10 with 21 BatchNorms, and pieces of real pictures. Both are found in ../shared/corpus.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { withBlobs } from "./base.mjs";
import { chosen, values } from "./data.mjs";
import { formatNet, generator, loadArray, parseNet } from "./moka.mjs";

const corpus = fileURLToPath(new URL("../../../shared/corpus/", import.meta.url));
const file = `${corpus}models/d92b075ce6__Sampson-Lee+myResNet__resnet_paper_data_augmentation_20_cifar10_res20_iter_64000.caffemodel`;
const side = 32;

/** Pictures, and what makes bytes in the order blue, green, red of their values. */
const pictures = [
  { path: "forks/models/yoloface-500k-v2/in_data.npy", byte: (value) => 255 * value, isRgb: true },
  { path: "forks/models/ultraface-slim320/in_input.npy", byte: (value) => 128 * value + 127, isRgb: true },
  { path: "forks/models/retinaface-mnet25-clancylian/in_data.npy", byte: (value) => value, isRgb: true },
  { path: "forks/models/mtcnn-det1-relu/in_data.npy", byte: (value) => 128 * value + 127.5, isRgb: true },
  { path: "forks/models/landmark106/in_data.npy", byte: (value) => 128 * value + 127.5, isRgb: false },
];

/** Squares of pictures, brought to 32×32. */
async function pieces(count, random) {
  const size = 3 * side * side;
  const set = { channels: 3, height: side, width: side, count, cells: 1, pixels: new Uint8Array(count * size) };
  set.labels = new Array(count).fill(0);
  const loaded = [];
  for (const picture of pictures) loaded.push({ ...picture, ...(await loadArray(corpus + picture.path)) });
  for (let i = 0; i < count; i++) {
    const { shape, data, byte, isRgb } = loaded[i % loaded.length];
    const [, , height, width] = shape;
    const edge = side + Math.floor(random() * (Math.min(height, width) - side + 1));
    const top = Math.floor(random() * (height - edge + 1));
    const left = Math.floor(random() * (width - edge + 1));
    const isMirrored = random() < 0.5;
    for (let channel = 0; channel < 3; channel++) {
      const plane = (isRgb ? 2 - channel : channel) * height * width;
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++)
          set.pixels[i * size + (channel * side + y) * side + (isMirrored ? side - 1 - x : x)] = Math.min(
            255,
            Math.max(0, Math.round(meanOf(data, plane, width, top, left, edge, y, x, byte))),
          );
    }
  }
  return set;
}

/** CIFAR-10's colors, blue first: the mean and the standard deviation of each channel, of 255. */
const cifar = { means: [113.9, 123, 125.3], deviations: [66.7, 62.1, 63] };

/** A set whose channels have CIFAR-10's mean and deviation: a few pictures alone have colors of their own. */
function asCifar(set) {
  const area = side * side;
  const pixels = new Uint8Array(set.pixels.length);
  for (let channel = 0; channel < 3; channel++) {
    const places = Array.from({ length: set.count }, (_, i) => (3 * i + channel) * area);
    const all = places.flatMap((start) => [...set.pixels.subarray(start, start + area)]);
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
    const deviation = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length);
    for (const start of places)
      for (let at = start; at < start + area; at++) {
        const value = ((set.pixels[at] - mean) / deviation) * cifar.deviations[channel] + cifar.means[channel];
        pixels[at] = Math.min(255, Math.max(0, Math.round(value)));
      }
  }
  return { ...set, pixels };
}

/** The mean of the pixels that become one. */
function meanOf(data, plane, width, top, left, edge, y, x, byte) {
  const step = edge / side;
  let sum = 0;
  let count = 0;
  for (let dy = Math.floor(y * step); dy < Math.max(Math.floor((y + 1) * step), Math.floor(y * step) + 1); dy++)
    for (let dx = Math.floor(x * step); dx < Math.max(Math.floor((x + 1) * step), Math.floor(x * step) + 1); dx++) {
      sum += byte(data[plane + (top + dy) * width + left + dx]);
      count++;
    }
  return sum / count;
}

export class RealBase {
  static place = file;
  name = "real";
  isDeployOnly = true;
  chance = 0;
  transform = { scale: 1, means: cifar.means };
  middle = { norm: "BatchNorm9", before: "Convolution9", scale: "Scale9", relu: "ReLU8" };

  static async make(seed) {
    if (!existsSync(file)) return undefined;
    const base = new RealBase();
    base.seed = seed;
    base.weights = readFileSync(file);
    base.body = readFileSync(`${file}.ref/net.prototxt`, "utf8");
    base.norms = parseNet(base.body).message.layer.flatMap(({ type, name }) => (type === "BatchNorm" ? [name] : []));
    base.asFound = await pieces(100, generator(seed));
    base.testSet = asCifar(base.asFound);
    return base;
  }

  random(kind) {
    return generator(this.seed + kind.length);
  }

  deploy({ edit } = {}) {
    const { message } = parseNet(this.body);
    edit?.(message.layer, message);
    return formatNet(message);
  }

  images(count = 100, set = this.testSet, transform = this.transform) {
    const order = Array.from({ length: count }, (_, i) => i);
    return { Data1: values(chosen(set, order), transform).data };
  }

  /** The weights of the layer from the model's twin, which was trained without augmented data. */
  foreign(layer) {
    const twin = readFileSync(
      `${corpus}models/e0d9bf9f68__Sampson-Lee+myResNet__resnet_paper_without_data_augmentation_ResNet_20_ResNet_20.caffemodel`,
    );
    let taken;
    withBlobs(twin, [layer], (blobs) => {
      taken = blobs;
      return blobs;
    });
    return withBlobs(this.weights, [layer], () => taken);
  }
}

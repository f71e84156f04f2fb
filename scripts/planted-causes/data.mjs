// The data sets of the nets, made from generated digits. A set is `{ channels, height, width, count, pixels, labels }`: bytes from 0 to
// 255, image after image, and `cells` labels for each image.
import { mkdirSync, writeFileSync } from "node:fs";
import { digits, encodeImage, generator, permutation, recordKey, writeHdf5, writeLmdb } from "./moka.mjs";

const side = 28;

/** Gray digits of 28×28. */
function gray(count, seed) {
  const { pixels, labels } = digits({ count, seed });
  return { channels: 1, height: side, width: side, count, cells: 1, pixels, labels: [...labels] };
}

/**
 * Digits 0 to 4 in red or blue ink on blue-green ground, in Caffe's order blue, green, red. The class is the digit, plus 5 for
 * blue ink, so that exchanged channels exchange the classes.
 */
function colored(count, seed) {
  const drawn = gray(2 * count, seed);
  const chosen = drawn.labels.flatMap((label, i) => (label < 5 ? [i] : [])).slice(0, count);
  const random = generator(seed);
  const size = side * side;
  const set = { channels: 3, height: side, width: side, count, cells: 1, pixels: new Uint8Array(3 * count * size) };
  set.labels = chosen.map((image, i) => {
    const isBlue = random() < 0.5;
    const vary = (value) => value + 50 * (random() - 0.5);
    const ground = [160, 110, 60].map(vary);
    const ink = (isBlue ? [220, 60, 40] : [40, 60, 220]).map(vary);
    for (let channel = 0; channel < 3; channel++)
      for (let at = 0; at < size; at++) {
        const share = drawn.pixels[image * size + at] / 255;
        set.pixels[(3 * i + channel) * size + at] = ground[channel] * (1 - share) + ink[channel] * share;
      }
    return drawn.labels[image] + (isBlue ? 5 : 0);
  });
  return set;
}

/** Pairs of digits in two channels; the label says whether they are the same digit, which half of the pairs are. */
function pairs(count, seed) {
  const drawn = gray(2 * count, seed);
  const random = generator(seed);
  const size = side * side;
  const set = { channels: 2, height: side, width: side, count, cells: 1, pixels: new Uint8Array(2 * count * size) };
  const ofLabel = Array.from({ length: 10 }, (_, label) =>
    drawn.labels.flatMap((each, i) => (each === label ? [i] : [])),
  );
  set.labels = Array.from({ length: count }, (_, i) => {
    const first = Math.floor(random() * drawn.count);
    const digit = drawn.labels[first];
    const isSame = random() < 0.5;
    const other = ofLabel[isSame ? digit : (digit + 1 + Math.floor(9 * random())) % 10];
    const second = other[Math.floor(random() * other.length)];
    set.pixels.set(drawn.pixels.subarray(first * size, (first + 1) * size), 2 * i * size);
    set.pixels.set(drawn.pixels.subarray(second * size, (second + 1) * size), (2 * i + 1) * size);
    return Number(isSame);
  });
  return set;
}

/**
 * Pictures of 32×32 with two digits of 14×14, each 0, 1 or 2. There is a label for each of 8×8 cells: 1 + the digit for cells in the
 * middle of a digit, else 0.
 */
function scenes(count, seed) {
  const drawn = gray(Math.ceil(2 * count * 4), seed);
  const usable = drawn.labels.flatMap((label, i) => (label < 3 ? [i] : []));
  const random = generator(seed);
  const set = { channels: 1, height: 32, width: 32, count, cells: 64, pixels: new Uint8Array(count * 1024) };
  set.labels = new Array(64 * count).fill(0);
  let next = 0;
  for (let i = 0; i < count; i++) {
    for (const top of [Math.floor(3 * random()), 16 + Math.floor(3 * random())]) {
      const image = usable[next++ % usable.length];
      const left = Math.floor(19 * random());
      for (let y = 0; y < 14; y++)
        for (let x = 0; x < 14; x++) {
          const at = (dy, dx) => drawn.pixels[image * side * side + (2 * y + dy) * side + 2 * x + dx];
          set.pixels[i * 1024 + (top + y) * 32 + left + x] = (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4;
        }
      for (let cell = 0; cell < 64; cell++) {
        const [dy, dx] = [4 * Math.floor(cell / 8) + 2 - top, 4 * (cell % 8) + 2 - left];
        if (dy >= 3 && dy <= 11 && dx >= 3 && dx <= 11) set.labels[64 * i + cell] = 1 + drawn.labels[image];
      }
    }
  }
  return set;
}

export const makers = { gray, colored, pairs, scenes };

/** The first images of a set, or those of an order. */
export function chosen(set, order) {
  const size = set.pixels.length / set.count;
  const picked = { ...set, count: order.length, pixels: new Uint8Array(order.length * size), labels: [] };
  order.forEach((from, to) => {
    picked.pixels.set(set.pixels.subarray(from * size, (from + 1) * size), to * size);
    picked.labels.push(...set.labels.slice(from * set.cells, (from + 1) * set.cells));
  });
  return picked;
}

/** A set whose pixels are `change(value, plane, y, x)`, where `plane(y, x)` reads the same channel. */
function redrawn(set, change) {
  const { height, width, pixels } = set;
  const out = new Uint8Array(pixels.length);
  for (let start = 0; start < pixels.length; start += height * width) {
    const plane = (y, x) => (y < 0 || x < 0 || y >= height || x >= width ? 0 : pixels[start + y * width + x]);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        out[start + y * width + x] = Math.min(255, Math.max(0, Math.round(change(plane(y, x), plane, y, x))));
  }
  return { ...set, pixels: out };
}

/** Ways in which images can come from elsewhere than those of the training. */
export const domains = {
  noise: (set, random) => redrawn(set, (value) => value + 200 * (random() - 0.5)),
  blurred: (set) =>
    redrawn(set, (_, plane, y, x) => {
      let sum = 0;
      for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) sum += plane(y + dy, x + dx);
      return sum / 25;
    }),
  rotated: (set) => redrawn(set, (_, plane, y, x) => plane(x, set.width - 1 - y)),
  inverted: (set) => redrawn(set, (value) => 255 - value),
  "thin lines": (set) =>
    redrawn(set, (value, plane, y, x) =>
      Math.min(value, plane(y, x - 1), plane(y - 1, x), plane(y, x + 1), plane(y + 1, x)),
    ),
};

/** The set with its channels in the opposite order. */
export function swappedChannels(set) {
  const size = set.height * set.width;
  const pixels = new Uint8Array(set.pixels.length);
  for (let i = 0; i < set.count; i++)
    for (let channel = 0; channel < set.channels; channel++) {
      const from = (i * set.channels + channel) * size;
      pixels.set(set.pixels.subarray(from, from + size), (i * set.channels + set.channels - 1 - channel) * size);
    }
  return { ...set, pixels };
}

/** Ways in which labels can be wrong. */
export const relabelings = {
  "plus one": (set, classes) => ({ ...set, labels: set.labels.map((label) => (label + 1) % classes) }),
  permuted: (set, classes, random) => {
    let order = permutation(classes, random);
    while (order.some((label, i) => label === i)) order = permutation(classes, random);
    return { ...set, labels: set.labels.map((label) => order[label]) };
  },
  shuffled: (set, _, random) => {
    const order = permutation(set.count, random);
    const { cells } = set;
    return { ...set, labels: order.flatMap((i) => set.labels.slice(i * cells, (i + 1) * cells)) };
  },
};

/** The images of one class after the other. */
export const sorted = (set) =>
  chosen(
    set,
    set.labels.map((_, i) => i).sort((a, b) => set.labels[a] - set.labels[b] || a - b),
  );

/** The values that a data layer makes of a set: `(byte − mean of the channel) × scale`. */
export function values(set, { scale = 1, means = [0] } = {}) {
  const { channels, height, width, count, pixels, cells, labels } = set;
  const data = new Float32Array(pixels.length);
  for (let i = 0; i < data.length; i++) {
    const channel = Math.floor(i / (height * width)) % channels;
    data[i] = (pixels[i] - (means[channel] ?? means[0])) * scale;
  }
  const grid = Math.sqrt(cells);
  return {
    data: { shape: [count, channels, height, width], data },
    label: { shape: cells === 1 ? [count] : [count, 1, grid, grid], data: Float32Array.from(labels) },
  };
}

/** Writes an LMDB with a set, and returns its path. */
export function writeSet(path, set) {
  const { channels, height, width, count, pixels, labels } = set;
  const size = channels * height * width;
  const records = Array.from({ length: count }, (_, i) => {
    const data = pixels.subarray(i * size, (i + 1) * size);
    return { key: recordKey(i), value: encodeImage({ channels, height, width, data, label: labels[i] }) };
  });
  mkdirSync(path, { recursive: true });
  writeFileSync(`${path}/data.mdb`, Buffer.concat(writeLmdb(records)));
  return path;
}

/** Writes arrays as an HDF5 file and a list of it, and returns the list's path. */
export async function writeArrays(path, arrays) {
  writeFileSync(`${path}.h5`, await writeHdf5(arrays));
  writeFileSync(`${path}.txt`, `${path}.h5\n`);
  return `${path}.txt`;
}

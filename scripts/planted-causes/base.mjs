// A net of the catalogue with its data and its trained weights, and what plantings change of them.
import { chosen, makers, values, writeArrays, writeSet } from "./data.mjs";
import {
  blobShape,
  blobValues,
  formatNet,
  generator,
  makeBlob,
  Net,
  parseNet,
  readNet,
  run,
  Solver,
  writeNet,
} from "./moka.mjs";
import { dataLayer, nets } from "./nets.mjs";

const bytesOf = (message) => Buffer.concat(writeNet(message));
const testBatch = 50;

export class Base {
  constructor(name, folder, seed) {
    Object.assign(this, { name, folder, seed }, nets[name]);
    this.isArrays = this.data === "scenes";
    this.trainSet = makers[this.data](this.trained ?? 2000, 100 + seed);
    this.testSet = makers[this.data](500, 200 + seed);
    this.count = 0;
    this.chance = commonest(this.testSet.labels);
  }

  /** Trains the net. */
  static async make(name, folder, seed) {
    const base = new Base(name, folder, seed);
    base.trainSource = await base.write(base.trainSet);
    base.testSource = await base.write(base.testSet);
    base.weights = await base.train(base.text());
    const { layer } = base.message();
    base.norms = layer.filter(({ type }) => type === "BatchNorm").map((each) => each.name);
    return base;
  }

  random(kind = "") {
    return generator(
      [...`${this.name}${kind}`].reduce((sum, letter) => sum * 31 + letter.codePointAt(0), this.seed) | 0,
    );
  }

  path(stem) {
    return `${this.folder}/${this.name}-${stem}-${this.count++}`;
  }

  /** Writes a set as this net's data layers read it, and returns the source to name in the net. */
  async write(set, transform = this.transform) {
    const path = this.path("data");
    return this.isArrays ? writeArrays(path, values(set, transform)) : writeSet(path, set);
  }

  message() {
    return parseNet(this.body).message;
  }

  /**
   * The net's text with its data layers.
   *
   * @param change `train`, `test`: sources; `trainBatch`; `transform` in TEST; `body`: the text of the other layers; `edit`: changes the
   *   layers of the message
   */
  text({
    train = this.trainSource,
    test = this.testSource,
    trainBatch = 32,
    batch = testBatch,
    transform = this.transform,
    body,
    edit,
  } = {}) {
    const message = parseNet(
      dataLayer("TRAIN", train, trainBatch, this.transform, this.isArrays) +
        dataLayer("TEST", test, batch, transform, this.isArrays) +
        (body ?? this.body),
    ).message;
    message.name = this.name;
    edit?.(message.layer, message);
    return formatNet(message);
  }

  /** The deploy net's text: an Input, and no layers that read labels. */
  deploy({ edit, body } = {}) {
    const { channels, height, width } = this.testSet;
    const input = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: ${channels} dim: ${height} dim: ${width} } } }\n`;
    const message = parseNet(input + (body ?? this.body)).message;
    message.name = this.name;
    message.layer = message.layer.filter(({ bottom }) => !bottom.includes("label"));
    edit?.(message.layer, message);
    const prob = 'layer { name: "prob" type: "Softmax" bottom: "f" top: "prob" }';
    return formatNet(message) + (this.data === "pairs" ? "" : prob);
  }

  /** The values of test images, for a deploy net. */
  images(count = 200, set = this.testSet, transform = this.transform) {
    const order = Array.from({ length: count }, (_, i) => i);
    return { data: values(chosen(set, order), transform).data };
  }

  /** Trains a net's text, and returns the weights as bytes. */
  async train(text, { iterations = this.iterations, rate = this.rate, weights, seed = 7, policy = "poly" } = {}) {
    const schedule = policy === "poly" ? 'lr_policy: "poly" power: 1' : 'lr_policy: "fixed"';
    const solver = await Solver.load(
      `net_param { ${text} } base_lr: ${rate} momentum: 0.9 weight_decay: 0.0005 ${schedule} max_iter: ${iterations} ` +
        `random_seed: ${seed + this.seed} snapshot_prefix: "${this.folder}/snapshot"`,
      { ...run, keep: "outputs", ...(weights && { weights: message(weights) }) },
    );
    try {
      await solver.step(iterations);
      return bytesOf(solver.net.toMessage());
    } finally {
      await solver.dispose();
    }
  }

  /** These weights with the averages of the training data, by training at a rate of 0. */
  async refreshed(weights, text = this.text()) {
    const quick = edited(text, (layers) => fraction(layers, 0.9));
    return this.train(quick, { iterations: 80, rate: 0, weights, policy: "fixed" });
  }
}

/** A net's text after `edit(layers)`. */
export function edited(text, edit) {
  const { message: net } = parseNet(text);
  edit(net.layer);
  return formatNet(net);
}

export const message = (bytes) => readNet(new Uint8Array(bytes), "the weights");

/** Weights after `change(layers)`. */
export function withLayers(bytes, change) {
  const net = message(bytes);
  net.layer = change(net.layer) ?? net.layer;
  return bytesOf(net);
}

/** Weights in which `change` makes new values of the blobs (as float arrays) of the layers with these names. */
export function withBlobs(bytes, names, change) {
  return withLayers(bytes, (layers) => {
    for (const layer of layers.filter(({ name }) => names.includes(name))) {
      const before = layer.blobs.map((blob) => Float32Array.from(blobValues(blob).data));
      const after = change(before, layer.name);
      layer.blobs = layer.blobs.map((blob, i) => makeBlob(blobShape(blob), { data: Float32Array.from(after[i]) }));
    }
  });
}

/** Weights without what a .caffemodel says of the net beside names and values. */
export function bare(bytes) {
  const net = message(bytes);
  const names = net.layer.filter(({ blobs }) => blobs.length > 0);
  const stripped = parseNet(
    names.map(({ name, type }) => `layer { name: "${name}" type: "${type}" }`).join("\n"),
  ).message;
  stripped.layer.forEach((layer, i) => {
    layer.blobs = names[i].blobs;
  });
  return bytesOf(stripped);
}

/** Sets fields of `batch_norm_param` in all BatchNorm layers. */
export function setNorms(layers, fields) {
  for (const layer of layers.filter(({ type }) => type === "BatchNorm")) {
    const { batchNormParam: fresh } = parseNet("layer { batch_norm_param { } }").message.layer[0];
    layer.batchNormParam = Object.assign(layer.batchNormParam ?? fresh, fields);
  }
}

/** Sets `moving_average_fraction`. */
export const fraction = (layers, movingAverageFraction) => setNorms(layers, { movingAverageFraction });

/** What a net computes: the means of its scalar outputs over its TEST data, or over the rows of arrays. */
export async function measure({ model, weights, data, batch = 50, iterations = 10 }) {
  const net = await Net.load(model, { ...run, phase: "TEST", keep: "outputs" });
  try {
    net.copyTrainedLayers(message(weights));
    if (data) return { outputs: await forwardRows(net, data, batch) };
    const sums = {};
    for (let i = 0; i < iterations; i++)
      for (const [name, [value]] of Object.entries(await net.forward()))
        sums[name] = (sums[name] ?? 0) + value / iterations;
    return sums;
  } finally {
    await net.dispose();
  }
}

async function forwardRows(net, data, batch) {
  const outputs = [];
  const rows = Object.values(data)[0].shape[0];
  for (let row = 0; row < rows; row += batch) {
    const size = Math.min(batch, rows - row);
    const inputs = {};
    for (const [name, { shape, data: all }] of Object.entries(data)) {
      const width = all.length / rows;
      net.reshape({ [name]: [size, ...shape.slice(1)] });
      inputs[name] = all.subarray(row * width, (row + size) * width);
    }
    for (const [name, blob] of Object.entries(await net.forward(inputs)))
      outputs.push({ shape: net.blobs.get(name).shape, values: Float32Array.from(blob) });
  }
  return outputs;
}

/** The share of the commonest label. */
function commonest(labels) {
  const counts = new Map();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Math.max(...counts.values()) / labels.length;
}

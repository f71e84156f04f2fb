// Small nets with BatchNorm, trained on synthetic digits, for tests of their statistics.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFiles } from "#platform";
import { writeDigits } from "../src/data/digits/index.js";
import { Solver } from "../src/index.js";
import { blobShape, blobValues, makeBlob, readNet, writeNet } from "../src/proto/binary/index.js";

/** A folder with databases of digits, `train_lmdb` and `test_lmdb`. */
export async function digitsFolder(train: number, test: number): Promise<{ readonly path: string; remove(): void }> {
  const path = mkdtempSync(join(tmpdir(), "moka-norm-"));
  await writeDigits(createFiles(), path, { train, test, seed: 3 });
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

export interface NormNet {
  /** `batch_size` of phase TRAIN. Default 32. */
  readonly batch?: number;
  /** `transform_param.scale` of phase TEST. Default 1/256, the value in TRAIN. */
  readonly testScale?: number;
  /** Fields of both BatchNorm layers, as `use_global_stats: true`. */
  readonly norm?: string;
  /** Fields of the second BatchNorm in phase TEST, if that is to be another layer than in TRAIN. */
  readonly testNorm?: string;
  /** Whether it is a deploy net, without data layers and labels. Default false. */
  readonly deploy?: boolean;
}

/**
 * A convolution and an inner product, each with BatchNorm, Scale and ReLU, a classifier, loss and accuracy. In the
 * second BatchNorm a channel has one value an image.
 */
export function normNet(
  folder: string,
  { batch = 32, testScale = 1 / 256, norm = "", testNorm, deploy = false }: NormNet = {},
): string {
  const data = (phase: "TRAIN" | "TEST", size: number, scale: number) =>
    `layer { name: "digits" type: "Data" top: "data" top: "label" include { phase: ${phase} }
      transform_param { scale: ${scale} }
      data_param { source: "${folder}/${phase.toLowerCase()}_lmdb" batch_size: ${size} backend: LMDB } }`;
  const batchNorm = (i: number, rules: string, fields: string) =>
    `layer { name: "bn${i}" type: "BatchNorm" bottom: "x${i}" top: "x${i}" ${rules} batch_norm_param { ${fields} } }`;
  const rest = (i: number, norms: string) => `${norms}
    layer { name: "scale${i}" type: "Scale" bottom: "x${i}" top: "x${i}" scale_param { bias_term: true } }
    layer { name: "relu${i}" type: "ReLU" bottom: "x${i}" top: "x${i}" }`;
  const second =
    testNorm === undefined
      ? batchNorm(2, "", norm)
      : batchNorm(2, "include { phase: TRAIN }", norm) + batchNorm(2, "include { phase: TEST }", testNorm);
  return `name: "digits"
    ${deploy ? input : data("TRAIN", batch, 1 / 256) + data("TEST", 100, testScale)}
    layer { name: "conv" type: "Convolution" bottom: "data" top: "x1"
      convolution_param { num_output: 8 kernel_size: 5 stride: 2 weight_filler { type: "msra" } } }
    ${rest(1, batchNorm(1, "", norm))}
    layer { name: "pool" type: "Pooling" bottom: "x1" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
    layer { name: "ip1" type: "InnerProduct" bottom: "pool" top: "x2"
      inner_product_param { num_output: 32 weight_filler { type: "msra" } } }
    ${rest(2, second)}
    layer { name: "ip" type: "InnerProduct" bottom: "x2" top: "ip"
      inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
    ${deploy ? 'layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }' : scores}`;
}

const input =
  'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 dim: 28 dim: 28 } } }';
const scores = `
  layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;

/** Trains a net and returns the path of its weights. */
export async function trained(model: string, path: string, iterations: number, rate = 0.02): Promise<string> {
  const solver = await Solver.load(
    `net_param { ${model} }
     base_lr: ${rate} momentum: 0.9 lr_policy: "poly" power: 1 max_iter: ${iterations} random_seed: 7 snapshot_prefix: "${path}"`,
    { engine: "wasm", threads: 1 },
  );
  try {
    await solver.step(iterations);
    await solver.net.save(path);
  } finally {
    await solver.dispose();
  }
  return path;
}

/** Writes a copy of weights with the blobs of one layer changed, and returns its path. */
export function withBlobs(
  from: string,
  to: string,
  layer: string,
  change: (values: Float32Array, index: number) => unknown,
): string {
  const net = readNet(new Uint8Array(readFileSync(from)), from);
  for (const each of net.layer.filter(({ name }) => name === layer)) {
    each.blobs = each.blobs.map((blob, index) => {
      const data = blobValues(blob).data.slice();
      change(data, index);
      return makeBlob(blobShape(blob), { data });
    });
  }
  writeFileSync(to, Buffer.concat(writeNet(net)));
  return to;
}

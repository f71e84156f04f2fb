// The files that the examples of the documentation name, small and made in the working directory.
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import { createFiles } from "#platform";
import { writeDigits } from "../src/data/digits/index.js";
import { writeIdx } from "../src/data/idx.js";
import * as moka from "../src/index.js";
import { writeBlobProto } from "../src/proto/binary/index.js";

const layers = `
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" param { lr_mult: 1 } param { lr_mult: 2 }
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "msra" } } }
layer { name: "bn1" type: "BatchNorm" bottom: "conv1" top: "conv1" }
layer { name: "scale1" type: "Scale" bottom: "conv1" top: "conv1" scale_param { bias_term: true } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "fc" type: "InnerProduct" bottom: "conv1" top: "fc"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
`;

const texts = {
  "net.prototxt": `name: "Small"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
${layers}
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
`,
  "train_val.prototxt": `name: "Small"
layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "train_lmdb" backend: LMDB batch_size: 4 } }
${layers}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy" include { phase: TEST } }
`,
  "solver.prototxt": `net: "train_val.prototxt"
test_iter: 1
test_interval: 2
base_lr: 0.01
lr_policy: "fixed"
momentum: 0.9
display: 2
max_iter: 4
snapshot_prefix: "small"
random_seed: 1
`,
  "memory.prototxt": `layer { name: "data" type: "MemoryData" top: "data" top: "label"
  memory_data_param { batch_size: 1 channels: 3 height: 8 width: 8 } }
`,
  "train.log": `I1130 12:00:00.000000  7 solver.cpp:289] Solving Small
I1130 12:00:00.100000  7 solver.cpp:347] Iteration 0, Testing net (#0)
I1130 12:00:00.200000  7 solver.cpp:414]     Test net output #0: accuracy = 0.125
I1130 12:00:00.300000  7 solver.cpp:239] Iteration 0 (0 iter/s, 0.2s/2 iters), loss = 2.3
I1130 12:00:00.300001  7 solver.cpp:258]     Train net output #0: loss = 2.3 (* 1 = 2.3 loss)
I1130 12:00:00.300002  7 sgd_solver.cpp:112] Iteration 0, lr = 0.01
I1130 12:00:00.400000  7 solver.cpp:347] Iteration 2, Testing net (#0)
I1130 12:00:00.500000  7 solver.cpp:414]     Test net output #0: accuracy = 0.5
`,
};

/** Numbers that look like data, the same at each run. */
const numbers = (count: number, most = 256) => Array.from({ length: count }, (_, i) => (i * 7919 + (i >> 3)) % most);

/** Makes the files in the working directory. */
export async function makeExampleFiles(): Promise<void> {
  for (const [path, text] of Object.entries(texts)) writeFileSync(path, text);

  const images = moka.createImages();
  mkdirSync("images");
  const picture = async (width: number, height: number, shift: number) => {
    const data = Uint8Array.from(numbers(3 * width * height), (value) => (value + shift) % 256);
    return images.encode({ width, height, channels: 3, data }, "png");
  };
  const names = Array.from({ length: 8 }, (_, i) => `${i}.png`);
  for (const [i, name] of names.entries()) writeFileSync(`images/${name}`, await picture(8, 8, 29 * i));
  writeFileSync("images.txt", names.map((name, i) => `${name} ${i % 10}\n`).join(""));
  writeFileSync("cat.png", await picture(16, 12, 0));
  writeFileSync(
    "cat.jpg",
    await images.encode({ width: 256, height: 256, channels: 3, data: Uint8Array.from(numbers(3 * 256 * 256)) }, "jpg"),
  );
  await moka.convertImageset("images/", "images.txt", "train_lmdb");
  const { blob } = await moka.computeImageMean("train_lmdb");
  writeFileSync("mean.binaryproto", writeBlobProto(blob));

  writeFileSync("pixels.npy", npy([1, 3, 8, 8]));
  writeFileSync("batch.npz", zipSync({ "images.npy": npy([4, 3, 8, 8]), "labels.npy": npy([4]) }));
  mkdirSync("databases");
  mkdirSync("cifar-10-batches-bin");
  for (const file of ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]) {
    writeFileSync(`cifar-10-batches-bin/${file}.bin`, Uint8Array.from([3, ...numbers(3072)]));
  }
  writeFileSync("t10k-images-idx3-ubyte", writeIdx({ shape: [4, 2, 2], data: Uint8Array.from(numbers(16)) }));
  writeFileSync("t10k-labels-idx1-ubyte", writeIdx({ shape: [4], data: Uint8Array.of(1, 2, 1, 2) }));

  // Trained for a moment, so that BatchNorm has averages.
  const solver = await moka.Solver.load("solver.prototxt");
  await solver.step(1);
  await solver.net.save("net.caffemodel");
  await solver.dispose();
  // Other pages have other names for these.
  copyFileSync("net.prototxt", "deploy.prototxt");
  copyFileSync("net.caffemodel", "a.caffemodel");
  copyFileSync(fileURLToPath(new URL("onnx/models/mobile_v3_14.onnx", import.meta.url)), "model.onnx");
  await makeArticle();
}

/** The article's example, with its digits, and its weights as if it had been trained. Its solver makes 1 iteration of 300. */
async function makeArticle(): Promise<void> {
  cpSync(fileURLToPath(new URL("../examples/article", import.meta.url)), "examples/article", { recursive: true });
  const solver = "examples/article/solver.prototxt";
  writeFileSync(solver, readFileSync(solver, "utf8").replace("max_iter: 300", "max_iter: 1"));
  await writeDigits(createFiles(), "build/digits", { train: 64, test: 100, seed: 1 });
  const net = await moka.Net.load("examples/article/deploy.prototxt");
  await net.save("build/article_iter_300.caffemodel");
  await net.dispose();
}

/** A `.npy` of float32, version 1.0. */
function npy(shape: readonly number[]): Uint8Array {
  const values = Float32Array.from(numbers(shape.reduce((a, b) => a * b, 1)), (value) => value / 256);
  const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const header = `${dict.padEnd(117)}\n`;
  const head = [
    0x93,
    ...new TextEncoder().encode("NUMPY"),
    1,
    0,
    header.length,
    0,
    ...new TextEncoder().encode(header),
  ];
  return Uint8Array.from([...head, ...new Uint8Array(values.buffer)]);
}

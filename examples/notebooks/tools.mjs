// What the notebooks share: data, a trained net, and images as text.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { L, max, min, NetSpec, P, Solver } from "moka-caffe";
import { main as moka } from "../../dist/cli/program.js";

/** The folder for the files of a notebook: build/notebooks/NAME, or what the first argument says. */
export function workFolder(name) {
  const folder = process.argv[2] ?? join("build", "notebooks", name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Draws digits for training and testing, as `moka digits`; in the place of `data/mnist/get_mnist.sh`. Those of the last run stay. */
export async function getDigits(folder, { train, test, format = "lmdb" }) {
  if (existsSync(join(folder, format === "lmdb" ? "test_lmdb" : "t10k-labels-idx1-ubyte"))) return;
  const code = await moka(["digits", folder, "--train", String(train), "--test", String(test), "--format", format]);
  if (code !== 0) throw new Error(`no digits in ${folder}`);
}

/** The images and labels of IDX files, the format of MNIST: bytes, 28 × 28 for each label. */
export function readIdx(folder, name) {
  const images = readFileSync(join(folder, `${name}-images-idx3-ubyte`)).subarray(16);
  const labels = readFileSync(join(folder, `${name}-labels-idx1-ubyte`)).subarray(8);
  return { images, labels: [...labels], image: (i) => images.subarray(i * 784, (i + 1) * 784) };
}

/** About the mean of all pixels of the digits. It is subtracted before they are scaled to ±1. */
export const pixelMean = 33;

/** Pixels as the nets take them. */
export const prepared = (pixels) => Float32Array.from(pixels, (value) => (value - pixelMean) / 255);

/** A small LeNet from `n.data` to `n.score`. `param` sets what its features learn, `classifier` names its last layer. */
export function features(n, { param = {}, classifier = "score", classes = 10 } = {}) {
  const filled = { weight_filler: { type: "xavier" } };
  n.conv1 = L.Convolution(n.data, { kernel_size: 5, num_output: 8, ...filled, ...param });
  n.pool1 = L.Pooling(n.conv1, { kernel_size: 2, stride: 2, pool: P.Pooling.MAX });
  n.conv2 = L.Convolution(n.pool1, { kernel_size: 5, num_output: 16, ...filled, ...param });
  n.pool2 = L.Pooling(n.conv2, { kernel_size: 2, stride: 2, pool: P.Pooling.MAX });
  n.fc1 = L.InnerProduct(n.pool2, { num_output: 64, ...filled, ...param });
  n.relu1 = L.ReLU(n.fc1, { in_place: true });
  n[classifier] = L.InnerProduct(n.relu1, { num_output: classes, ...filled });
  return n[classifier];
}

/** The text of a solver that trains this net: the `solver` function of Caffe's notebooks. */
export function solverText(net, { test, ...fields }) {
  const settings = {
    base_lr: 0.01,
    lr_policy: '"fixed"',
    momentum: 0.9,
    weight_decay: 0.0005,
    random_seed: 1,
    ...fields,
  };
  const lines = Object.entries({ max_iter: 10000, snapshot_after_train: false, ...settings });
  const tests = test
    ? [`test_net: "${test}"`, "test_iter: 2", "test_interval: 10000", "test_initialization: false"]
    : [];
  return [`train_net: "${net}"`, ...tests, ...lines.map(([name, value]) => `${name}: ${value}`), ""].join("\n");
}

/** Trains a net on digits, in a second, in the place of `download_model_binary.py`. Returns its two files. */
export async function trainedDigits(folder) {
  await getDigits(join(folder, "digits"), { train: 2000, test: 100 });
  const files = { model: join(folder, "deploy.prototxt"), weights: join(folder, "digits.caffemodel") };
  const train = new NetSpec("Digits");
  const source = join(folder, "digits", "train_lmdb");
  const scaled = { transform_param: { mean_value: pixelMean, scale: 1 / 255 } };
  [train.data, train.label] = L.Data({ source, backend: "LMDB", batch_size: 64, ntop: 2, ...scaled });
  train.loss = L.SoftmaxWithLoss(features(train), train.label);
  writeFileSync(join(folder, "train.prototxt"), String(train));
  const deploy = new NetSpec("Digits");
  deploy.data = L.Input({ shape: { dim: [10, 1, 28, 28] } });
  deploy.prob = L.Softmax(features(deploy));
  writeFileSync(files.model, String(deploy));
  writeFileSync(join(folder, "solver.prototxt"), solverText(join(folder, "train.prototxt"), {}));
  const solver = await Solver.load(join(folder, "solver.prototxt"));
  await solver.step(150);
  await solver.net.save(files.weights);
  await solver.dispose();
  return files;
}

/** Shows height × width values as shades of text, the least blank, the greatest dark, as matplotlib's `imshow`. */
export function imshow({ shape, data }) {
  const [height, width] = shape.slice(-2);
  const [low, high] = [min(data), max(data)];
  const shade = (value) => " .:-=+*#%@"[Math.round((9 * (value - low)) / (high - low || 1))];
  for (let row = 0; row < height; row++) {
    const line = Array.from(data.subarray(row * width, (row + 1) * width), (value) => shade(value).repeat(2));
    console.log(line.join("").trimEnd());
  }
}

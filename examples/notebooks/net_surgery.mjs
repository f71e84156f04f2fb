// Net surgery, as Caffe's net_surgery.ipynb: filters by hand, and a classifier made fully convolutional.
// node examples/notebooks/net_surgery.mjs
import { join } from "node:path";
import { argmax, L, max, mean, Net, NetSpec, reshape, slice, toNested } from "moka-caffe";
import { getDigits, imshow, pixelMean, prepared, readIdx, trainedDigits, workFolder } from "./tools.mjs";

const folder = workFolder("net_surgery");
const { model, weights } = await trainedDigits(folder);
await getDigits(join(folder, "images"), { train: 1, test: 20, format: "idx" });
const digits = readIdx(join(folder, "images"), "t10k");

// ## Designer filters: a net of one convolution with three filters
const n = new NetSpec("convolution");
n.data = L.Input({ shape: { dim: [1, 1, 28, 28] } });
const filler = { weight_filler: { type: "gaussian", std: 0.01 }, bias_filler: { type: "constant", value: 0 } };
n.conv = L.Convolution(n.data, { num_output: 3, kernel_size: 5, stride: 1, ...filler });
const net = await Net.load(String(n), { seed: 1 });
console.log(`blobs ${[...net.blobs.keys()]}; params ${[...net.params.keys()]}`);

const [w, b] = net.params.get("conv");
await net.forward({ data: prepared(digits.image(0)) });
const meanOfFirst = () => mean(slice(net.blobs.get("conv"), 0, 0));
const before = meanOfFirst();
console.log(`pre-surgery output mean ${before.toFixed(2)}`);
b.data[0] = 1; // set the first filter's bias to 1
await net.forward();
console.log(`post-surgery output mean ${meanOfFirst().toFixed(2)}, change ${(meanOfFirst() - before).toFixed(4)}`);

// A Gaussian blur as the first filter, Sobel's operator for edges as the others.
const steps = [-2, -1, 0, 1, 2];
const bell = steps.flatMap((y) => steps.map((x) => Math.exp(-(x ** 2 + y ** 2) / 2)));
const sum = bell.reduce((a, value) => a + value, 0);
slice(w, 0).data.set(bell.map((value) => value / sum)); // a slice is a view: this writes to the net
slice(w, [1, 3]).data.fill(0);
const sobel = [
  [-1, -2, -1],
  [0, 0, 0],
  [1, 2, 1],
];
for (const [row, values] of sobel.entries()) {
  slice(w, 1, 0, row + 1, [1, 4]).data.set(values); // horizontal edges
  values.forEach((value, column) => void slice(w, 2, 0, column + 1, [row + 1, row + 2]).data.set([value])); // vertical
}
await net.forward();
for (const [i, name] of ["blurred", "horizontal edges", "vertical edges"].entries()) {
  console.log(`${name}:`);
  imshow(slice(net.blobs.get("conv"), 0, i));
}
await net.dispose();

// ## Casting a classifier into a fully convolutional network: each InnerProduct becomes a Convolution
function fullConv(height, width) {
  const n = new NetSpec("DigitsFullConv");
  n.data = L.Input({ shape: { dim: [1, 1, height, width] } });
  n.conv1 = L.Convolution(n.data, { kernel_size: 5, num_output: 8 });
  n.pool1 = L.Pooling(n.conv1, { kernel_size: 2, stride: 2, pool: "MAX" });
  n.conv2 = L.Convolution(n.pool1, { kernel_size: 5, num_output: 16 });
  n.pool2 = L.Pooling(n.conv2, { kernel_size: 2, stride: 2, pool: "MAX" });
  n["fc1-conv"] = L.Convolution(n.pool2, { kernel_size: 4, num_output: 64 });
  n.relu1 = L.ReLU(n["fc1-conv"], { in_place: true });
  n["score-conv"] = L.Convolution(n.relu1, { kernel_size: 1, num_output: 10 });
  n.prob = L.Softmax(n["score-conv"]);
  return String(n);
}
const original = await Net.load(model, { weights });
const full = await Net.load(fullConv(56, 56), { weights }); // the layers with new names keep their fillers' values
for (const name of ["fc1", "score"]) {
  const [from, fromBias] = original.params.get(name);
  const [to, toBias] = full.params.get(`${name}-conv`);
  console.log(`${name} weights are ${from.shape}, ${name}-conv weights are ${to.shape}`);
  to.data.set(from.data); // the same order in memory, so the values are copied as they are
  toBias.data.set(fromBias.data);
}
await full.save(join(folder, "full_conv.caffemodel"));

// Four digits in one image of 56 × 56 pixels, and a map of 8 × 8 predictions, each for 28 × 28 pixels, 4 pixels apart.
const pixels = new Float32Array(56 * 56);
for (let i = 0; i < 4; i++) {
  for (let row = 0; row < 28; row++) {
    pixels.set(digits.image(i).subarray(row * 28, (row + 1) * 28), ((i >> 1) * 28 + row) * 56 + (i & 1) * 28);
  }
}
const { prob } = await full.forward({ data: pixels.map((value) => (value - pixelMean) / 255) });
const map = reshape(prob, full.blobs.get("prob").shape);
const classes = argmax(slice(map, 0), 0);
for (const row of toNested(classes)) console.log(row.join(" "));

// The corners of the map have the original's predictions for the four digits.
const one = await original.forwardAll({ data: prepared(digits.images.subarray(0, 4 * 784)) });
const corners = [0, 7].flatMap((y) => [0, 7].map((x) => slice(classes, y, x).data[0]));
console.log(`corners: ${corners}`);
console.log(`one by one: ${argmax(one.prob, 1).data}`);
console.log(`labels: ${digits.labels.slice(0, 4)}`);
const difference = [0, 1, 2, 3].map((i) => {
  const [y, x] = [(i >> 1) * 7, (i & 1) * 7];
  return max(slice(one.prob, i).data.map((value, c) => Math.abs(value - slice(map, 0, c, y, x).data[0])));
});
console.log(`greatest difference of the probabilities: ${max(difference) < 1e-5 ? "below 1e-5" : max(difference)}`);
await original.dispose();
await full.dispose();

// Classification: instant recognition, as Caffe's 00-classification.ipynb, with a net that knows digits.
// node examples/notebooks/00-classification.mjs
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode } from "fast-png";
import {
  argmax,
  Classifier,
  computeImageMean,
  loadImage,
  Net,
  reshape,
  slice,
  Transformer,
  topIndices,
} from "moka-caffe";
import { getDigits, imshow, prepared, readIdx, trainedDigits, workFolder } from "./tools.mjs";

// ### 1. Setup: a trained net, and an image
const folder = workFolder("00-classification");
const { model, weights } = await trainedDigits(folder);
await getDigits(join(folder, "images"), { train: 1, test: 200, format: "idx" });
const digits = readIdx(join(folder, "images"), "t10k");
const labels = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const file = join(folder, `${labels[digits.labels[3]]}.png`);
writeFileSync(file, encode({ width: 28, height: 28, channels: 1, data: digits.image(3) }));

// ### 2. Load the net, and set up how images are prepared
const net = await Net.load(model, { weights, phase: "TEST" });
console.log(String(net));

const { channelMeans } = await computeImageMean(join(folder, "digits", "train_lmdb"));
console.log(`mean-subtracted values: ${channelMeans[0].toFixed(1)}`);

const transformer = new Transformer({ data: net.blobs.get("data").shape });
transformer.setTranspose("data", [2, 0, 1]); // the channels of an image become the outermost axis
transformer.setMean("data", { shape: [1], data: channelMeans }); // subtract the mean of each channel
transformer.setRawScale("data", 255); // before that, from [0, 1] to [0, 255]
transformer.setInputScale("data", 1 / 255); // after that, as this net was trained

// ### 3. Classify
net.reshape({ data: [50, 1, 28, 28] }); // pycaffe: net.blobs['data'].reshape(50, 1, 28, 28)
const image = await loadImage(file, { color: false });
const transformed = transformer.preprocess("data", image);
imshow(transformed);

const data = net.blobs.get("data");
for (let i = 0; i < 50; i++) slice(data, i).data.set(transformed.data); // pycaffe: data[...] = transformed_image
const output = await net.forward();
const prob = slice(reshape(output.prob, [50, -1]), 0); // the probabilities of the first image of the batch
console.log(`predicted class is: ${argmax(prob)}`);
console.log(`output label: ${labels[argmax(prob)]}, actual label: ${labels[digits.labels[3]]}`);
console.log("probabilities and labels:");
for (const index of topIndices(prob, 5)) console.log(`  ${prob.data[index].toFixed(4)} ${labels[index]}`);

// ### 4. Caffe would switch to the GPU here. Moka computes on the processor: with native BLAS, if there is one
console.log(`engine: ${net.engine.description}`);

// ### 5. Look inside: shapes, parameters, features
for (const [name, blob] of net.blobs) console.log(`${name}\t${blob.shape}`);
for (const [name, [w, b]] of net.params) console.log(`${name}\t${w.shape} ${b.shape}`);
console.log("the first filter of conv1:");
imshow(slice(net.params.get("conv1")[0], 0, 0));
console.log("what it makes of the image:");
imshow(slice(net.blobs.get("conv1"), 0, 0));
console.log(net.blobs.get("fc1")); // its name, shape, mean and range

// ### 6. Many images: batch by batch, and as caffe.Classifier does it
const all = await net.forwardAll({ data: prepared(digits.images) });
const classes = argmax(all.prob, 1).data;
const right = digits.labels.filter((label, i) => classes[i] === label).length;
console.log(`accuracy: ${(right / digits.labels.length).toFixed(3)}`);
await net.dispose();

const mean = { shape: [1], data: channelMeans };
const classifier = await Classifier.load(model, weights, { mean, rawScale: 255, inputScale: 1 / 255 });
const prediction = await classifier.predict([image], false); // true: the mean of ten crops, also mirrored
console.log(`Classifier: ${labels[argmax(prediction)]}`);
await classifier.dispose();

// Intersection over union of each class over all test scenes, and a picture of some of them: scene, labels, prediction.
// Usage: node examples/segmentation/evaluate.mjs WEIGHTS [PICTURE.png]
import { writeFile } from "node:fs/promises";
import { createImages, Net } from "moka-caffe";

const [weights, picture] = process.argv.slice(2);
if (!weights) {
  console.error("Usage: node examples/segmentation/evaluate.mjs WEIGHTS [PICTURE.png]");
  process.exit(2);
}
const net = await Net.load("examples/segmentation/train_val.prototxt", { phase: "TEST", weights });
const { score, label } = Object.fromEntries(net.blobs);
const [batch, classes, height, width] = score.shape;
const plane = height * width;
const batches = 500 / batch;
/** Pixels by label and prediction. */
const matrix = Array.from({ length: classes }, () => new Float64Array(classes));

for (let i = 0; i < batches; i++) {
  await net.forward();
  const predicted = best(score.data);
  label.data.forEach((truth, j) => {
    if (truth < classes) matrix[truth][predicted[j]]++;
  });
  if (i === 0 && picture) await draw(predicted);
}
await net.dispose();

const unions = matrix.map((row, c) => sum(row) + sum(matrix.map((other) => other[c])) - row[c]);
const shares = matrix.map((row, c) => row[c] / unions[c]);
shares.forEach((share, c) => void console.log(`${c === 0 ? "background" : `digit ${c - 1}   `} ${share.toFixed(4)}`));
console.log(`mean IoU   ${(sum(shares) / classes).toFixed(4)}`);

/** The class with the highest score of each pixel. */
function best(scores) {
  return Uint8Array.from({ length: batch * plane }, (_, j) => {
    const start = Math.floor(j / plane) * classes * plane + (j % plane);
    let chosen = 0;
    for (let c = 1; c < classes; c++) if (scores[start + c * plane] > scores[start + chosen * plane]) chosen = c;
    return chosen;
  });
}

/** Six scenes side by side; below each its labels, and what the net says. */
async function draw(predicted) {
  const count = 6;
  const scenes = net.blobs.get("data").data;
  const data = new Uint8Array(count * width * 3 * height * 3);
  const put = (row, column, y, x, rgb) => data.set(rgb, ((row * height + y) * count * width + column * width + x) * 3);
  for (let item = 0; item < count; item++) {
    for (let at = 0; at < plane; at++) {
      const [y, x] = [Math.floor(at / width), at % width];
      const value = (channel) => Math.round(scenes[(item * 3 + channel) * plane + at] * 128 + 128);
      put(0, item, y, x, [value(0), value(1), value(2)]); // blue, green, red, as in the net
      put(1, item, y, x, colorOf(label.data[item * plane + at]));
      put(2, item, y, x, colorOf(predicted[item * plane + at]));
    }
  }
  const image = { width: count * width, height: 3 * height, channels: 3, data };
  await writeFile(picture, await createImages().encode(image, "png"));
}

/** A color for each class: black for none, gray for pixels that do not count. */
function colorOf(value) {
  if (value === 0) return [0, 0, 0];
  if (value >= classes) return [90, 90, 90];
  const hue = ((value - 1) / (classes - 1)) * 2 * Math.PI;
  return [0, 2.1, 4.2].map((phase) => Math.round(140 + 115 * Math.cos(hue - phase)));
}

function sum(values) {
  return [...values].reduce((total, value) => total + value, 0);
}

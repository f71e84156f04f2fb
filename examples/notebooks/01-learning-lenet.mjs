// Solving with LeNet, as Caffe's 01-learning-lenet.ipynb: a net written in code, and a training loop of your own.
// node examples/notebooks/01-learning-lenet.mjs
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { argmax, L, NetSpec, P, reshape, Solver, slice } from "moka-caffe";
import { getDigits, imshow, solverText, workFolder } from "./tools.mjs";

// ### 1. Setup
const folder = workFolder("01-learning-lenet");
await getDigits(folder, { train: 1000, test: 200 });
const at = (name) => join(folder, name);

// ### 2. Creating the net. Caffe's notebook has 20 and 50 filters; these have fewer, to be quick
function lenet(source, batch_size) {
  const n = new NetSpec("LeNet");
  const filled = { weight_filler: { type: "xavier" } };
  const data = { source, backend: P.Data.LMDB, batch_size, transform_param: { scale: 1 / 255 } };
  [n.data, n.label] = L.Data({ ...data, ntop: 2 });
  n.conv1 = L.Convolution(n.data, { kernel_size: 5, num_output: 8, ...filled });
  n.pool1 = L.Pooling(n.conv1, { kernel_size: 2, stride: 2, pool: P.Pooling.MAX });
  n.conv2 = L.Convolution(n.pool1, { kernel_size: 5, num_output: 16, ...filled });
  n.pool2 = L.Pooling(n.conv2, { kernel_size: 2, stride: 2, pool: P.Pooling.MAX });
  n.fc1 = L.InnerProduct(n.pool2, { num_output: 100, ...filled });
  n.relu1 = L.ReLU(n.fc1, { in_place: true });
  n.score = L.InnerProduct(n.relu1, { num_output: 10, ...filled });
  n.loss = L.SoftmaxWithLoss(n.score, n.label);
  return String(n);
}
writeFileSync(at("lenet_auto_train.prototxt"), lenet(at("train_lmdb"), 64));
writeFileSync(at("lenet_auto_test.prototxt"), lenet(at("test_lmdb"), 100));
const text = solverText(at("lenet_auto_train.prototxt"), { test: at("lenet_auto_test.prototxt") });
writeFileSync(at("lenet_auto_solver.prototxt"), text);
console.log(text);

// ### 3. Loading and checking the solver
const solver = await Solver.load(at("lenet_auto_solver.prototxt"));
const [testNet] = solver.testNets;
for (const [name, { shape }] of solver.net.blobs) console.log(`${name}\t${shape}`);
for (const [name, [{ shape }]] of solver.net.params) console.log(`${name}\t${shape}`);

await solver.net.forward();
await testNet.forward();
imshow(slice(solver.net.blobs.get("data"), 0, 0));
console.log(`train labels: ${slice(solver.net.blobs.get("label"), [0, 8]).data}`);
console.log(`test labels: ${slice(testNet.blobs.get("label"), [0, 8]).data}`);

// ### 4. Stepping the solver
await solver.step(1);
console.log("the gradient of the first filter:");
imshow(reshape(solver.net.params.get("conv1")[0].diff.subarray(0, 25), [5, 5]));

// ### 5. Writing a custom training loop
const niter = 100;
const testInterval = 25;
const trainLoss = [];
const testAccuracy = [];
const output = []; // the scores of the first eight test images after each iteration
for (let it = 0; it < niter; it++) {
  await solver.step(1); // SGD by Moka
  trainLoss.push(solver.net.blobs.get("loss").data[0]);

  // The scores on the first test batch: the pass starts at conv1, so that no new data are loaded.
  await testNet.forward({}, { from: "conv1" });
  output.push(slice(testNet.blobs.get("score"), [0, 8]).data.slice());

  // A full test from time to time. (solver.test() does the same, and logs it.)
  if ((it + 1) % testInterval > 0) continue;
  let correct = 0;
  for (let i = 0; i < 2; i++) {
    await testNet.forward();
    const label = testNet.blobs.get("label").data;
    correct += argmax(testNet.blobs.get("score"), 1).data.filter((found, at) => found === label[at]).length;
  }
  testAccuracy.push(correct / 200);
  console.log(
    `Iteration ${it + 1}: loss ${trainLoss.at(-1).toFixed(3)}, test accuracy ${testAccuracy.at(-1).toFixed(3)}`,
  );
}
console.log(`first loss: ${trainLoss[0].toFixed(3)}`);
console.log(`last loss: ${trainLoss.at(-1).toFixed(3)}`);
console.log(`accuracy: ${testAccuracy.at(-1).toFixed(3)}`);

// The scores of the first test image during training: a row for each class, a column for each tenth iteration.
const [label] = testNet.blobs.get("label").data;
const scores = output.filter((_, it) => it % 10 === 0).map((each) => each.subarray(0, 10));
const grid = Float32Array.from(
  { length: 10 * scores.length },
  (_, i) => scores[i % scores.length][Math.floor(i / scores.length)],
);
console.log(`the scores of a ${label}:`);
imshow({ shape: [10, scores.length], data: grid });
await solver.dispose();

// ### 6. Another net and another solver: logistic regression by Adam
const n = new NetSpec("custom");
const source = at("train_lmdb");
[n.data, n.label] = L.Data({ source, backend: "LMDB", batch_size: 64, transform_param: { scale: 1 / 255 }, ntop: 2 });
n.score = L.InnerProduct(n.data, { num_output: 10, weight_filler: { type: "xavier" } });
n.loss = L.SoftmaxWithLoss(n.score, n.label);
writeFileSync(at("custom_auto_train.prototxt"), String(n));
const adam = { type: '"Adam"', base_lr: 0.001, momentum2: 0.999 };
writeFileSync(at("custom_auto_solver.prototxt"), solverText(at("custom_auto_train.prototxt"), adam));
const custom = await Solver.load(at("custom_auto_solver.prototxt"));
await custom.step(60);
console.log(`custom loss: ${custom.loss.toFixed(3)}`);
await custom.dispose();

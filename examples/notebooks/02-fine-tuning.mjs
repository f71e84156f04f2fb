// Fine-tuning a pretrained net, as Caffe's 02-fine-tuning.ipynb: from digits to another task with few examples.
// node examples/notebooks/02-fine-tuning.mjs
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { argmax, L, Net, NetSpec, Solver, slice } from "moka-caffe";
import { features, getDigits, prepared, readIdx, solverText, trainedDigits, workFolder } from "./tools.mjs";

// ### 1. Setup: the pretrained net, and 60 examples of a new task: is the digit even or odd?
const folder = workFolder("02-fine-tuning");
const at = (name) => join(folder, name);
const { model, weights } = await trainedDigits(folder);
await getDigits(at("few"), { train: 60, test: 200, format: "idx" });
const styles = ["even", "odd"];
const read = (name) => {
  const { images, labels } = readIdx(at("few"), name);
  return { data: prepared(images), labels: Float32Array.from(labels, (label) => label % 2) };
};
const [train, test] = [read("train"), read("t10k")];

// ### 2. Defining and running the nets. The last layer has a new name, so that it starts from its filler
function styleNet({ batch_size, learnAll = false }) {
  const n = new NetSpec("Parity");
  [n.data, n.label] = L.MemoryData({ batch_size, channels: 1, height: 28, width: 28, ntop: 2 });
  const param = learnAll ? {} : { param: [{ lr_mult: 0 }, { lr_mult: 0 }] };
  const score = features(n, { param, classifier: "score_parity", classes: 2 });
  n.probs = L.Softmax(score);
  n.loss = L.SoftmaxWithLoss(score, n.label);
  n.acc = L.Accuracy(score, n.label);
  return String(n);
}

/** pycaffe: net.set_input_arrays(data, labels) */
const setInputArrays = (net, { data, labels }) => net.layers[0].reset(data, labels);

const digitsNet = await Net.load(model, { weights });
const untrained = await Net.load(styleNet({ batch_size: 10 }), { weights, seed: 1 });
setInputArrays(untrained, test);
await untrained.forward();
await digitsNet.forward({ data: test.data.subarray(0, 7840) });
console.log(`actual label: ${styles[test.labels[0]]}`);
console.log(`as a digit: ${argmax(slice(digitsNet.blobs.get("prob"), 0))}`);
console.log(`untrained probabilities: ${Array.from(slice(untrained.blobs.get("probs"), 0).data, (p) => p.toFixed(2))}`);
// Both nets have the same features.
const [one, other] = [digitsNet, untrained].map((net) => net.blobs.get("fc1").data);
console.log(`difference of fc1: ${one.reduce((sum, value, i) => sum + (value - other[i]) ** 2, 0)}`);
await digitsNet.dispose();
await untrained.dispose();

// ### 3. Training the classifier, from the pretrained features and from random ones
async function makeSolver(name, learnAll, from) {
  writeFileSync(at(`${name}.prototxt`), styleNet({ batch_size: 60, learnAll }));
  writeFileSync(at(`${name}_solver.prototxt`), solverText(at(`${name}.prototxt`), { base_lr: 0.02 }));
  const solver = await Solver.load(at(`${name}_solver.prototxt`));
  if (from) await solver.net.copyTrainedLayersFrom(from);
  setInputArrays(solver.net, train);
  return solver;
}

async function runSolvers(niter, solvers) {
  const saved = {};
  for (const [name, solver] of Object.entries(solvers)) {
    for (let it = 0; it < niter; it++) await solver.step(1);
    const [loss, acc] = ["loss", "acc"].map((blob) => solver.net.blobs.get(blob).data[0]);
    console.log(`${solver.iter}) ${name}: loss=${loss.toFixed(3)}, acc=${Math.round(100 * acc)}%`);
    saved[name] = at(`weights.${name}.caffemodel`);
    await solver.net.save(saved[name]);
    await solver.dispose();
  }
  return saved;
}

async function evalStyleNet(from) {
  const net = await Net.load(styleNet({ batch_size: 100 }), { weights: from });
  setInputArrays(net, test);
  let accuracy = 0;
  for (let i = 0; i < 2; i++) accuracy += (await net.forward()).acc[0] / 2;
  await net.dispose();
  return accuracy.toFixed(3);
}

const first = await runSolvers(60, {
  pretrained: await makeSolver("pretrained", false, weights),
  scratch: await makeSolver("scratch", false),
});
console.log(`Accuracy, trained from digits: ${await evalStyleNet(first.pretrained)}`);
console.log(`Accuracy, trained from random initialization: ${await evalStyleNet(first.scratch)}`);

// ### 4. End-to-end fine-tuning: all layers learn
const second = await runSolvers(40, {
  "pretrained-all": await makeSolver("pretrained-all", true, first.pretrained),
  "scratch-all": await makeSolver("scratch-all", true, first.scratch),
});
console.log(`Accuracy, fine-tuned from digits: ${await evalStyleNet(second["pretrained-all"])}`);
console.log(`Accuracy, fine-tuned from random initialization: ${await evalStyleNet(second["scratch-all"])}`);

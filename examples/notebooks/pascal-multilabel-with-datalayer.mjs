// Multilabel classification with a data layer of your own, as Caffe's pascal-multilabel-with-datalayer.ipynb: the class
// replaces the Python layer that the prototxt names. It draws shapes instead of reading PASCAL's photographs.
// node examples/notebooks/pascal-multilabel-with-datalayer.mjs
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { L, Layer, NetSpec, Solver, slice } from "moka-caffe";
import { imshow, solverText, workFolder } from "./tools.mjs";

const folder = workFolder("pascal-multilabel");
const classes = ["bar", "pole", "slash", "box"];

// ### 1. The data layer. In pycaffe: class PascalMultilabelDataLayerSync(caffe.Layer)
const size = 24;

/** Whether a shape of this class, whose corner is at (x0, y0), has ink at (x, y). */
const inks = [
  (x, y) => x >= 0 && x < 11 && y >= 0 && y < 2,
  (x, y) => x >= 0 && x < 2 && y >= 0 && y < 11,
  (x, y) => x >= 0 && x < 9 && Math.abs(x - y) < 2,
  (x, y) => x >= 0 && x < 8 && y >= 0 && y < 8 && (x % 7 === 0 || y % 7 === 0),
];

class PascalMultilabelDataLayerSync extends Layer {
  bottomCount = 0;
  topCount = 2;

  // In pycaffe: setup and eval(self.param_str). The parameters are JSON here.
  setup() {
    this.params_ = JSON.parse(this.message.pythonParam.paramStr);
    this.check(this.params_.batch_size > 0, "MOKA_FIELD", "param_str needs a batch_size");
    this.state = this.params_.split === "train" ? 1 : 2;
  }

  // In pycaffe: top[0].reshape(…) in setup.
  topShapes() {
    const { batch_size } = this.params_;
    return [
      [batch_size, 1, size, size],
      [batch_size, classes.length],
    ];
  }

  // Recorded once; the step that it records runs at each forward. In pycaffe: top[0].data[…] = im.
  forward(k, _bottom, [data, label]) {
    const next = () => {
      data.data.array.fill(0);
      label.data.array.fill(0);
      for (let i = 0; i < this.params_.batch_size; i++) this.draw(data.data.array, label.data.array, i);
    };
    k.host("next batch", next, { writes: [data.data, label.data] });
  }

  draw(data, label, i) {
    for (const [c, ink] of inks.entries()) {
      if (this.random() < 0.7) continue;
      label[i * classes.length + c] = 1;
      const [x0, y0] = [Math.floor(this.random() * 12), Math.floor(this.random() * 12)];
      for (let at = 0; at < size * size; at++) {
        if (ink((at % size) - x0, Math.floor(at / size) - y0)) data[i * size * size + at] = 1;
      }
    }
  }

  random() {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return this.state / 2 ** 32;
  }
}

// ### 2. Define the nets
function multilabelNet(data_layer_params, datalayer) {
  const n = new NetSpec("Multilabel");
  const param_str = JSON.stringify(data_layer_params);
  [n.data, n.label] = L.Python({ module: "pascal_multilabel_datalayers", layer: datalayer, param_str, ntop: 2 });
  const filled = { weight_filler: { type: "xavier" } };
  n.conv1 = L.Convolution(n.data, { kernel_size: 5, num_output: 12, stride: 2, ...filled });
  n.relu1 = L.ReLU(n.conv1, { in_place: true });
  n.conv2 = L.Convolution(n.relu1, { kernel_size: 3, num_output: 16, ...filled });
  n.relu2 = L.ReLU(n.conv2, { in_place: true });
  n.pool2 = L.Pooling(n.relu2, { pool: "MAX", kernel_size: 8, stride: 8 });
  n.score = L.InnerProduct(n.pool2, { num_output: classes.length, ...filled });
  n.loss = L.SigmoidCrossEntropyLoss(n.score, n.label);
  return String(n);
}

// ### 3. Write nets and solver files
const at = (name) => join(folder, name);
const layer = "PascalMultilabelDataLayerSync";
writeFileSync(at("trainnet.prototxt"), multilabelNet({ batch_size: 64, split: "train" }, layer));
writeFileSync(at("valnet.prototxt"), multilabelNet({ batch_size: 64, split: "val" }, layer));
const settings = { test: at("valnet.prototxt"), type: '"Adam"', base_lr: 0.005 };
writeFileSync(at("solver.prototxt"), solverText(at("trainnet.prototxt"), settings));

// The class is registered under the names of python_param: module/layer.
const layers = { [`pascal_multilabel_datalayers/${layer}`]: PascalMultilabelDataLayerSync };
const solver = await Solver.load(at("solver.prototxt"), { layers });
const [testNet] = solver.testNets;
await solver.step(1);
imshow(slice(solver.net.blobs.get("data"), 0));
const names = (marks) => classes.filter((_, c) => marks[c] > 0).join(" ") || "none";
console.log(`GT: ${names(slice(solver.net.blobs.get("label"), 0).data)}`);

// ### 4. Train. The accuracy is the Hamming distance: the share of marks that are right
async function checkAccuracy(net, batches, estimate = (score) => score > 0) {
  let right = 0;
  let all = 0;
  for (let t = 0; t < batches; t++) {
    await net.forward();
    const gts = net.blobs.get("label").data;
    net.blobs.get("score").data.forEach((score, i) => {
      right += estimate(score) === gts[i] > 0 ? 1 : 0;
      all += 1;
    });
  }
  return (right / all).toFixed(4);
}
console.log(`Baseline accuracy: ${await checkAccuracy(testNet, 4, () => false)}`);
for (let itt = 0; itt < 3; itt++) {
  await solver.step(50);
  console.log(`itt: ${(itt + 1) * 50} accuracy: ${await checkAccuracy(testNet, 4)}`);
}

// ### 5. Look at some results
for (let i = 0; i < 3; i++) {
  imshow(slice(testNet.blobs.get("data"), i));
  const [gt, est] = ["label", "score"].map((blob) => names(slice(testNet.blobs.get(blob), i).data));
  console.log(`GT: ${gt}; EST: ${est}`);
}
await solver.dispose();

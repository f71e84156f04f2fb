// What BVLC Caffe does with its layers' memory, and what lint takes them for, by the source of Caffe: the classes say the same.
import { expect, test } from "vitest";
import type { Layer } from "../../src/core/layer.js";
import { ReLULayer } from "../../src/layers/activation/relu.js";
import { layers } from "../../src/layers/registry.js";
import { parseNet } from "../../src/proto/text/index.js";
import { affineTypes } from "../../src/tools/fold/affine-layer.js";
import { linearTypes } from "../../src/tools/fold/linear.js";
import { silent } from "../../src/util/log.js";
import { Random } from "../../src/util/random.js";
import { bvlcTypes as all } from "../bvlc-types.js";
import { layerNet } from "../layers.js";
import { lintContext } from "../lint.js";

const context = { phase: "TRAIN", ...lintContext(), random: new Random(1), log: silent, fill: () => {} } as const;

function layerOf(type: string, fields = 'bottom: "x" top: "y"'): Layer {
  const [message] = parseNet(`layer { type: "${type}" ${fields} }`).message.layer;
  const layerClass = layers.find((each) => each.type === type);
  if (!layerClass) throw new Error(`there is no ${type}`);
  return new layerClass(message, context);
}

const those = (holds: (layer: Layer) => unknown) => all.filter((type) => holds(layerOf(type))).join(" ");

test("groups", () => {
  const grouped = (group: string) =>
    all.filter((type) => layers.find((each) => each.type === type)?.group === group).join(" ");
  expect(grouped("data")).toBe("Data DummyData HDF5Data HDF5Output ImageData Input MemoryData Parameter WindowData");
  expect(grouped("vision")).toBe("Convolution Crop Deconvolution Im2col Pooling SPP");
  expect(grouped("recurrent")).toBe("LSTM LSTMUnit RNN");
  expect(grouped("common")).toBe("Dropout Embed InnerProduct");
  expect(grouped("activation")).toBe(
    "AbsVal BNLL Bias Clip ELU Exp Log PReLU Power ReLU Scale Sigmoid Swish TanH Threshold",
  );
  expect(grouped("normalization")).toBe("BatchNorm LRN MVN");
  expect(grouped("loss")).toBe(
    "Accuracy ContrastiveLoss EuclideanLoss HingeLoss InfogainLoss MultinomialLogisticLoss SigmoidCrossEntropyLoss " +
      "Softmax SoftmaxWithLoss",
  );
});

test("what backward reads again", () => {
  expect(those(({ rereads }) => rereads.bottom === "values")).toBe(
    "AbsVal BNLL Clip Convolution Deconvolution InnerProduct LRN LSTM Log PReLU RNN Scale",
  );
  expect(those(({ rereads }) => rereads.bottom === "sign")).toBe("ELU ReLU");
  expect(those(({ rereads }) => rereads.top)).toBe("ELU Exp LRN MVN Sigmoid Softmax Swish TanH");
  expect(those(({ rereads }) => rereads.inPlace === "lost")).toBe("BNLL Log MVN Power");
  expect(those(({ rereads }) => rereads.inPlace === "wrong")).toBe("Clip");
  expect(those(({ rereads }) => rereads.inPlace === "copied")).toBe("PReLU Scale");
  expect(those(({ rereads }) => rereads.onlyToLearn)).toBe("Convolution Deconvolution InnerProduct");
});

test.each([
  ["Power", "power_param { power: 2 }", { bottom: "values", inPlace: "lost" }],
  ["Power", "power_param { scale: 2 shift: 1 }", { inPlace: "lost" }],
  ["Power", "power_param { power: 2 scale: 0 }", {}],
  ["Power", "power_param { power: 0 scale: 2 }", {}],
  ["MVN", "mvn_param { normalize_variance: false }", {}],
  ["Eltwise", "eltwise_param { operation: PROD }", { bottom: "values" }],
  ["Eltwise", "eltwise_param { operation: MAX }", {}],
  ["Reduction", "reduction_param { operation: ASUM }", { bottom: "values" }],
  ["Reduction", "reduction_param { operation: SUMSQ }", { bottom: "values" }],
  ["Reduction", "reduction_param { operation: MEAN }", {}],
])("what backward of %s with %s reads again", (type, fields, reads) => {
  expect(layerOf(type, fields).rereads).toEqual(reads);
});

test("what in place leaves signs", () => {
  expect(those(({ keepsSign }) => keepsSign)).toBe("Dropout ELU PReLU Power ReLU Swish TanH");
  const keeps = (type: string, fields: string) => layerOf(type, fields).keepsSign;
  expect(keeps("Power", "power_param { scale: -1 }")).toBe(false);
  expect(keeps("Power", "power_param { shift: 1 }")).toBe(false);
  expect(keeps("Power", "power_param { power: 2 }")).toBe(false);
  expect(keeps("Clip", "clip_param { min: 0 max: 6 }")).toBe(true);
  expect(keeps("Clip", "clip_param { min: 1 max: 6 }")).toBe(false);
  expect(keeps("Clip", "clip_param { min: -6 max: 0 }")).toBe(false);
});

test("what passes values on", () => {
  expect(those(({ passesOn }) => passesOn === "first")).toBe("Crop Dropout Flatten Pooling Reshape Slice Split");
  expect(those(({ passesOn }) => passesOn === "all")).toBe("Concat Eltwise");
  expect(those(({ commutesWithAffine }) => commutesWithAffine)).toBe("Concat Dropout Power Split");
  expect(layerOf("Power", "power_param { power: 2 }").commutesWithAffine).toBe(false);
  expect(those(({ isIdentityInTest }) => isIdentityInTest)).toBe("Dropout");
});

test("what activates, multiplies, feeds and ends", () => {
  expect(those(({ activation }) => activation === "rectifier")).toBe("ELU PReLU ReLU");
  expect(those(({ activation }) => activation === "saturating")).toBe("Sigmoid TanH");
  expect(those(({ isAffine }) => isAffine)).toBe("Bias Scale");
  expect(those(({ isLinear }) => isLinear)).toBe("Convolution Deconvolution InnerProduct");
  expect(those(({ weightFiller }) => weightFiller)).toBe("Convolution Deconvolution Embed InnerProduct LSTM RNN");
  expect(those(({ isInput }) => isInput)).toBe("Input");
  expect(those(({ spareTops }) => spareTops === "all")).toBe("Accuracy ArgMax Sigmoid Softmax");
  expect(those(({ spareTops }) => spareTops === "extra")).toBe("LSTM Pooling RNN");
});

test("what fold reads and writes are those types", () => {
  const linear = layers.map(({ type }) => type).filter((type) => !type.includes(".") && layerOf(type).isLinear);
  expect(linear).toEqual(linearTypes);
  // Batch normalization is an affine map by its averages alone.
  const affine = ["BN", "BatchNorm", "SyncBN", ...those(({ isAffine }) => isAffine).split(" ")];
  expect(affine.sort()).toEqual([...affineTypes].sort());
});

test("which bottoms take labels, indices or marks", () => {
  expect(those((layer) => layer.takesIndices(0))).toBe("Embed Filter");
  expect(those((layer) => layer.takesIndices(1))).toBe(
    "Accuracy BatchReindex HingeLoss InfogainLoss LSTM MultinomialLogisticLoss RNN SigmoidCrossEntropyLoss SoftmaxWithLoss",
  );
  expect(those((layer) => layer.takesIndices(2))).toBe("ContrastiveLoss InfogainLoss LSTMUnit");
});

test("how many parameters a message gives", () => {
  const count = (type: string, fields?: string) => layerOf(type, fields).paramCount;
  expect(those(({ paramCount }) => paramCount !== 0)).toBe(
    "BatchNorm Bias Convolution Deconvolution Embed InnerProduct LSTM PReLU Parameter RNN Scale",
  );
  const bottoms = (count: number) => 'bottom: "x" '.repeat(count);
  expect(count("Convolution", "convolution_param { bias_term: false }")).toBe(1);
  expect(count("Scale", 'bottom: "x" scale_param { bias_term: true }')).toBe(2);
  expect(count("Scale", `${bottoms(2)} scale_param { bias_term: true }`)).toBe(1);
  expect(count("Bias", bottoms(2))).toBe(0);
  expect(count("LSTM", bottoms(2))).toBe(3);
  expect(count("LSTM", bottoms(3))).toBe(4);
  expect(count("LSTM", `${bottoms(4)} recurrent_param { expose_hidden: true }`)).toBe(3);
  expect(count("RNN", `${bottoms(4)} recurrent_param { expose_hidden: true }`)).toBe(6);
});

test("a layer of one's own that has parameters, and does not say how many, has an unknown number", () => {
  const [message] = parseNet(`layer { type: "Mine" }`).message.layer;
  class Plain extends ReLULayer {}
  class Learning extends ReLULayer {
    override declareParams() {
      return [];
    }
  }
  expect(new Plain(message, context).paramCount).toBe(0);
  expect(new Learning(message, context).paramCount).toBeUndefined();
});

test.each([
  // col_buffer_ of an image: 27 values a place, 36 places; none for 1×1.
  ["Convolution", "convolution_param { num_output: 5 kernel_size: 3 }", 27 * 36],
  ["Convolution", "convolution_param { num_output: 5 kernel_size: 1 }", 0],
  ["Deconvolution", "convolution_param { num_output: 5 kernel_size: 2 }", 5 * 4 * 64],
  ["Pooling", "pooling_param { kernel_size: 2 stride: 2 }", 2 * 3 * 16],
  ["Pooling", "pooling_param { pool: AVE kernel_size: 2 stride: 2 }", 0],
  ["Dropout", "", 384],
  ["LRN", "", 384],
  ["BatchNorm", "", 2 * 384 + 6 + 64],
  ["Scale", "", 0],
  ["PReLU", "", 2 * 192],
  ["ReLU", "", 0],
])("%s with %s has Caffe keep %i values", async (type, fields, values) => {
  const net = await layerNet(`layer { name: "l" type: "${type}" bottom: "x" top: "y" ${fields} }`, { x: [2, 3, 8, 8] });
  const { layer, bottom, top } = net.nodes.at(-1) ?? expect.fail();
  const shapes = { bottom: bottom.map(({ shape }) => shape), top: top.map(({ shape }) => shape) };
  expect(layer.caffeBuffers({ ...shapes, inPlace: false, backward: true })).toBe(values);
  const extra: Record<string, number> = { BatchNorm: 384, Scale: 384, PReLU: 384 };
  expect(layer.caffeBuffers({ ...shapes, inPlace: true, backward: true })).toBe(values + (extra[type] ?? 0));
  await net.dispose();
});

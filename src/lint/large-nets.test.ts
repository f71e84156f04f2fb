// Nets of thousands of layers, all with the same problem. Linear work takes well under a second for each of them, work that
// grows with the square of the layers a minute.
import { expect, test } from "vitest";
import { lint } from "../api/lint.js";

const n = 6000;
const times = (layer: (i: number) => string, count = n) => Array.from({ length: count }, (_, i) => layer(i)).join("\n");
const input = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }\n';
const data = `layer { name: "d" type: "DummyData" top: "x" top: "t"
  dummy_data_param { shape { dim: 2 dim: 4 } shape { dim: 2 dim: 4 } } }\n`;
const conv = (i: number) =>
  `layer { name: "c${i}" type: "Convolution" bottom: "x" top: "c${i}" convolution_param { num_output: 3 kernel_size: 1 } }`;

const countOf = async (text: string, rule: string) => {
  const { findings } = await lint(text);
  return findings.filter((finding) => finding.rule === rule).length;
};

test.each([
  [
    "unknown-bottom",
    n,
    input + times((i) => `layer { name: "layer_${i}" type: "AbsVal" bottom: "blob_no_${i}" top: "name_${i}" }`),
  ],
  [
    "unknown-field",
    n,
    input + times((i) => `layer { name: "a${i}" type: "AbsVal" bottom: "x" top: "a${i}" bottm: "x" }`),
  ],
  [
    "caffe-refuses",
    n,
    input + times((i) => `layer { name: "a${i}" type: "AbsVal" type: "AbsVal" bottom: "x" top: "a${i}" }`),
  ],
  [
    "bias-before-bn",
    n,
    input + times((i) => `${conv(i)}\nlayer { name: "b${i}" type: "BatchNorm" bottom: "c${i}" top: "b${i}" }`),
  ],
  [
    "bn-fork-fields",
    n,
    input +
      times(
        (i) =>
          `layer { name: "b${i}" type: "BatchNorm" bottom: "x" top: "b${i}" batch_norm_param { scale_bias: true } }`,
      ),
  ],
  [
    "layer-after-in-place",
    n - 1,
    `${data}layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 4 } }
${times((i) => `layer { name: "s${i}" type: "Sigmoid" bottom: "y" top: "y" }`)}
layer { name: "l" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "l" }`,
  ],
])("%s takes linear time", async (rule, count, text) => {
  expect(await countOf(text, rule)).toBe(count);
});

test("blobs that are combined with themselves again and again are followed once", async () => {
  const join = (i: number) =>
    `layer { name: "j${i + 1}" type: "Concat" bottom: "j${i}" bottom: "j${i}" top: "j${i + 1}" }`;
  const net = (first: string, last: string) => `${input}${first}\n${times(join, 24)}\n${last}`;
  const relu = 'layer { name: "r" type: "ReLU" bottom: "x" top: "j0" }';
  const behind = 'layer { name: "b" type: "BatchNorm" bottom: "j24" top: "b" }';
  expect(await countOf(net(relu, behind), "bn-after-activation")).toBe(1);
  const norm = 'layer { name: "b" type: "BatchNorm" bottom: "x" top: "j0" }';
  const end = 'layer { name: "r" type: "ReLU" bottom: "j24" top: "r" }';
  expect(await countOf(net(norm, end), "bn-without-scale")).toBe(1);
});

import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { lintContext, testRule } from "../../../test/lint.js";
import { netFromText } from "../../../test/nets.js";
import { blobValues, makeBlob } from "../../proto/binary/blob.js";
import { type NetParameter, NetParameterSchema } from "../../proto/gen/caffe_pb.js";
import { fixText } from "../fix.js";
import { biasBeforeBn } from "./bias-before-bn.js";

const input = `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }
`;
const conv = (param: string, specs = "") =>
  `layer { name: "c" type: "Convolution" bottom: "x" top: "c"${specs} convolution_param { num_output: 2 kernel_size: 1${param} } }
`;
const bn = `layer { name: "bn" type: "BatchNorm" bottom: "c" top: "y" }
`;
const loss = `layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "y" top: "l" }
`;
const unbiased = conv(" bias_term: false");

const blob = (...values: number[]) => makeBlob([values.length], { data: Float32Array.from(values) });
const weights = (bias: number[], statistics: number[][]): NetParameter =>
  create(NetParameterSchema, {
    layer: [
      { name: "c", blobs: [blob(1, 2, 3, 4, 5, 6), blob(...bias)] },
      { name: "bn", blobs: statistics.map((values) => blob(...values)) },
    ],
  });
const marked = (text: string) => text.replace('layer { name: "c"', '▶layer { name: "c"');

testRule(biasBeforeBn, {
  good: {
    "no bias": input + unbiased + bn,
    "something else between": `${input}${conv("")}layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
${bn}`,
    "another reader, for which the bias counts": `${input}${conv("")}${bn}layer { name: "r" type: "ReLU" bottom: "c" top: "r" }`,
    "no BatchNorm in TEST": `${input}${conv("")}${bn.replace("top", "include { phase: TRAIN } top")}${loss}
layer { name: "r" type: "ReLU" bottom: "c" top: "y" include { phase: TEST } }`,
    "another axis": `${input}
layer { name: "c" type: "InnerProduct" bottom: "x" top: "c" inner_product_param { num_output: 2 axis: 2 } }
${bn}`,
    "statistics that are frozen on purpose": `${input}${conv("")}
layer { name: "bn" type: "BatchNorm" bottom: "c" top: "y" batch_norm_param { use_global_stats: true } }
layer { name: "s" type: "Scale" bottom: "y" top: "y" param { lr_mult: 0 } param { lr_mult: 0 } scale_param { bias_term: true } }
${loss}`,
  },
  bad: {
    "a convolution by default, in a net that trains": {
      text: marked(input + conv("") + bn + loss),
      fixed: input + unbiased + bn + loss,
      says: [/bias that BatchNorm "bn" takes away again/, /has 2 parameters less/, /--weights/],
    },
    "a deploy net": { text: marked(input + conv("") + bn), fixed: input + unbiased + bn, severity: "info" },
    "an inner product and a deconvolution of a fragment": {
      text: `▶layer { name: "a" type: "InnerProduct" bottom: "x" top: "a" inner_product_param { num_output: 2 } }
layer { name: "bna" type: "BatchNorm" bottom: "a" top: "a" }
▶layer { name: "b" type: "Deconvolution" bottom: "y" top: "b" convolution_param { num_output: 2 kernel_size: 2 } }
layer { name: "bnb" type: "BatchNorm" bottom: "b" top: "b" }
`,
      fixed: `layer { name: "a" type: "InnerProduct" bottom: "x" top: "a" inner_product_param { num_output: 2 bias_term: false } }
layer { name: "bna" type: "BatchNorm" bottom: "a" top: "a" }
layer { name: "b" type: "Deconvolution" bottom: "y" top: "b" convolution_param { num_output: 2 kernel_size: 2 bias_term: false } }
layer { name: "bnb" type: "BatchNorm" bottom: "b" top: "b" }
`,
    },
    "bias_term, filler and param spec, on lines": {
      text: `layer {
  name: "c"
  type: "Convolution"
  bottom: "x"
  top: "c"
  param { # weights
    lr_mult: 1
  }
  param {
    lr_mult: 2
    decay_mult: 0
  }
  convolution_param {
    num_output: 2
    ▶bias_term: true
    kernel_size: 1
    bias_filler {
      type: "constant"
    }
  }
}
${bn}`,
      fixed: `layer {
  name: "c"
  type: "Convolution"
  bottom: "x"
  top: "c"
  param { # weights
    lr_mult: 1
  }
  convolution_param {
    num_output: 2
    bias_term: false
    kernel_size: 1
  }
}
${bn}`,
    },
    "a filler alone, and specs in a list": {
      text: marked(
        conv(` bias_filler { type: "constant" } stride: 1`, " param: [{ lr_mult: 1 }, { lr_mult: 2 }]") + bn,
      ),
      fixed: conv(" bias_term: false stride: 1", " param: [{ lr_mult: 1 }]") + bn,
    },
    "a layer for each phase": {
      text: marked(`${input}${conv("")}${bn.replace("top", "include { phase: TRAIN } top")}
${bn.replace("top", "include { phase: TEST } top")}${loss}`),
      fixed: `${input}${unbiased}${bn.replace("top", "include { phase: TRAIN } top")}
${bn.replace("top", "include { phase: TEST } top")}${loss}`,
    },
    "a bias that a layer elsewhere shares": {
      text: marked(`${input}${conv("", ' param { name: "w" } param { name: "b" }')}${bn}
layer { name: "d" type: "Convolution" bottom: "x" top: "d" param { name: "w" } param { name: "b" }
  convolution_param { num_output: 2 kernel_size: 1 } }
`),
      severity: "info",
      says: [/It stays, since layer "d" \(Convolution\) shares it/],
    },
    "weights with averages": {
      text: marked(input + conv("") + bn),
      fixed: input + unbiased + bn,
      severity: "info",
      weights: weights([1, 2], [[10, 20], [1, 1], [4]]),
      says: [/moves into the running mean/],
    },
    "weights that have no bias": {
      text: marked(input + conv("") + bn),
      fixed: input + unbiased + bn,
      severity: "info",
      weights: create(NetParameterSchema, { layer: [{ name: "c", blobs: [blob(1, 2, 3, 4, 5, 6)] }] }),
    },
    "weights with empty averages": {
      text: marked(input + conv("") + bn),
      severity: "info",
      weights: weights([1, 2], [[0, 0], [0, 0], [0]]),
      says: [/It stays: .* BatchNorm "bn", which has a factor of 0/],
    },
    "weights of another width": {
      text: marked(input + conv("") + bn),
      severity: "info",
      weights: weights([1, 2], [[1, 2, 3], [1, 1, 1], [1]]),
      says: [/3 channels instead of 2/],
    },
    "weights of a fork": {
      text: marked(input + conv("") + bn),
      severity: "info",
      weights: weights(
        [1, 2],
        [
          [1, 2],
          [1, 1],
        ],
      ),
      says: [/2 blobs instead of 3/],
    },
  },
});

test("moves a bias by the factor into the mean, and leaves what was given alone", async () => {
  const given = weights([1, 2], [[10, 20], [1, 1], [4]]);
  const fixed = await fixText(input + conv("") + bn, undefined, [biasBeforeBn], {}, lintContext({ weights: given }));
  const values = (net: NetParameter | undefined) =>
    net?.layer.map(({ blobs }) => blobs.map((b) => [...blobValues(b).data]));
  expect(values(fixed.weights)).toEqual([[[1, 2, 3, 4, 5, 6]], [[6, 12], [1, 1], [4]]]);
  expect(values(given)?.[0]).toHaveLength(2);
  expect(values(given)?.[1]?.[0]).toEqual([10, 20]);
});

test("a trained net computes in TEST what it did, with the bias or without", async () => {
  const text = `${input}${conv(' weight_filler { type: "xavier" } bias_filler { type: "gaussian" std: 3 }')}${bn}
layer { name: "s" type: "Scale" bottom: "y" top: "y" scale_param { bias_term: true } }`;
  const x = (seed: number) => Float32Array.from({ length: 96 }, (_, i) => Math.sin(seed + i * 1.7));
  const trained = await netFromText(text);
  for (let i = 0; i < 4; i++) await trained.forward({ x: x(i) });
  const fixed = await fixText(text, undefined, [biasBeforeBn], {}, lintContext({ weights: trained.toMessage() }));
  const outputs = [];
  for (const [of, weights] of [
    [text, trained.toMessage()],
    [fixed.text, fixed.weights ?? trained.toMessage()],
  ] as const) {
    const net = await netFromText(of, { phase: "TEST" });
    net.copyTrainedLayers(weights);
    outputs.push([...((await net.forward({ x: x(9) }))["y"] ?? [])]);
    await net.dispose();
  }
  await trained.dispose();
  const [before = [], after = []] = outputs;
  expect(after).toHaveLength(before.length);
  expect(Math.max(...before.map((value, i) => Math.abs(value - (after[i] ?? Number.NaN))))).toBeLessThan(1e-5);
  expect(Math.max(...before.map(Math.abs))).toBeGreaterThan(0.5);
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lintContext, testRule } from "../../../test/lint.js";
import { contentOf, weightsOf } from "../../../test/lint-weights.js";
import { Net } from "../../index.js";
import { writeNet } from "../../proto/binary/index.js";
import { fixText } from "../fix.js";
import { bnForkFields } from "./bn-fork-fields.js";

const input = `input: "x" input_shape { dim: 2 dim: 2 dim: 1 dim: 2 }
`;
const bn = (type: string, param: string) => `layer { name: "bn" ▶type: "${type}" bottom: "x" top: "y" ${param}}
`;
const batchNorm = (param: string) => `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" ${param}}
`;
const scale = (param = "", specs = "") =>
  `layer { name: "scale" type: "Scale" bottom: "y" top: "y" ${specs}scale_param { bias_term: true ${param}} }
`;

testRule(bnForkFields, {
  good: {
    "Caffe's BatchNorm":
      input + batchNorm("batch_norm_param { eps: 1e-3 moving_average_fraction: 0.9 use_global_stats: true } "),
    "an unknown field of no known fork": input + batchNorm("batch_norm_param { axis: 1 } "),
    "another layer's fields of these names": `${input}layer { name: "s" type: "Scale" bottom: "x" top: "x" scale_param { bias_term: true bias_filler { value: 1 } } }`,
    "a BN of the old form": `${input}layers { name: "bn" type: BN bottom: "x" top: "y" }`,
  },
  bad: {
    "SegNet's BN that learns": {
      text: `${input}layer {
  name: "conv1_bn"
  ▶type: "BN" # normalize
  bottom: "x"
  top: "x"
  param { lr_mult: 1 decay_mult: 1 }
  param {
    lr_mult: 1
    decay_mult: 0
  }
  bn_param {
    # as in the paper
    scale_filler { type: "constant" value: 1 }
    shift_filler {
      type: "constant"
      value: 0.001
    }
  }
}
`,
      fixed: `${input}layer {
  name: "conv1_bn"
  type: "BatchNorm" # normalize
  bottom: "x"
  top: "x"
  batch_norm_param {
    # as in the paper
    eps: 1e-9
  }
}
layer {
  name: "conv1_scale"
  type: "Scale"
  bottom: "x"
  top: "x"
  param { lr_mult: 1 decay_mult: 1 }
  param { lr_mult: 1 decay_mult: 0 }
  scale_param {
    bias_term: true
    bias_filler { type: "constant" value: 0.001 }
  }
}
`,
      says: ["BN with bn_param is SegNet's", "eps of 1e-9", "Moka runs it as the fork does; BVLC's Caffe refuses it"],
    },
    "SegNet's BN without bn_param, told by its two params": {
      text: input + bn("BN", "param { lr_mult: 1 } param { lr_mult: 2 } "),
      fixed:
        input + batchNorm("batch_norm_param { eps: 1e-9 } ") + scale("", "param { lr_mult: 1 } param { lr_mult: 2 } "),
    },
    "SegNet's BN for inference, which is a Scale": {
      text:
        input +
        bn(
          "BN",
          "param { lr_mult: 1 } bn_param { bn_mode: INFERENCE scale_filler { value: 1 } shift_filler { value: 0.5 } } ",
        ),
      fixed: `${input}layer { name: "bn" type: "Scale" bottom: "x" top: "y" param { lr_mult: 1 } scale_param { bias_term: true filler { value: 1 } bias_filler { value: 0.5 } } }
`,
      says: ["it normalizes nothing"],
    },
    "PSPNet's BN": {
      text:
        input + bn("BN", "bn_param { slope_filler { value: 1 } bias_filler { value: 0 } momentum: 0.95 eps: 1e-3 } "),
      fixed: input + batchNorm("batch_norm_param { moving_average_fraction: 0.95 eps: 1e-3 } ") + scale(),
      says: ["PSPNet's", "moving_average_fraction: 0.95"],
    },
    "PSPNet's BN by its defaults, for the phase TRAIN": {
      text: input + bn("SyncBN", "include { phase: TRAIN } bn_param { slope_filler { type: 'msra' } } "),
      fixed:
        input +
        batchNorm("include { phase: TRAIN } batch_norm_param { moving_average_fraction: 0.9 } ") +
        `layer { name: "scale" type: "Scale" bottom: "y" top: "y" include { phase: TRAIN } scale_param { filler { type: 'msra' } bias_term: true } }
`,
    },
    "PSPNet's BN, frozen": {
      text:
        input +
        bn(
          "BN",
          "param { lr_mult: 1 } param { lr_mult: 1 } param { lr_mult: 0 } param { lr_mult: 0 } bn_param { frozen: true engine: CAFFE } ",
        ),
      fixed:
        input +
        batchNorm("batch_norm_param { use_global_stats: true } ") +
        scale("", "param { lr_mult: 0 decay_mult: 0 } param { lr_mult: 0 decay_mult: 0 } "),
      says: ["lr_mult: 0"],
    },
    "NVIDIA's BatchNorm": {
      text:
        input +
        batchNorm(
          "batch_norm_param { moving_average_fraction: 0.9 ▶scale_bias: true eps: 0.0001 engine: CUDNN use_global_stats: false } ",
        ),
      fixed: input + batchNorm("batch_norm_param { moving_average_fraction: 0.9 eps: 0.0001 } ") + scale(),
      says: ["has scale_bias and engine in batch_norm_param, which NVIDIA's fork", "five blobs"],
    },
    "NVIDIA's BatchNorm with fillers and five params": {
      text:
        input +
        batchNorm(
          "param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 2 } param { lr_mult: 3 } batch_norm_param { ▶scale_filler { value: 2 } bias_filler { value: 1 } } ",
        ),
      fixed: `${input + batchNorm("param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 } ")}layer { name: "scale" type: "Scale" bottom: "y" top: "y" param { lr_mult: 2 } param { lr_mult: 3 } scale_param { filler { value: 2 } bias_term: true bias_filler { value: 1 } } }
`,
    },
    "NVIDIA's BatchNorm without scale": {
      text: input + batchNorm("batch_norm_param { ▶scale_bias: false engine: CAFFE } "),
      fixed: input + batchNorm(""),
      says: ["change nothing of what is computed"],
    },
    "Intel's BatchNorm before a Scale": {
      text: input + batchNorm("batch_norm_param { ▶filler { value: 1 } bias_filler { value: 0 } } ") + scale(),
      fixed: input + batchNorm("") + scale(),
      says: ["Intel's fork"],
    },
    "Intel's BatchNorm alone": {
      text: input + batchNorm("batch_norm_param { ▶engine: MKLDNN bias_term: false eps: 0.1 } "),
      fixed: `${input + batchNorm("batch_norm_param { eps: 0.1 } ")}layer { name: "scale" type: "Scale" bottom: "y" top: "y" scale_param { bias_term: false } }
`,
    },
    "eps before the root, as Caffe has it": {
      text: input + batchNorm("batch_norm_param { ▶add_eps_before_sqrt: true eps: 1e-6 } "),
      fixed: input + batchNorm("batch_norm_param { eps: 1e-6 } "),
    },
    "eps behind the root": {
      text: input + batchNorm("batch_norm_param { ▶add_eps_before_sqrt: false eps: 1e-6 } "),
      says: ["Synopsys's fork", "does not rewrite this: add_eps_before_sqrt: false divides by"],
    },
    "what cannot be rewritten, told once": {
      text: `${input + batchNorm("batch_norm_param { ▶add_eps_before_sqrt: false } ")}layer { name: "bn2" type: "BatchNorm" bottom: "y" top: "z" batch_norm_param { add_eps_before_sqrt: false } }`,
      says: ['layer "bn"', "(and 1 more like it)"],
    },
    "a ReLU inside": { text: input + batchNorm("batch_norm_param { ▶relu: true } "), says: ["puts a ReLU into it"] },
    "parts of a batch": { text: input + batchNorm("batch_norm_param { ▶stats_batch_size: 8 } ") },
    "a field of bn_param that is not known": {
      text: input + bn("BN", "bn_param { slope_filler { value: 1 } moving_average: true } "),
      says: ["what bn_param.moving_average does is not known"],
    },
    "a BN that tells nothing of itself": { text: input + bn("BN", ""), says: ["SegNet's or PSPNet's"] },
    "shared parameters": {
      text: input + bn("BN", `param { name: "gamma" } param { name: "beta" } bn_param { momentum: 0.9 } `),
      says: ["shares its parameters"],
    },
    "two tops": {
      text: `${input}layer { name: "bn" ▶type: "BN" bottom: "x" top: "y" top: "mean" bn_param { bn_mode: LEARN } }`,
      says: ["more than one bottom and top"],
    },
    "weights of SegNet's, which have no averages for TEST": {
      text: input + bn("BN", "bn_param { bn_mode: LEARN } "),
      weights: weightsOf({
        bn: [
          [1, 1],
          [0, 0],
        ],
      }),
      says: ["the weights given have no averages"],
    },
    "weights with γ twice": {
      text: input + batchNorm("batch_norm_param { ▶scale_bias: true } ") + scale(),
      weights: weightsOf({
        bn: [[1, 1], [1, 1], [1], [1, 1], [1, 1]],
        scale: [
          [1, 1],
          [1, 1],
        ],
      }),
      says: ["a γ in it and one in the Scale"],
    },
  },
});

const [mean, variance, gamma, beta] = [
  [1, -2],
  [4, 0.25],
  [3, 0.5],
  [-1, 2],
];
const four = (data: readonly number[]) => ({ shape: [1, 2, 1, 1], data });
const normalized = (x: number, c: number) =>
  (gamma[c] ?? 0) * ((x - (mean[c] ?? 0)) / Math.sqrt((variance[c] ?? 0) + 1e-5)) + (beta[c] ?? 0);

test.each([
  ["PSPNet's BN", bn("BN", "bn_param { frozen: true } "), [gamma, beta, mean, variance].map(four), normalized],
  [
    "NVIDIA's BatchNorm",
    batchNorm("batch_norm_param { scale_bias: true } "),
    [mean, variance, [1], gamma, beta],
    normalized,
  ],
  [
    "NVIDIA's of 0.15",
    batchNorm("batch_norm_param { engine: CUDNN scale_filler { } } "),
    [gamma, beta, mean, variance, [0]],
    normalized,
  ],
  [
    "Intel's, whose sums are divided by the factor",
    batchNorm("batch_norm_param { engine: MKLDNN } "),
    [mean.map((x) => 2 * x), variance.map((x) => 2 * x), [2], gamma, beta],
    normalized,
  ],
  [
    "Intel's with a Scale behind, whose weights were taken into it",
    batchNorm("batch_norm_param { engine: MKLDNN } ") + scale(),
    [mean, variance, [1], gamma, beta],
    normalized,
  ],
  [
    "SegNet's for inference",
    bn("BN", "bn_param { bn_mode: INFERENCE } "),
    [gamma, beta].map(four),
    (x: number, c: number) => (gamma[c] ?? 0) * x + (beta[c] ?? 0),
  ],
])("after fix, %s computes in TEST what it did", async (_, layer, blobs, wanted) => {
  const text = input + layer.replace("▶", "");
  const context = lintContext({ weights: weightsOf({ bn: blobs }) });
  const fixed = await fixText(text, undefined, [bnForkFields], {}, context);
  expect(fixed.findings).toEqual([]);
  const folder = mkdtempSync(join(tmpdir(), "moka-forks-"));
  const file = join(folder, "fixed.caffemodel");
  writeFileSync(file, Buffer.concat(writeNet(fixed.weights ?? weightsOf({}))));
  const net = await Net.load(fixed.text, { phase: "TEST", engine: "reference", weights: file });
  const x = Float32Array.of(1, 2, 3, 4, -5, 6, 0.5, -0.25);
  const { y } = await net.forward({ x });
  await net.dispose();
  rmSync(folder, { recursive: true });
  const expected = Array.from(x, (value, index) => wanted(value, Math.floor(index / 2) % 2));
  expect(y?.length).toBe(8);
  // Moka's own layer of the fork, with the weights as the fork wrote them.
  const own = await Net.load(text, { phase: "TEST", engine: "reference", weights: weightsOf({ bn: blobs }) });
  const before = await own.forward({ x });
  await own.dispose();
  Array.from(y ?? [], (value, index) => expect(value).toBeCloseTo(before.y?.[index] ?? Number.NaN, 5));
  Array.from(y ?? [], (value, index) => expect(value).toBeCloseTo(expected[index] ?? Number.NaN, 4));
  expect(Object.keys(contentOf(fixed.weights ?? weightsOf({})))[0]).toBe("bn");
});

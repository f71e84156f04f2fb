import { testRule } from "../../../test/lint.js";
import { batchStatsInTest } from "./batch-stats-in-test.js";

const input = (batch: number, size = 4) =>
  `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: ${batch} dim: 3 dim: ${size} dim: ${size} } } }
`;
const bn = (value: string, rest = "") =>
  `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { ${value} }${rest} }
`;
const simple = `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
`;
const loss = `layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "x" top: "l" }
`;

const noise = `layer { name: "z" type: "Input" top: "x" input_param { shape { dim: 2 dim: 8 dim: 1 dim: 1 } } }
`;
const deconvolution = (bottom: string, channels: number) =>
  `layer { name: "up" type: "Deconvolution" bottom: "${bottom}" top: "up" convolution_param { num_output: ${channels} kernel_size: 4 } }
`;

testRule(batchStatsInTest, {
  good: {
    "left to the phase": input(2) + simple,
    true: input(2) + bn("use_global_stats: true"),
    "false in TRAIN only": input(2) + bn("use_global_stats: false", " include { phase: TRAIN }") + loss,
    "instance normalization, by a Reshape that puts the images on the channels": `${input(2)}
layer { name: "r" type: "Reshape" bottom: "x" top: "r" reshape_param { shape { dim: 1 dim: 6 dim: 4 dim: 4 } } }
layer { name: "bn" type: "BatchNorm" bottom: "r" top: "y" batch_norm_param { use_global_stats: false } }`,
  },
  bad: {
    "a generator: an image out of noise": {
      text: noise + bn("▶use_global_stats: false") + deconvolution("y", 3),
      severity: "warning",
      says: [
        /It seems to be meant: all BatchNorm layers do so, and the net's output is an image, 2×3×4×4, larger than/,
      ],
    },
    "a net from image to image, which ends in TanH": {
      text: `${input(1)}${bn("▶use_global_stats: false")}layer { name: "c" type: "Convolution" bottom: "y" top: "c" convolution_param { num_output: 3 kernel_size: 1 } }
layer { name: "out" type: "TanH" bottom: "c" top: "c" }
`,
      severity: "warning",
      says: [
        /the net's output is an image, 1×3×4×4, by layer "out" \(TanH\)/,
        /brightness and contrast are lost, and any/,
      ],
    },
    "a name of instance normalization": {
      text: input(1) + bn("▶use_global_stats: false").replace('"bn"', '"conv1_instance_norm"'),
      severity: "warning",
      says: ["its name says instance normalization"],
    },
    "a generator that goes by its averages elsewhere": {
      text: `${noise}${bn("▶use_global_stats: false")}layer { name: "bn2" type: "BatchNorm" bottom: "y" top: "y" }
${deconvolution("y", 3)}`,
      fixed: `${noise}${simple}layer { name: "bn2" type: "BatchNorm" bottom: "y" top: "y" }
${deconvolution("y", 3)}`,
      severity: "error",
    },
    "a net that classifies, with false in all layers": {
      text: `${input(1)}${bn("▶use_global_stats: false")}layer { name: "fc" type: "InnerProduct" bottom: "y" top: "fc" inner_product_param { num_output: 3 } }
`,
      fixed: `${input(1)}${simple}layer { name: "fc" type: "InnerProduct" bottom: "y" top: "fc" inner_product_param { num_output: 3 } }
`,
      severity: "error",
    },
    "a net for segmentation, as large as its input": {
      text:
        input(1) + bn("▶use_global_stats: false") + deconvolution("y", 3).replace("kernel_size: 4", "kernel_size: 1"),
      fixed: input(1) + simple + deconvolution("y", 3).replace("kernel_size: 4", "kernel_size: 1"),
      severity: "error",
    },
    "a deploy net": {
      text: input(2) + bn("▶use_global_stats: false"),
      fixed: input(2) + simple,
      severity: "error",
      says: [/m = 32 values here, of 2 images/, /the averages in TEST\.$/m],
    },
    "a deploy net of one image": {
      text: input(1) + bn("▶use_global_stats: 0 eps: 0.001"),
      fixed: input(1) + bn("eps: 0.001"),
      severity: "error",
      says: [/of 1 image: its brightness/],
    },
    "a deploy net with one value a channel": {
      text: input(1, 1) + bn("▶use_global_stats: false"),
      fixed: input(1, 1) + simple,
      severity: "error",
      says: [/m = 1 value here, so what comes out is 0/],
    },
    "a net for both phases": {
      text: input(2) + bn("▶use_global_stats: false") + loss,
      fixed: input(2) + simple + loss,
      says: [/the averages in TEST, the batch in TRAIN/],
    },
    "a fragment": {
      text: bn("▶use_global_stats: false"),
      fixed: simple,
      says: [/depends on which others/],
    },
  },
});

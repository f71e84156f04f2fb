import { testRule } from "../../../test/lint.js";
import { bnBatchTooSmall } from "./bn-batch-too-small.js";

const net = (
  dims: string,
  bn = "",
  mark = "▶",
) => `layer { name: "d" type: "Input" top: "x" input_param { shape { ${dims} } } }
${mark}layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" ${bn} }
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "x" top: "l" }
`;
const image = "dim: 1 dim: 3 dim: 8 dim: 8";
/** Four ranks, each by itself, and together. */
const [each, sync] = [
  { count: 4, isSync: false },
  { count: 4, isSync: true },
];
const iterSize = "iter_size: 4 max_iter: 100000";

testRule(bnBatchTooSmall, {
  good: {
    "16 values": net("dim: 16 dim: 3", "", ""),
    "one image of many values, without iter_size": net(image, "", ""),
    "several images with iter_size": { text: net("dim: 2 dim: 3 dim: 8 dim: 8", "", ""), solver: iterSize },
    "4 values on each of 4 ranks with --sync-bn": { text: net("dim: 4 dim: 3", "", ""), ranks: sync },
    "one image a rank, with --sync-bn and iter_size": { text: net(image, "", ""), solver: iterSize, ranks: sync },
    "averages instead of the batch": net("dim: 1 dim: 3", "batch_norm_param { use_global_stats: true }", ""),
    "a deploy net, which goes by averages": `input: "x" input_shape { dim: 1 dim: 3 }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }`,
    "shapes that are not known": `layer { name: "d" type: "Data" top: "x" top: "label" data_param { source: "none" } }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "label" }`,
    "one image only under a stage that training may never meet": `layer { name: "d" type: "Input" top: "x" include { not_stage: "deploy" } input_param { shape { dim: 32 dim: 3 } } }
layer { name: "i" type: "Input" top: "x" include { stage: "deploy" } input_param { shape { dim: 1 dim: 3 } } }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "x" top: "l" exclude { stage: "deploy" } }`,
  },
  bad: {
    "one value a channel": {
      text: net("dim: 1 dim: 3"),
      severity: "error",
      says: ["m = 1 value, so its output is always 0", "The bottom is 1×3, so N·H·W is 1"],
    },
    "15 values": { text: net("dim: 15 dim: 3"), says: ["over only m = 15 values", "38 %", "1.07"] },
    "4 images of 1×2": { text: net("dim: 4 dim: 3 dim: 1 dim: 2"), says: ["m = 8", "The bottom is 4×3×1×2"] },
    "one image with iter_size": {
      text: net(image),
      solver: iterSize,
      says: ["sees one image at a time: iter_size: 4", "m = 64 values"],
    },
    "one value a channel on each rank": {
      text: net("dim: 1 dim: 3"),
      ranks: each,
      severity: "error",
      says: [
        "takes, on each of 4 ranks, the statistics of a channel over m = 1 value, so its output is always 0",
        "The bottom of a rank is 1×3",
        "With --sync-bn the statistics are over the batches of all ranks: 4 · 1 = 4 values.",
      ],
    },
    "two values a channel on each rank": {
      text: net("dim: 2 dim: 3"),
      ranks: each,
      says: [
        "takes, on each of 4 ranks, the statistics of a channel over only m = 2 values",
        "141 %",
        "4 · 2 = 8 values",
      ],
    },
    "two values a channel on each rank, with --sync-bn": {
      text: net("dim: 2 dim: 3"),
      ranks: sync,
      says: [
        "over only m = 8 values of all 4 ranks together",
        "so N·H·W is 2, and 8 with those of all ranks",
        "m/(m − 1) = 1.14",
        /^(?!.*With --sync-bn)/s,
      ],
    },
    "one value a channel with --sync-bn: not 0, but few": {
      text: net("dim: 1 dim: 3"),
      ranks: sync,
      says: ["over only m = 4 values of all 4 ranks together"],
    },
    "one image a rank with iter_size": {
      text: net(image),
      solver: iterSize,
      ranks: each,
      says: ["sees one image at a time on each of 4 ranks: iter_size: 4", "over 4 images, one of each rank"],
    },
    "a test by the batch, which one rank runs": {
      text: `input: "x" input_shape { dim: 1 dim: 3 }
▶layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { use_global_stats: false } }`,
      ranks: sync,
      severity: "error",
      says: ["The bottom is 1×3"],
    },
    "one value a channel in TEST, by the batch": {
      text: `input: "x" input_shape { dim: 1 dim: 3 }
▶layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { use_global_stats: false } }`,
      severity: "error",
    },
  },
});

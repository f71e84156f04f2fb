import { testRule } from "../../../test/lint.js";
import { weightsOf } from "../../../test/lint-weights.js";
import { bnDeadChannel } from "./bn-dead-channel.js";

const net = (bn: string, scale: string, eps = "") => `input: "x" input_shape { dim: 1 dim: 4 dim: 4 dim: 4 }
${bn}layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" ${eps} }
${scale}layer { name: "s" type: "Scale" bottom: "y" top: "y" scale_param { bias_term: true } }
`;
const weights = (variance: readonly number[], gamma: readonly number[], factor = 1) =>
  weightsOf({ bn: [[0, 0, 0, 0], variance, [factor]], s: [gamma, [0, 0, 0, 0]] });

testRule(bnDeadChannel, {
  good: {
    "no weights": net("", ""),
    "small variances and scales that still count": {
      text: net("", ""),
      weights: weights([1e-8, 1, 1, 1], [1e-5, 1, 1, 1]),
    },
    "untrained, which bn-untrained speaks of": { text: net("", ""), weights: weights([0, 0, 0, 0], [1, 1, 1, 1], 0) },
    "a small eps": {
      text: net("", "", "batch_norm_param { eps: 1e-12 }"),
      weights: weights([1e-14, 1, 1, 1], [1, 1, 1, 1]),
    },
  },
  bad: {
    "a channel without variance": {
      text: net("▶", ""),
      weights: weights([1, 0, 1, 1], [1, 1, 1, 1]),
      says: ["1 channel of 4 that never varied", "below 1e-09 in channel 1", "316"],
    },
    "half of them by V/s, not by V": {
      text: net("▶", ""),
      weights: weights([1, 5e-7, 1, 1], [1, 1, 1, 1], 1000),
    },
    "three of four": {
      text: net("▶", ""),
      weights: weights([1, 0, 0, 0], [1, 1, 1, 1]),
      severity: "warning",
      says: ["channels 1, 2, 3"],
    },
    "scaled to nothing": {
      text: net("", "▶"),
      weights: weights([1, 1, 1, 1], [2, 0, 1e-9, -2]),
      says: ['layer "s" (Scale) scales 2 channels of 4 to 0 behind BatchNorm "bn"', "channels 1, 2"],
    },
    "all scaled to nothing": { text: net("", "▶"), weights: weights([1, 1, 1, 1], [0, 0, 0, 0]), severity: "warning" },
  },
});

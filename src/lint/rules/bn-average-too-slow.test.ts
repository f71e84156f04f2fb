import { testRule } from "../../../test/lint.js";
import { weightsOf } from "../../../test/lint-weights.js";
import { bnAverageTooSlow } from "./bn-average-too-slow.js";

const net = (
  mark: string,
  param = "",
) => `layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 8 dim: 3 } } }
${mark}layer { name: "bn1" type: "BatchNorm" bottom: "x" top: "y" ${param} }
layer { name: "bn2" type: "BatchNorm" bottom: "y" top: "z" ${param.replaceAll("▶", "")} }
layer { name: "loss" type: "EuclideanLoss" bottom: "z" bottom: "x" top: "l" }
`;
const fraction = (f: string, mark = "▶") => `batch_norm_param { ${mark}moving_average_fraction: ${f} }`;

/** Trained averages with this factor. */
const loaded = (factor: number, second = factor) =>
  weightsOf({ bn1: [[0, 0, 0], [1, 1, 1], [factor]], bn2: [[0, 0, 0], [1, 1, 1], [second]] });

testRule(bnAverageTooSlow, {
  good: {
    "no solver": net(""),
    "as most train: 0.999, and a test every 500": { text: net(""), solver: "max_iter: 60000 test_interval: 500" },
    "a test every 250": { text: net(""), solver: "max_iter: 2000 test_interval: 250" },
    "iter_size makes up for few iterations": { text: net(""), solver: "max_iter: 500 iter_size: 4" },
    "0.9 in a short training": { text: net("", fraction("0.9", "")), solver: "max_iter: 30 test_interval: 5" },
    "averages that do not move": {
      text: net("", "batch_norm_param { use_global_stats: true }"),
      solver: "max_iter: 100",
    },
    "averages that do not move, though they are loaded": {
      text: net("", "batch_norm_param { use_global_stats: true }"),
      solver: "max_iter: 100",
      weights: loaded(1000),
    },
    "enough forwards to leave the loaded averages": {
      text: net(""),
      solver: "max_iter: 600 iter_size: 4",
      weights: loaded(999.98),
    },
    "a large factor, long forgotten": {
      text: net("", fraction("0.9", "")),
      solver: "max_iter: 200",
      weights: loaded(10000),
    },
    "no max_iter, no tests": { text: net(""), solver: "base_lr: 0.1" },
  },
  bad: {
    "a training of 1000 forwards": {
      text: net("▶"),
      solver: "max_iter: 1000 test_interval: 100",
      says: [
        "still weighs 38 % in the averages (and 1 more like it)",
        "about 1000 forwards",
        "moving_average_fraction: 0.99 would",
      ],
    },
    "0.9999 in a training of 10000": {
      text: net("", fraction("0.9999")),
      solver: "max_iter: 10000",
      says: ["38 %", "about 10000 forwards"],
    },
    "a training of ten": { text: net("▶"), solver: "max_iter: 10", says: ["moving_average_fraction: 0.5 would"] },
    "a test every 100": {
      text: net("▶"),
      solver: "max_iter: 100000 test_interval: 100",
      severity: "info",
      says: ["first half with 49 % (and 1 more like it)", "Up to iteration 1000"],
    },
    "a test every 10 with iter_size": {
      text: net("▶"),
      solver: "max_iter: 100000 test_interval: 10 iter_size: 4",
      severity: "info",
      says: ["after 40 (test_interval 10 · iter_size 4)", "Up to iteration 250"],
    },
    "loaded averages, which 60 iterations hardly move": {
      text: net("▶"),
      solver: "max_iter: 60",
      weights: loaded(999.98),
      says: [
        "after all of the training 94 % of the average is still that of the loaded weights (and 1 more like it)",
        "factor of 999.98",
        "has 60 (max_iter 60); with moving_average_fraction 0.999 each forward leaves 99.9 %",
        "moving_average_fraction: 0.833 would go over the last 6 forwards; `moka calibrate`",
      ],
    },
    "iter_size makes more forwards of the iterations": {
      text: net("▶"),
      solver: "max_iter: 60 iter_size: 10",
      weights: loaded(999.98),
      says: ["55 % of the average", "has 600 (max_iter 60 · iter_size 10)"],
    },
    "a factor far above what this fraction reaches": {
      text: net("▶", fraction("0.99", "")).replace("moving", "▶moving").replace("▶layer", "layer"),
      solver: "max_iter: 300",
      weights: loaded(10000),
      says: ["84 % of the average"],
    },
    "a factor of 1, as converters write it, is soon left": {
      text: net("▶"),
      solver: "max_iter: 1000",
      weights: loaded(1),
      says: ["first half of it still weighs 38 %"],
    },
    "empty averages, as without weights": {
      text: net("▶"),
      solver: "max_iter: 1000",
      weights: loaded(0),
      says: ["first half of it still weighs 38 %"],
    },
    "the result of this very training": {
      text: net("▶"),
      solver: "max_iter: 1000",
      weights: loaded((1 - 0.999 ** 1000) / (1 - 0.999)),
      says: ["first half of it still weighs 38 %"],
    },
    "layers whose factors differ": {
      text: net("▶").replace('layer { name: "bn2"', '▶layer { name: "bn2"'),
      solver: "max_iter: 100",
      weights: loaded(1000, 100),
      says: [/"bn1".* 90 % of the average/, /"bn2".* 49 % of the average/],
    },
    "a training too short for any fraction": {
      text: net("▶"),
      solver: "max_iter: 3",
      weights: loaded(1000),
      says: [/it\. `moka calibrate` measures/],
    },
    "a test every 100, from loaded averages": {
      text: net("▶"),
      solver: "max_iter: 100000 test_interval: 100",
      weights: loaded(1000),
      severity: "info",
      says: ["at the first test 90 % of the average is still that of the loaded weights", "comes after 100"],
    },
  },
});

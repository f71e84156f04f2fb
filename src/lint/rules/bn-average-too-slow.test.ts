import { testRule } from "../../../test/lint.js";
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
  },
});

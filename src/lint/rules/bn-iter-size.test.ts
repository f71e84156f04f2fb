import { testRule } from "../../../test/lint.js";
import { bnIterSize } from "./bn-iter-size.js";

const net = (
  mark: string,
  param = "",
) => `layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 8 dim: 3 } } }
${mark}layer { name: "bn1" type: "BatchNorm" bottom: "x" top: "y" ${param} }
layer { name: "bn2" type: "BatchNorm" bottom: "y" top: "z" ${param} }
layer { name: "loss" type: "EuclideanLoss" bottom: "z" bottom: "x" top: "l" }
`;

testRule(bnIterSize, {
  good: {
    "no solver": net(""),
    "no iter_size": { text: net(""), solver: "max_iter: 10" },
    "iter_size: 1": { text: net(""), solver: "iter_size: 1" },
    "averages that do not move": {
      text: net("", "batch_norm_param { use_global_stats: true }"),
      solver: "iter_size: 4",
    },
  },
  bad: {
    "iter_size: 4": {
      text: net("▶"),
      solver: "iter_size: 4",
      says: ["4 times an iteration (and 1 more like it)", "0.999^4 = 0.996", "1000 forwards, which are 250 iterations"],
    },
    "ranks that normalize together": {
      text: net("▶"),
      solver: "iter_size: 4",
      ranks: { count: 4, isSync: true },
      says: ["normalizes by the batch of its 4 ranks: iter_size makes"],
    },
    "another fraction": {
      text: net("▶", "batch_norm_param { moving_average_fraction: 0.9 }"),
      solver: "iter_size: 2",
      says: ["0.9^2 = 0.81", "10 forwards, which are 5 iterations"],
    },
  },
});

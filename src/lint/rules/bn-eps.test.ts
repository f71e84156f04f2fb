import { testRule } from "../../../test/lint.js";
import { weightsOf } from "../../../test/lint-weights.js";
import { bnEps } from "./bn-eps.js";

const net = (
  param: string,
) => `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y"${param} }
`;
const eps = (value: string) => net(` batch_norm_param { ▶eps: ${value} }`);

testRule(bnEps, {
  good: {
    "the default": net(""),
    "1e-3, as in nets from elsewhere": net(" batch_norm_param { eps: 1e-3 }"),
    "a small one": net(" batch_norm_param { eps: 1e-8 }"),
    "0.02": net(" batch_norm_param { eps: 0.02 }"),
  },
  bad: {
    "0": { text: eps("0"), fixed: net(""), says: ["0/0 = NaN"] },
    "0 beside another field": {
      text: net(" batch_norm_param { ▶eps: 0 moving_average_fraction: 0.9 }"),
      fixed: net(" batch_norm_param { moving_average_fraction: 0.9 }"),
    },
    "too small for a float, which is 0": { text: eps("1e-50"), fixed: net("") },
    negative: { severity: "error", text: eps("-1e-5"), fixed: net(""), says: ["A variance below 1e-05 gives one"] },
    "not a number": { severity: "error", text: eps("nan"), fixed: net("") },
    "1": { text: eps("1"), says: ["a standard deviation of 0.71 instead of 1"] },
    infinite: { text: eps("inf") },
    "0.1": { severity: "info", text: eps("0.1"), says: ["0.95 instead of 1"] },
    "1, with weights": {
      text: eps("1"),
      weights: weightsOf({ bn: [[0, 0, 0], [1, 4, 20], [2]] }),
      says: ["1 of 3 channels in the weights given have a variance below it"],
    },
  },
});

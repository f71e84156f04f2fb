import { testRule } from "../../../test/lint.js";
import { weightsOf } from "../../../test/lint-weights.js";
import { scaleFiller } from "./scale-filler.js";

const start = `layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }
layer { name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 3 kernel_size: 1 } }
layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" }
`;
const scale = (param: string, specs = "") =>
  `layer { name: "s" type: "Scale" bottom: "c" top: "c"${specs} scale_param { bias_term: true${param} } }
`;
const relu = (param = "") => `layer { name: "relu" type: "ReLU" bottom: "c" top: "c"${param} }
`;
const layer = (type: string, bottoms: string, more = "") =>
  `layer { name: "${type}" type: "${type}" ${bottoms} top: "${type}"${more} }
`;
const end = `layer { name: "fc" type: "InnerProduct" bottom: "c" top: "f" inner_product_param { num_output: 2 } }
layer { name: "l" type: "EuclideanLoss" bottom: "f" bottom: "f" top: "l" }
`;
const sum = layer("Eltwise", 'bottom: "c" bottom: "x"');
const lossOf = (top: string) => `layer { name: "l" type: "EuclideanLoss" bottom: "${top}" bottom: "${top}" top: "l" }
`;
const zero = " filler { value: 0 }";
const marked = " ▶filler { value: 0 }";

testRule(scaleFiller, {
  good: {
    "no filler": start + scale("") + relu() + end,
    "a constant 1": start + scale(" filler { value: 1 }") + relu() + end,
    "near 1, as in GANs": start + scale(' filler { type: "gaussian" mean: 1 std: 0.02 }') + relu() + end,
    "from 0 to 1, as in Torch": start + scale(' filler { type: "uniform" min: 0 max: 1 }') + relu() + end,
    "a filler that makes 1 of one value each": start + scale(' filler { type: "positive_unitball" }') + end,
    "0 at the end of a branch that is added": start + scale(zero) + sum + lossOf("Eltwise"),
    "0, with a Dropout and a gate before the sum": `${start}${scale(zero)}${layer("Dropout", 'bottom: "c"')}${layer("Scale", 'bottom: "Dropout" bottom: "x"', " scale_param { axis: 0 }")}${layer("Eltwise", 'bottom: "Scale" bottom: "x"')}${lossOf("Eltwise")}`,
    "0, before a layer that is not known":
      start + scale(zero) + layer("Mine", 'bottom: "c" bottom: "x"') + lossOf("Mine"),
    "0, which weights replace": {
      text: start + scale(zero) + relu() + end,
      weights: weightsOf({
        s: [
          [1, 1, 1],
          [0, 0, 0],
        ],
      }),
    },
  },
  bad: {
    "0 before a ReLU": {
      severity: "error",
      text: start + scale(marked) + relu() + end,
      fixed: start + scale("") + relu() + end,
      says: ["a ReLU behind it keeps it there", "nor any layer before ever learns"],
    },
    "0 by a filler without a value": {
      severity: "error",
      text: start + scale(' ▶filler { type: "constant" }') + relu() + end,
      fixed: start + scale("") + relu() + end,
      says: ["0 unless it is given"],
    },
    "0 before a ReLU that lets a part through": {
      text: start + scale(marked) + relu(" relu_param { negative_slope: 0.1 }") + end,
      fixed: start + scale("") + relu(" relu_param { negative_slope: 0.1 }") + end,
    },
    "0 before a ReLU, with a shift above 0": {
      text: start + scale(`${marked} bias_filler { value: 0.1 }`) + relu() + end,
      fixed: start + scale(" bias_filler { value: 0.1 }") + relu() + end,
    },
    "0 before an inner product": {
      text: start + scale(marked) + end,
      fixed: start + scale("") + end,
      says: ["β alone"],
    },
    "small and random": {
      text: start + scale(' ▶filler { type: "gaussian" std: 0.01 }') + relu() + end,
      fixed: start + scale("") + relu() + end,
      says: ["at about 1/100 of their strength", "half of the γ are negative"],
    },
    "small by the number of channels": {
      text:
        start.replace("num_output: 3", "num_output: 64") +
        scale(' ▶filler { type: "xavier" variance_norm: FAN_OUT }') +
        end,
      fixed: start.replace("num_output: 3", "num_output: 64") + scale("") + end,
      says: ["standard deviation 0.125"],
    },
    "random, as for weights": {
      severity: "info",
      text: start + scale(' ▶filler { type: "msra" }') + relu() + end,
      fixed: start + scale("") + relu() + end,
      says: ["standard deviation 1.41"],
    },
    "random on both sides": {
      severity: "info",
      text: start + scale(' ▶filler { type: "uniform" min: -1 max: 1 }') + relu() + end,
      fixed: start + scale("") + relu() + end,
    },
  },
});

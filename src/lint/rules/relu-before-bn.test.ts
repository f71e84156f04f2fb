import { testRule } from "../../../test/lint.js";
import { reluBeforeBn } from "./relu-before-bn.js";

const input = `input: "data" input_shape { dim: 4 dim: 3 dim: 8 dim: 8 }
`;
const conv = (name: string, bottom: string) =>
  `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" convolution_param { num_output: 4 kernel_size: 1 } }
`;
const act = (type: string, blob: string, rest = "") =>
  `layer { name: "act_${blob}" type: "${type}" bottom: "${blob}" top: "${blob}" ${rest} }
`;
const bn = (
  name: string,
  bottom: string,
) => `layer { name: "${name}" type: "BatchNorm" bottom: "${bottom}" top: "${name}" }
`;

testRule(reluBeforeBn, {
  good: {
    "BatchNorm, then ReLU": input + conv("c", "data") + bn("b", "c") + act("ReLU", "b"),
    "behind the data": input + bn("b", "data"),
    "a pre-activation block": `${input + conv("c", "data") + bn("b", "c") + act("ReLU", "b") + conv("d", "b")}layer { name: "sum" type: "Eltwise" bottom: "c" bottom: "d" top: "sum" }
${bn("b2", "sum")}`,
    "the first of pre-activation blocks, behind a stem that is normalized":
      input + conv("c", "data") + bn("b", "c") + act("ReLU", "b") + bn("b2", "b") + act("ReLU", "b2"),
    "with a pooling between, which bn-after-activation speaks of": `${input + conv("c", "data") + act("ReLU", "c")}layer { name: "p" type: "Pooling" bottom: "c" top: "p" pooling_param { kernel_size: 2 } }
${bn("b", "p")}`,
    "behind a Sigmoid, which bn-after-activation speaks of":
      input + conv("c", "data") + act("Sigmoid", "c") + bn("b", "c"),
  },
  bad: {
    "ReLU, then BatchNorm": {
      text: `${input + conv("c", "data") + act("ReLU", "c")}▶${bn("b", "c")}${conv("d", "b")}`,
      says: ['layer "b" (BatchNorm) normalizes what layer "act_c" (ReLU) has rectified', "many are 0"],
    },
    "twice: told at the first": {
      text: `${input + conv("c", "data") + act("ReLU", "c")}▶${bn("b", "c")}${conv("d", "b")}${act("ReLU", "d")}${bn("b2", "d")}`,
      says: ["(and 1 more like it)"],
    },
    "a leaky ReLU": {
      text: `${input + conv("c", "data") + act("ReLU", "c", "relu_param { negative_slope: 0.1 }")}▶${bn("b", "c")}`,
      says: ["already bent at 0"],
    },
    ELU: { text: `${input + conv("c", "data") + act("ELU", "c")}▶${bn("b", "c")}` },
    "a ReLU on a sum": {
      text: `${input + conv("c", "data") + conv("d", "data")}layer { name: "sum" type: "Eltwise" bottom: "c" bottom: "d" top: "sum" }
${act("ReLU", "sum")}▶${bn("b", "sum")}`,
    },
  },
});

import { testRule } from "../../../test/lint.js";
import { bnAfterActivation } from "./bn-after-activation.js";

const input = `input: "data" input_shape { dim: 4 dim: 3 dim: 8 dim: 8 }
`;
const conv = (name: string, bottom: string) =>
  `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" convolution_param { num_output: 4 kernel_size: 1 } }
`;
const act = (type: string, blob: string) =>
  `layer { name: "act_${blob}" type: "${type}" bottom: "${blob}" top: "${blob}" }
`;
const bn = (
  name: string,
  bottom: string,
) => `layer { name: "${name}" type: "BatchNorm" bottom: "${bottom}" top: "${name}" }
`;
const scale = (blob: string) => `layer { name: "s_${blob}" type: "Scale" bottom: "${blob}" top: "${blob}" }
`;
const pool = (name: string, bottom: string) =>
  `layer { name: "${name}" type: "Pooling" bottom: "${bottom}" top: "${name}" pooling_param { kernel_size: 2 stride: 2 } }
`;
const join = (type: string, ...bottoms: string[]) =>
  `layer { name: "j" type: "${type}" ${bottoms.map((bottom) => `bottom: "${bottom}"`).join(" ")} top: "j" }
`;

testRule(bnAfterActivation, {
  good: {
    "right behind a ReLU, which relu-before-bn speaks of": input + conv("c", "data") + act("ReLU", "c") + bn("b", "c"),
    "pooled data": input + pool("p", "data") + bn("b", "p"),
    "a stem that was normalized, as in DenseNet":
      input + conv("c", "data") + bn("b", "c") + scale("b") + act("ReLU", "b") + pool("p", "b") + bn("b2", "p"),
    "a sum with a branch that ends in a convolution":
      input + conv("c", "data") + act("ReLU", "c") + conv("d", "c") + join("Eltwise", "c", "d") + bn("b", "j"),
    "a concatenation with one":
      input + conv("c", "data") + act("ReLU", "c") + conv("d", "c") + join("Concat", "c", "d") + bn("b", "j"),
  },
  bad: {
    "a pooled ReLU": {
      text: `${input + conv("c", "data") + act("ReLU", "c") + pool("p", "c")}▶${bn("b", "p")}${conv("d", "b")}`,
      says: ['comes behind layer "act_c" (ReLU), through layer "p" (Pooling)'],
    },
    "a TanH": {
      text: `${input + conv("c", "data") + act("TanH", "c")}▶${bn("b", "c")}`,
      says: ['comes behind layer "act_c" (TanH)', "between −1 and 1"],
    },
    "a dropped-out Sigmoid": {
      text: `${input + conv("c", "data") + act("Sigmoid", "c")}layer { name: "drop" type: "Dropout" bottom: "c" top: "c" }
▶${bn("b", "c")}`,
      says: ["between 0 and 1", 'through layer "drop" (Dropout)'],
    },
    "a concatenation of rectified branches, twice": {
      text: `${input + conv("c", "data") + act("ReLU", "c") + conv("d", "data") + act("ReLU", "d") + join("Concat", "c", "d")}▶${bn("b", "j")}${pool("p", "c")}${bn("b2", "p")}`,
      says: ['through layer "j" (Concat) (and 1 more like it)'],
    },
  },
});

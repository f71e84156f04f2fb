import { testRule } from "../../../test/lint.js";
import { weightsOf } from "../../../test/lint-weights.js";
import { missingWeights } from "./missing-weights.js";

const input = `input: "x" input_shape { dim: 1 dim: 2 dim: 4 dim: 4 }
`;
const conv = { shape: [2, 2, 1, 1], data: [1, 2, 3, 4] };
const layer = (name: string, more = "") =>
  `layer { name: ${name} type: "Convolution" bottom: "x" top: "y" ${more} convolution_param { num_output: 2 kernel_size: 1 bias_term: false weight_filler { type: "xavier" } } }
`;
const prelu = (name: string) => `layer { name: ${name} type: "PReLU" bottom: "x" top: "x" }
`;
const up = `layer { name: "up" type: "Deconvolution" bottom: "x" top: "z" convolution_param { num_output: 2 group: 2 kernel_size: 4 stride: 2
  bias_term: false weight_filler { type: "bilinear" } } }
`;

testRule(missingWeights, {
  good: {
    "no weights": input + layer('"c"'),
    "weights for all": { text: input + layer('"c"'), weights: weightsOf({ c: [conv], other: [conv] }) },
    "a layer that enlarges, made on purpose": { text: input + up, weights: weightsOf({ c: [conv] }) },
    "a PReLU of its own, where nothing fits it": { text: input + prelu('"r"'), weights: weightsOf({ c: [conv] }) },
    "parameters shared with a layer that has them": {
      text: input + layer('"c"', 'param { name: "w" }') + layer('"d"', 'param { name: "w" }').replace('"y"', '"z"'),
      weights: weightsOf({ c: [conv] }),
    },
  },
  bad: {
    "a slip": {
      text: input + layer('"conv_1"').replace("layer { name: ", "layer { ▶name: "),
      weights: weightsOf({ conv1: [conv] }),
      says: [
        'gets none of the weights; did you mean "conv1"?',
        'No layer takes the weights of "conv1"',
        "differ from run to run",
      ],
    },
    "a PReLU of another name": {
      text: input + prelu('"relu1"').replace("layer { name: ", "layer { ▶name: "),
      weights: (() => {
        const weights = weightsOf({ PReLU1: [[0.1, 0.2]], fc: [conv] });
        for (const each of weights.layer) each.type = each.name === "PReLU1" ? "PReLU" : "InnerProduct";
        return weights;
      })(),
      says: ['did you mean "PReLU1"?'],
    },
    "nothing like it": {
      text: input + layer('"c"').replace("layer { name: ", "layer { ▶name: "),
      weights: weightsOf({ other: [[1, 2, 3]] }),
      says: [/gets none of the weights$/m],
    },
    "a new layer for finetuning": {
      severity: "info",
      text: `${input}layer { ▶name: "fc8_mine" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 weight_filler { type: "gaussian" } } }
layer { name: "l" type: "DummyData" top: "t" dummy_data_param { shape { dim: 1 } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "t" top: "loss" }
`,
      weights: weightsOf({ fc8: [conv] }),
    },
  },
});

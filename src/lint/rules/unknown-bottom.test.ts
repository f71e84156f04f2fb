import { testRule } from "../../../test/lint.js";
import { unknownBottom } from "./unknown-bottom.js";

const input = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
`;
const fed = 'layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 1 } } }';
const loss = 'layer { name: "l" type: "EuclideanLoss" bottom: "y" bottom: "x" top: "l" }';
const solver = 'test_interval: 5 base_lr: 1 max_iter: 1 lr_policy: "fixed" snapshot_after_train: false';

testRule(unknownBottom, {
  good: {
    "all bottoms made": `${input}layer { name: "r" type: "ReLU" bottom: "data" top: "y" }
`,
    "inputs of the old form": `input: "x" input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1
layer { name: "r" type: "ReLU" bottom: "x" top: "y" }
`,
    "a fragment, whose bottoms are inputs": `layer { name: "c" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 1 kernel_size: 1 } }
layer { name: "r" type: "ReLU" bottom: "y" top: "y" }
`,
    "a fragment that works on its input in place after it was read": `layer { name: "a" type: "AbsVal" bottom: "x" top: "y" }
layer { name: "r" type: "ReLU" bottom: "x" top: "x" }
`,
    "labels of a loss in a net that is fed by inputs, which loss-in-deploy reports": `${input}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "data" bottom: "label" top: "loss" }
`,
    "a stage that is never met in TRAIN": `layer { name: "t" type: "DummyData" top: "x" include { phase: TRAIN not_stage: "deploy" } dummy_data_param { shape { dim: 1 } } }
layer { name: "v" type: "Input" top: "x" include { stage: "deploy" phase: TEST } input_param { shape { dim: 1 } } }
layer { name: "n" type: "DummyData" top: "noise" include { stage: "deploy" } dummy_data_param { shape { dim: 1 } } }
layer { name: "r" type: "ReLU" bottom: "x" top: "y" }
`,
  },
  bad: {
    "a slip": {
      text: `${input}layer { name: "c" type: "AbsVal" bottom: "data" top: "conv1" }
layer { name: "r" type: "ReLU" bottom: ▶"conv_1" top: "y" }
`,
      says: [
        'layer "r" (ReLU) reads "conv_1", which no layer before it makes; did you mean "conv1"?',
        "Unknown bottom blob 'conv_1'",
      ],
    },
    "a maker further down, in a net": {
      text: `${input}layer { name: "e" type: "Eltwise" bottom: "data" bottom: ▶"z" top: "y" }
layer { name: "z" type: "AbsVal" bottom: "data" top: "z" }
`,
      says: ['layer "z" (AbsVal), further down, does', "in the order in which they stand"],
    },
    "a maker further down, in a fragment": {
      text: `layer { name: "e" type: "ReLU" bottom: ▶"z" top: "y" }
layer { name: "z" type: "AbsVal" bottom: "x" top: "z" }
`,
    },
    "in one phase": {
      text: `layer { name: "t" type: "DummyData" top: "x" top: "t" include { phase: TRAIN } dummy_data_param { shape { dim: 1 } } }
layer { name: "v" type: "DummyData" top: "x" include { phase: TEST } dummy_data_param { shape { dim: 1 } } }
layer { name: "l" type: "EuclideanLoss" bottom: "x" bottom: ▶"t" top: "l" }
`,
      says: ["for phase TEST", /layer "t" \(<text>:1:1\) produces it where phase: TRAIN holds/],
    },
    "in the training net and the test net of a solver": {
      text: `net_param { ${fed} layer { name: "r" type: "ReLU" bottom: ▶"conv" top: "y" } ${loss} }
${solver} test_iter: 1
`,
      says: [/"conv", which no layer before it makes\n/],
    },
    "in both test nets of a solver, and not in the training net": {
      text: `net_param { ${fed} layer { name: "a" type: "ReLU" bottom: "x" top: "a" include { phase: TRAIN } }
layer { name: "s" type: "Silence" bottom: "x" include { stage: "s" } }
layer { name: "r" type: "ReLU" bottom: ▶"a" top: "y" } ${loss} }
${solver} test_iter: 1 test_iter: 1 test_state { } test_state { stage: "s" }
`,
      says: [/makes in test net #0, phase TEST and in test net #1, phase TEST, stage "s"; layer "a"/],
    },
  },
});

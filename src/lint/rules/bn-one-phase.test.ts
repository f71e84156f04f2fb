import { testRule } from "../../../test/lint.js";
import { weightsOf } from "../../../test/lint-weights.js";
import { bnOnePhase } from "./bn-one-phase.js";

const net = (norm: string) => `layer { name: "d" type: "DummyData" top: "x" top: "t"
  dummy_data_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } shape { dim: 2 } } }
layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 4 kernel_size: 3 } }
${norm}
layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
layer { name: "ip" type: "InnerProduct" bottom: "c" top: "ip" inner_product_param { num_output: 3 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }
`;
const deploy = (
  norm: string,
) => `layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } } }
layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 4 kernel_size: 3 } }
${norm}
layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
`;
const bn = (fields: string, name = "bn") =>
  `layer { name: "${name}" type: "BatchNorm" bottom: "c" top: "c" ${fields} }`;
const scale = (fields: string) =>
  `layer { name: "sc" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } ${fields} }`;
const train = "include { phase: TRAIN }";
const test = "include { phase: TEST }";

testRule(bnOnePhase, {
  good: {
    "in both phases": net(`${bn("")}\n${scale("")}`),
    "two layers of one name": net(
      `${bn(`${train} batch_norm_param { use_global_stats: false }`)}\n${bn(`${test} batch_norm_param { use_global_stats: true }`)}`,
    ),
    "two layers that share their parameters": net(
      `${bn(`${train} param { name: "m" } param { name: "v" } param { name: "s" }`)}\n` +
        bn(`${test} param { name: "m" } param { name: "v" } param { name: "s" }`, "bn2"),
    ),
    "two layers of two names, of which bn-names-differ speaks": net(
      `${bn(train, "bn_train")}\n${bn(test, "bn_test")}\n${scale(train)}\n${scale(test).replace("sc", "sc_test")}`,
    ),
    "a branch for training": net(
      `layer { name: "a" type: "BatchNorm" bottom: "c" top: "a" ${train} }
layer { name: "as" type: "Scale" bottom: "a" top: "a" scale_param { bias_term: true } ${train} }
layer { name: "ai" type: "InnerProduct" bottom: "a" top: "ai" inner_product_param { num_output: 3 } ${train} }
layer { name: "al" type: "SoftmaxWithLoss" bottom: "ai" bottom: "t" top: "al" ${train} }`,
    ),
    "a file for TEST": deploy(`${bn("")}\n${scale("")}`),
    "by the batch in TEST": net(bn(`${test} batch_norm_param { use_global_stats: false }`)),
    "in TEST only, with averages in the weights": {
      text: net(bn(test)),
      weights: weightsOf({ bn: [[1, 2, 3, 4], [1, 1, 1, 1], [1]] }),
    },
    "a rule for a stage": deploy(bn('include { stage: "deploy" }')),
  },
  bad: {
    "in TEST only": {
      text: net(`▶${bn(test)}`),
      says: ["is in TEST only, so it is never trained", "√eps = 0.003162", "316.2 times"],
    },
    "in TEST only, as exclude says it": { text: net(`▶${bn("exclude { phase: TRAIN }")}`), says: ["in TEST only"] },
    "in TRAIN only": {
      text: net(`▶${bn(train)}`),
      says: ["is in TRAIN only, and missing in TEST", 'layer "c" (Convolution)'],
    },
    "in TRAIN only, as exclude says it": { text: net(`▶${bn("exclude { phase: TEST }")}`), says: ["in TRAIN only"] },
    "in TRAIN only, beside a layer of both phases that shares its parameters": {
      text: net(
        `▶${bn(`${train} param { name: "m" } param { name: "v" } param { name: "s" }`)}\n` +
          'layer { name: "bn_p" type: "BatchNorm" bottom: "x" top: "y" param { name: "m" } param { name: "v" } param { name: "s" } }',
      ),
      says: ["missing in TEST"],
    },
    "the pair in TRAIN only": { text: net(`▶${bn(train)}\n${scale(train)}`), says: ["missing in TEST"] },
    "the pair in TEST only": { text: net(`▶${bn(test)}\n${scale(test)}`), says: ["never trained"] },
    "in TRAIN only, before a loss of its own": {
      text: net("")
        .replace('\nlayer { name: "loss"', `\n▶${bn(train).replaceAll('"c"', '"ip"')}\nlayer { name: "loss"`)
        .replace('top: "loss"', `top: "loss" ${train}`)
        .concat(`layer { name: "loss2" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" ${test} }\n`),
      says: ["missing in TEST"],
    },
    "the Scale in TRAIN only": {
      text: net(`${bn("")}\n▶${scale(train)}`),
      says: ['layer "sc" (Scale) behind BatchNorm "bn" is in TRAIN only, and missing in TEST'],
    },
    "the Scale in TEST only": { text: net(`${bn("")}\n▶${scale(test)}`), severity: "warning", says: ["γ and β"] },
    "by the stages of the solver": {
      text: net(`▶${bn('include { stage: "a" }')}`),
      solver: 'train_state { stage: "a" } test_state { stage: "b" } test_iter: 1 test_interval: 1',
      says: ["missing in TEST"],
    },
    "in a file for TEST, by its rule": { text: deploy(`▶${bn(test)}`), severity: "warning", says: ["never trained"] },
    "out of a file for TEST, by its rule": { text: deploy(`▶${bn(train)}`), says: ["missing in TEST"] },
    "weights without averages": {
      text: net(`▶${bn(test)}`),
      weights: weightsOf({ bn: [[0, 0, 0, 0], [0, 0, 0, 0], [0]] }),
      says: ["never trained"],
    },
  },
});

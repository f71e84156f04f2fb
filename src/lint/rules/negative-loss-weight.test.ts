import { testRule } from "../../../test/lint.js";
import { negativeLossWeight } from "./negative-loss-weight.js";

const net = (
  layers: string,
) => `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 4 } shape { dim: 2 } } }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 4 } }
${layers}
`;

testRule(negativeLossWeight, {
  good: {
    "no weight": net(`layer { name: "l" type: "SoftmaxWithLoss" bottom: "y" bottom: "t" top: "l" }`),
    "a weight of 0": net(`layer { name: "l" type: "SoftmaxWithLoss" bottom: "y" bottom: "t" top: "l" loss_weight: 0 }`),
    "a reward, of a layer that is no loss": net(
      `layer { name: "r" type: "Reduction" bottom: "y" top: "r" loss_weight: -1 }`,
    ),
    "only in TEST": net(
      `layer { name: "l" type: "SoftmaxWithLoss" bottom: "y" bottom: "t" top: "l" loss_weight: -1 include { phase: TEST } }`,
    ),
  },
  bad: {
    "a softmax": {
      text: net(
        `layer { name: "l" type: "SoftmaxWithLoss" bottom: "y" bottom: "t" top: "l" loss_weight: ▶-0.5 include { phase: TRAIN } }`,
      ),
      says: ["has loss_weight -0.5", '-0.5 times "l"'],
    },
    "the second of two tops": {
      text: net(
        `layer { name: "l" type: "SoftmaxWithLoss" bottom: "y" bottom: "t" top: "l" top: "p" loss_weight: [1, ▶-2] }`,
      ),
      says: ['-2 times "p"'],
    },
  },
});

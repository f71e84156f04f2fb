import { testRule } from "../../../test/lint.js";
import { labelGradient } from "./label-gradient.js";

const net = (
  layers: string,
) => `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 4 } shape { dim: 2 } } }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 4 } }
${layers}
`;

testRule(labelGradient, {
  good: {
    "labels from data": net(`layer { name: "l" type: "SoftmaxWithLoss" bottom: "y" bottom: "t" top: "l" }`),
    "a loss between two layers that learn, which has gradients for both": net(
      `layer { name: "l" type: "EuclideanLoss" bottom: "y" bottom: "y" top: "l" }`,
    ),
    "labels that the prototxt takes out of it": net(
      `layer { name: "l" type: "SigmoidCrossEntropyLoss" bottom: "y" bottom: "y" top: "l" propagate_down: true propagate_down: false }`,
    ),
    "labels from a layer that is frozen":
      net(`layer { name: "f" type: "InnerProduct" bottom: "x" top: "z" param { lr_mult: 0 } param { lr_mult: 0 } inner_product_param { num_output: 4 } }
layer { name: "l" type: "SigmoidCrossEntropyLoss" bottom: "y" bottom: "z" top: "l" }`),
    "a loss of weight 0": net(
      `layer { name: "l" type: "SigmoidCrossEntropyLoss" bottom: "y" bottom: "y" top: "l" loss_weight: 0 }`,
    ),
    "only in TEST": net(
      `layer { name: "l" type: "SoftmaxWithLoss" bottom: "x" bottom: "y" top: "l" include { phase: TEST } }`,
    ),
  },
  bad: {
    "bottoms swapped": {
      text: net(`layer { name: "l" type: "SoftmaxWithLoss" bottom: "t" bottom: ▶"y" top: "l" }`),
      says: [
        'reads its labels "y" from layer "fc" (InnerProduct)',
        "cannot backpropagate to label inputs",
        "bottoms swapped",
      ],
    },
    "behind a layer in between": {
      text: net(`layer { name: "s" type: "Sigmoid" bottom: "y" top: "s" }
layer { name: "l" type: "SigmoidCrossEntropyLoss" bottom: "y" bottom: ▶"s" top: "l" }`),
    },
    "asked for": {
      text: net(`layer { name: "l" type: "HingeLoss" bottom: "y" bottom: "t" top: "l" propagate_down: [true, ▶true] }`),
      says: ["propagate_down: true for its labels"],
    },
  },
});

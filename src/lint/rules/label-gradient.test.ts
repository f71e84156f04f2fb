import { testRule } from "../../../test/lint.js";
import { labelGradient } from "./label-gradient.js";

const net = (
  layers: string,
) => `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 4 } shape { dim: 2 } } }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 4 } }
${layers}
`;

const zeros = (count: number) => Array(count).fill("param { lr_mult: 0 decay_mult: 0 }").join(" ");

/** Labels that a layer without anything to learn makes. */
const frozenLabels = (type: string, specs: string, mark = "") =>
  net(`layer { name: "b" type: "${type}" bottom: "x" top: "z"${specs && ` ${specs}`} }
layer { name: "l" type: "SigmoidCrossEntropyLoss" bottom: "y" bottom: ${mark}"z" top: "l" }`);

/** A layer behind a BatchNorm, on data, and a layer that learns behind it. */
const frozen = (
  type: string,
  specs: string,
  mark = "",
) => `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 4 } shape { dim: 2 dim: 4 } } }
layer { name: "b" type: "BatchNorm" bottom: "x" top: "z" ${specs} }
layer { name: "p" type: "${type}" bottom: ${mark}"z" top: "p" }
layer { name: "f" type: "InnerProduct" bottom: "p" top: "f" inner_product_param { num_output: 4 } }
layer { name: "l" type: "EuclideanLoss" bottom: "f" bottom: "t" top: "l" }
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
    "labels from a BatchNorm that has three specs": frozenLabels("BatchNorm", zeros(3)),
    "a Threshold on frozen layers": frozen("Threshold", zeros(3)),
    "a Threshold that leads to no loss": net(`layer { name: "p" type: "Threshold" bottom: "y" top: "p" }
layer { name: "l" type: "SoftmaxWithLoss" bottom: "y" bottom: "t" top: "l" }`),
    "a Threshold whose readers do not ask for the gradient":
      net(`layer { name: "p" type: "Threshold" bottom: "y" top: "p" }
layer { name: "f" type: "InnerProduct" bottom: "p" top: "f" propagate_down: false inner_product_param { num_output: 2 } }
layer { name: "l" type: "SoftmaxWithLoss" bottom: "f" bottom: "t" top: "l" }`),
    "labels of a ContrastiveLoss, which ignores what is wanted of them": net(
      `layer { name: "l" type: "ContrastiveLoss" bottom: "y" bottom: "y" bottom: "y" top: "l" }`,
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
    "labels from a BatchNorm without specs": {
      text: frozenLabels("BatchNorm", "", "▶"),
      fixed: frozenLabels("BatchNorm", zeros(3)),
      says: ['reads its targets "z" from layer "b" (BatchNorm)', "has 0 param specs for its 3 parameters"],
    },
    "a Threshold behind a BatchNorm with one spec": {
      text: frozen("Threshold", zeros(1), "▶"),
      fixed: frozen("Threshold", zeros(3)),
      says: [
        'layer "p" (Threshold) reads its bottom "z"',
        "Threshold has no gradient for its bottom",
        "has 1 param spec for",
      ],
    },
    "an ArgMax behind a layer that learns": {
      text: net(`layer { name: "p" type: "ArgMax" bottom: ▶"y" top: "p" }
layer { name: "l" type: "EuclideanLoss" bottom: "p" bottom: "t" top: "l" }`),
      says: ["ArgMax has no gradient for its bottom", 'Give the layers that read "p" propagate_down: false'],
    },
    "indices that are learned": {
      text: net(`layer { name: "e" type: "Embed" bottom: ▶"y" top: "e" embed_param { input_dim: 3 num_output: 2 } }
layer { name: "l" type: "Reduction" bottom: "e" top: "l" loss_weight: 1 }`),
      says: ['reads its indices "y"', "Give it propagate_down: false"],
    },
    "a matrix that is learned": {
      text: net(`layer { name: "h" type: "InnerProduct" bottom: "x" top: "h" inner_product_param { num_output: 4 } }
layer { name: "l" type: "InfogainLoss" bottom: "y" bottom: "t" bottom: ▶"h" top: "l" }`),
      says: ['reads its matrix "h"'],
    },
  },
});

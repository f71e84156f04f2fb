import { testRule } from "../../../test/lint.js";
import { unusedTop } from "./unused-top.js";

const net = (
  layers: string,
) => `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 4 } shape { dim: 2 } } }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 4 } }
layer { name: "l" type: "SoftmaxWithLoss" bottom: "y" bottom: "t" top: "l" }
${layers}
`;

testRule(unusedTop, {
  good: {
    "outputs one looks at": net(`layer { name: "p" type: "Softmax" bottom: "y" top: "p" }
layer { name: "a" type: "Accuracy" bottom: "y" bottom: "t" top: "a" }`),
    "a top that goes into a Silence": net(`layer { name: "a" type: "AbsVal" bottom: "y" top: "a" }
layer { name: "q" type: "Silence" bottom: "a" }`),
    "a top that is read in TEST": net(`layer { name: "a" type: "AbsVal" bottom: "y" top: "a" }
layer { name: "m" type: "ArgMax" bottom: "a" top: "m" include { phase: TEST } }`),
    "a loss by its loss_weight": net(`layer { name: "a" type: "Reduction" bottom: "y" top: "a" loss_weight: 1 }`),
    "a net to deploy, whose tops are its outputs": `input: "x" input_shape { dim: 1 }
layer { name: "a" type: "AbsVal" bottom: "x" top: "a" }
`,
    "a fragment": `layer { name: "a" type: "AbsVal" bottom: "x" top: "a" }
`,
    "the mask of a pooling, and a layer of an unknown type": net(
      `layer { name: "q" type: "Quantum" bottom: "y" top: "q" }`,
    ),
  },
  bad: {
    "labels that no layer reads": {
      text: `layer { name: "d" type: "DummyData" top: "x" top: ▶"t" dummy_data_param { shape { dim: 2 dim: 4 } shape { dim: 2 } } }
layer { name: "l" type: "EuclideanLoss" bottom: "x" bottom: "x" top: "l" }
`,
      says: ['makes "t", which no layer reads', "logs its 2 values, one a line", "Silence"],
    },
    "a branch that ends nowhere": {
      text: net(`layer { name: "b" type: "InnerProduct" bottom: "x" top: "b" inner_product_param { num_output: 5 } }
layer { name: "r" type: "ReLU" bottom: "b" top: ▶"b" }`),
      says: [/2 layers are run for "b" alone, with 25 parameters that no loss reaches/],
    },
    "a BatchNorm that the layers behind it go past": {
      severity: "warning",
      text: net(`layer { name: "bn" type: "BatchNorm" bottom: "y" top: ▶"n" }
layer { name: "s" type: "Scale" bottom: "y" top: "s" }
layer { name: "q" type: "EuclideanLoss" bottom: "s" bottom: "s" top: "q" }`),
      says: ['layer "s" (Scale) read "y" from before it, so nothing is normalized'],
    },
  },
});

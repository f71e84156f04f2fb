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
    "features of a BatchNorm beside the next layer, in a net to be deployed": `layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 2 dim: 4 } } }
layer { name: "c" type: "InnerProduct" bottom: "x" top: "c" inner_product_param { num_output: 4 } }
layer { name: "b" type: "BatchNorm" bottom: "c" top: "features" }
layer { name: "ip" type: "InnerProduct" bottom: "c" top: "ip" inner_product_param { num_output: 4 } }
`,
    "a top that another layer makes again, which duplicate-top reports": `layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 4 } } }
layer { name: "a" type: "BatchNorm" bottom: "x" top: "y" }
layer { name: "b" type: "BatchNorm" bottom: "x" top: "y" }
layer { name: "l" type: "EuclideanLoss" bottom: "x" bottom: "y" top: "l" }
`,
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
    "a BatchNorm that the Scale behind it goes past, in a net to be deployed": {
      text: `layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 2 dim: 4 dim: 3 dim: 3 } } }
layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 4 kernel_size: 1 } }
layer { name: "b" type: "BatchNorm" bottom: "c" top: ▶"b" }
layer { name: "s" type: "Scale" bottom: "c" top: "s" scale_param { bias_term: true } }
layer { name: "ip" type: "InnerProduct" bottom: "s" top: "ip" inner_product_param { num_output: 4 } }
`,
      severity: "warning",
      says: ['reads "c" from before it, so nothing is normalized', 'takes "b" for an output of the net'],
    },
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

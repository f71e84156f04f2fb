import { testRule } from "../../../test/lint.js";
import { lrMultCount } from "./lr-mult-count.js";

const conv = (specs: string, param = "") =>
  `layer { name: "c" type: "Convolution" bottom: "x" top: "y" ${specs}convolution_param { num_output: 1 kernel_size: 1${param} } }
`;

testRule(lrMultCount, {
  good: {
    "one for each": conv("param { lr_mult: 1 } param { lr_mult: 2 } "),
    "fewer, and none": conv("param { lr_mult: 1 } ") + conv(""),
    "one for weights without a bias": conv("param { lr_mult: 1 } ", " bias_term: false"),
    "BatchNorm, which has a rule of its own": `layer { name: "b" type: "BatchNorm" bottom: "x" top: "y" param {} param {} param {} param {} }
`,
    "unknown types": `layer { name: "q" type: "Quantum" bottom: "x" top: "y" param {} }
`,
    "recurrent layers": `layer { name: "l" type: "LSTM" bottom: "x" bottom: "c" top: "y" param {} param {} param {} recurrent_param { num_output: 1 } }
layer { name: "l2" type: "LSTM" bottom: "x" bottom: "c" bottom: "s" top: "z" param {} param {} param {} param {} recurrent_param { num_output: 1 } }
`,
  },
  bad: {
    "the spec of a bias that is not there": {
      text: conv("param { lr_mult: 1 } ▶param { lr_mult: 2 } ", " bias_term: false"),
      fixed: conv("param { lr_mult: 1 } ", " bias_term: false"),
      says: ["2 param specs for 1 parameter", "Too many params specified for layer c", "a bias that is not there"],
    },
    "on lines of their own, behind a Scale": {
      text: `layer {
  name: "s"
  type: "Scale"
  bottom: "x"
  top: "x"
  param {
    lr_mult: 1
  }
  # shift
  ▶param {
    lr_mult: 1
  }
}
`,
      fixed: `layer {
  name: "s"
  type: "Scale"
  bottom: "x"
  top: "x"
  param {
    lr_mult: 1
  }
  # shift
}
`,
    },
    "specs in a list": {
      text: conv("▶param: [{ lr_mult: 1 }, { lr_mult: 2 }] ", " bias_term: false"),
      fixed: conv("param: [{ lr_mult: 1 }] ", " bias_term: false"),
    },
    "a layer that learns nothing": {
      text: `layer { name: "r" type: "ReLU" bottom: "x" top: "x" ▶param { lr_mult: 1 } }
`,
      fixed: `layer { name: "r" type: "ReLU" bottom: "x" top: "x" }
`,
      says: ["of type ReLU learns nothing"],
    },
    "three, of which it is unknown which is meant": {
      text: conv("param {} param {} ▶param {} "),
    },
  },
});

import { testRule } from "../../../test/lint.js";
import { mixedForms } from "./mixed-forms.js";

testRule(mixedForms, {
  good: {
    "today's form": 'layer { name: "p" type: "Softmax" bottom: "x" top: "p" param { lr_mult: 1 } }\n',
    "the form of 2014": 'layers { name: "p" type: SOFTMAX bottom: "x" top: "p" blobs_lr: 1 param: "w" }\n',
    "the form of 2014 with its type in quotes": 'layers { name: "p" type: "SOFTMAX" bottom: "x" top: "p" }\n',
    "the form of 2013": 'layers { layer { name: "p" type: "softmax" blobs_lr: 1 } bottom: "x" top: "p" }\n',
    "today's type without quotes": 'layer { name: "p" type: Softmax bottom: "x" top: "p" }\n',
    "a type that both forms write alike": 'layer { name: "n" type: LRN bottom: "x" top: "n" }\n',
  },
  bad: {
    "layers with today's type": {
      text: 'name: "m"\n▶layers {\n  name: "p" # last\n  type: "Softmax"\n  bottom: "x"\n  top: "p"\n}\n',
      fixed: 'name: "m"\nlayer {\n  name: "p" # last\n  type: "Softmax"\n  bottom: "x"\n  top: "p"\n}\n',
      says: ['1 layer of 1 with something of the form of 2014: layers { type: "Softmax" }'],
    },
    "layers of both forms": {
      text: `layer { name: "a" type: "ReLU" bottom: "x" top: "a" }
▶layers { name: "c" type: CONVOLUTION bottom: "a" top: "c" blobs_lr: 1 blobs_lr: 2 weight_decay: [1, 0] }
layers { name: "p" type: SOFTMAX bottom: "c" top: "p" }
`,
      fixed: `layer { name: "a" type: "ReLU" bottom: "x" top: "a" }
layer { name: "c" type: "Convolution" bottom: "a" top: "c" param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 } }
layer { name: "p" type: "Softmax" bottom: "c" top: "p" }
`,
      says: ["2 layers of 3"],
    },
    "a field of today's in a layer of 2014": {
      text: `▶layers {
  name: "i"
  type: "Input"
  top: "x"
  input_param { shape { dim: 1 } }
}
layers {
  name: "c"
  type: INNER_PRODUCT
  bottom: "x"
  top: "c"
  # rates
  blobs_lr: 1
  blobs_lr: 2 # of the bias
  weight_decay: 1
  inner_product_param { num_output: 2 }
}
`,
      fixed: `layer {
  name: "i"
  type: "Input"
  top: "x"
  input_param { shape { dim: 1 } }
}
layer {
  name: "c"
  type: "InnerProduct"
  bottom: "x"
  top: "c"
  # rates
  param { lr_mult: 1 decay_mult: 1 }
  param { lr_mult: 2 }
  # of the bias
  inner_product_param { num_output: 2 }
}
`,
    },
    "a type of 2014 in a layer": {
      text: '▶layer { name: "p" type: SOFTMAX bottom: "x" top: "p" }\n',
      fixed: 'layer { name: "p" type: "Softmax" bottom: "x" top: "p" }\n',
      says: ["layer { type: SOFTMAX }"],
    },
    "a type of 2014 in a layer, in quotes": {
      text: "▶layer { name: 'p' type: 'SOFTMAX_LOSS' bottom: 'x' bottom: 'y' top: 'p' }\n",
      fixed: "layer { name: 'p' type: \"SoftmaxWithLoss\" bottom: 'x' bottom: 'y' top: 'p' }\n",
    },
    "rates of 2014 in a layer": {
      text: '▶layer { name: "p" type: "InnerProduct" bottom: "x" top: "p" blobs_lr: 0 weight_decay: 0 param: "w" }\n',
      fixed:
        'layer { name: "p" type: "InnerProduct" bottom: "x" top: "p" param { name: "w" lr_mult: 0 decay_mult: 0 } }\n',
      says: ["layer { blobs_lr: 0 }"],
    },
    "rates of 2014 beside param": {
      text: '▶layer { name: "p" type: "InnerProduct" bottom: "x" top: "p" param { lr_mult: 3 } blobs_lr: 1 blobs_lr: 2 weight_decay: 0 }\n',
      fixed:
        'layer { name: "p" type: "InnerProduct" bottom: "x" top: "p" param { lr_mult: 3 decay_mult: 0 } param { lr_mult: 2 } }\n',
    },
    "param of today's in layers": {
      text: '▶layers { name: "p" type: INNER_PRODUCT bottom: "x" top: "p" param { lr_mult: 3 } }\n',
      fixed: 'layer { name: "p" type: "InnerProduct" bottom: "x" top: "p" param { lr_mult: 3 } }\n',
    },
    "a number for a type": {
      text: '▶layer { name: "p" type: 20 bottom: "x" top: "p" }\n',
      fixed: 'layer { name: "p" type: "Softmax" bottom: "x" top: "p" }\n',
    },
    "a net within a solver": {
      text: `net_param {
  layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 1 } } }
  ▶layers { name: "p" type: SOFTMAX bottom: "x" top: "p" }
}
base_lr: 1
`,
      fixed: `net_param {
  layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 1 } } }
  layer { name: "p" type: "Softmax" bottom: "x" top: "p" }
}
base_lr: 1
`,
    },
    "brackets and line ends of their own": {
      text: '▶layers <\r\n  name: "p"\r\n  type: "Softmax"\r\n  blobs_lr: 1\r\n  blobs_lr: 2\r\n>\r\n',
      fixed: 'layer <\r\n  name: "p"\r\n  type: "Softmax"\r\n  param { lr_mult: 1 }\r\n  param { lr_mult: 2 }\r\n>\r\n',
    },
  },
});

import { testRule } from "../../../test/lint.js";
import { unknownField } from "./unknown-field.js";

testRule(unknownField, {
  good: {
    "fields of today and of old": `name: "n" input: "x" input_dim: 1
layers { name: "c" type: CONVOLUTION bottom: "x" top: "y" blobs_lr: 1 convolution_param { num_output: 1 } }
`,
    "the same in a net that stands in a solver": `net_param { layer { name: "b" type: "BatchNorm" batch_norm_param { scale_bias: true } } }
base_lr: 0.1
`,
    "fields of a fork's batch normalization, which bn-fork-fields reports": `layer { name: "b" type: "BatchNorm" batch_norm_param { scale_bias: true } }
`,
    "what is wrong with a value, which is caffe-refuses": `layer { name: "p" pooling_param { pool: BEST } }
`,
  },
  bad: {
    "a slip, each time": {
      text: `layer { name: "c" type: "Convolution" convolution_param { ▶num_outputs: 4 } }
layer { name: "d" type: "Convolution" convolution_param { ▶num_outputs: 4 } }
`,
      says: [/did you mean num_output\?/, "gives up", "nothing it says is done"],
    },
    "a field of the layer's message, put beside it": {
      text: `layer { name: "c" type: "ReLU" bottom: "x" top: "x" ▶negative_slope: 0.1 }
`,
      says: ["it is a field of relu_param"],
    },
    "a field of a fork, once a file": {
      severity: "info",
      text: `layer { name: "a" type: "Permute" bottom: "x" top: "y" ▶permute_param { order: 0 order: 2 } }
layer { name: "b" type: "Permute" bottom: "y" top: "z" permute_param { order: 0 order: 2 } }
`,
      says: ["LayerParameter has no field permute_param in BVLC's Caffe", "and so does Moka"],
    },
    "a field of nobody, once a file": {
      text: `layer { name: "a" type: "Region" bottom: "x" top: "y" ▶old_region { order: 0 order: 2 } }
layer { name: "b" type: "Region" bottom: "y" top: "z" old_region { order: 0 order: 2 } }
layer { name: "c" type: "ReLU" bottom: "z" top: "z" ▶quantize { on: true } }
`,
      says: [
        "LayerParameter has no field old_region; it stands in 1 more place",
        "Layers of type Region are a YOLO fork's",
        /no field quantize\n/,
      ],
    },
  },
});

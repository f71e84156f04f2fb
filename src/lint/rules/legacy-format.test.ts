import { testRule } from "../../../test/lint.js";
import { legacyFormat } from "./legacy-format.js";

testRule(legacyFormat, {
  good: {
    "today's form": `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "r" type: "ReLU" bottom: "data" top: "data" }
`,
    "BatchNorm layers with three specs, which are upgraded too": `layer { name: "b" type: "BatchNorm" bottom: "x" top: "y" param {} param {} param {} }
`,
  },
  bad: {
    "input_dim, on lines of its own": {
      text: `name: "net"
▶input: "data" # images
input_dim: 10
# planes
input_dim: 3
input_dim: 8
input_dim: 9
layer {
    name: "r"
    type: "ReLU"
    bottom: "data"
    top: "y"
}
`,
      fixed: `name: "net"
layer {
    name: "data"
    type: "Input"
    top: "data"
    input_param { shape { dim: 10 dim: 3 dim: 8 dim: 9 } }
} # images
# planes
layer {
    name: "r"
    type: "ReLU"
    bottom: "data"
    top: "y"
}
`.replace('name: "data"', 'name: "input"'),
      says: ["1 input in the form of Caffe before March 2016: input, input_dim"],
    },
    "two inputs with shapes, on one line": {
      text: `▶input: "a" input_shape { dim: 2 } input: "b"; input_shape { dim: 3 dim: 4 }
layer { name: "s" type: "Silence" bottom: "a" bottom: "b" }
`,
      fixed: `layer {
  name: "input"
  type: "Input"
  top: "a"
  top: "b"
  input_param { shape { dim: 2 } shape { dim: 3 dim: 4 } }
} 
layer { name: "s" type: "Silence" bottom: "a" bottom: "b" }
`,
    },
    "shapes on several lines, with comments": {
      text: `▶input: "a"
input_shape {
  dim: 2 # images
  # planes
  dim: 3
} # done
input: "b"
input_shape: { dim: 4 }
`,
      fixed: `layer {
  name: "input"
  type: "Input"
  top: "a"
  top: "b"
  input_param {
    shape {
      dim: 2 # images
      # planes
      dim: 3
    }
    shape { dim: 4 }
  }
}
# done
`,
    },
    "inputs of a net within a solver": {
      text: `base_lr: 0.1
net_param {
  ▶input: "x"
  input_shape {
    dim: 2
  }
}
`,
      fixed: `base_lr: 0.1
net_param {
  layer {
    name: "input"
    type: "Input"
    top: "x"
    input_param {
      shape {
        dim: 2
      }
    }
  }
}
`,
    },
    "V1 layers within a solver, where the rest of the file has to stay": {
      text: `base_lr: 0.1
net_param { ▶layers { name: "r" type: RELU bottom: "y" top: "y" } }
`,
    },
    "layers of V1": {
      text: `# LeNet
input: "x" input_dim: 1 input_dim: 1 input_dim: 2 input_dim: 2
▶layers { name: "c" type: CONVOLUTION bottom: "x" top: "y" blobs_lr: 1 blobs_lr: 2
  convolution_param { num_output: 4 } # four
}
layers { name: "r" type: RELU bottom: "y" top: "y" }
`,
      fixed: `# LeNet
layer {
  name: "input"
  type: "Input"
  top: "x"
  input_param {
    shape {
      dim: 1
      dim: 1
      dim: 2
      dim: 2
    }
  }
}
layer {
  name: "c"
  type: "Convolution"
  bottom: "x"
  top: "y"
  param {
    lr_mult: 1
  }
  param {
    lr_mult: 2
  }
  convolution_param {
    num_output: 4
  }  # four
}
layer {
  name: "r"
  type: "ReLU"
  bottom: "y"
  top: "y"
}
`,
      says: ["2 layers in the form of Caffe of 2014 (V1)"],
    },
    "layers of V0": {
      text: `input: "x" input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4
▶layers { layer { name: "r" type: "relu" } bottom: "x" top: "y" }
`,
      fixed: `layer {
  name: "input"
  type: "Input"
  top: "x"
  input_param {
    shape {
      dim: 1
      dim: 2
      dim: 3
      dim: 4
    }
  }
}
layer {
  name: "r"
  type: "ReLU"
  bottom: "x"
  top: "y"
}
`,
      says: ["before April 2014 (V0)"],
    },
    "an input without a shape, which Caffe drops": {
      text: `▶input: "x"
layer { name: "r" type: "ReLU" bottom: "x" top: "y" }
`,
      says: ["Without shapes Caffe drops the inputs"],
    },
    "a file with a value that would be lost": {
      text: `▶layers { name: "p" type: POOLING bottom: "x" top: "y" pooling_param { pool: BEST } }
`,
    },
  },
});

import { testRule } from "../../../test/lint.js";
import { duplicateLayerName } from "./duplicate-layer-name.js";

const conv = (name: string, top: string, more = "") =>
  `layer { name: "${name}" type: "Convolution" bottom: "x" top: "${top}" ${more}convolution_param { num_output: 1 kernel_size: 1 } }
`;

testRule(duplicateLayerName, {
  good: {
    "different names": conv("a", "y") + conv("b", "z"),
    "one name, in different phases":
      conv("a", "y", "include { phase: TRAIN } ") + conv("a", "y", "include { phase: TEST } "),
    "layers without parameters": `layer { name: "r" type: "ReLU" bottom: "x" top: "y" }
layer { name: "r" type: "ReLU" bottom: "y" top: "z" }
`,
  },
  bad: {
    "two convolutions": {
      text: conv("a", "y") + conv("a", "z").replace("name", "▶name"),
      says: ['layer "a" (Convolution) has the name of layer "a" (Convolution)', "2 parameters of this one stay"],
    },
  },
});

import { testRule } from "../../../test/lint.js";
import { forkTypes } from "../../layers/registry.js";
import { unknownLayer } from "./unknown-layer.js";

const [[one, { fork: oneFork }], [two, { fork: twoFork }]] = [...forkTypes].filter(([, { fork }]) => fork);

testRule(unknownLayer, {
  good: {
    "types of today, and of V1": `layer { name: "a" type: "ReLU" bottom: "x" top: "y" }
`,
    "the batch normalization of a fork, which bn-fork-fields reports": `layer { name: "a" type: "BN" bottom: "x" top: "y" }
`,
    "layers of V1": `layers { name: "a" type: RELU bottom: "x" top: "y" }
`,
  },
  bad: {
    "slips, each of them": {
      severity: "error",
      text: `layer { name: "a" ▶type: "Convolutional" bottom: "x" top: "y" }
layer { name: "b" ▶type: "relu" bottom: "y" top: "y" }
layer { name: "c" ▶type: "Convolutional" bottom: "y" top: "z" }
`,
      fixed: `layer { name: "a" type: "Convolution" bottom: "x" top: "y" }
layer { name: "b" type: "ReLU" bottom: "y" top: "y" }
layer { name: "c" type: "Convolution" bottom: "y" top: "z" }
`,
      says: ['did you mean "Convolution"?', 'did you mean "ReLU"?', "Unknown layer type: relu"],
    },
    "no type": {
      severity: "error",
      text: `▶layer { name: "a" bottom: "x" top: "y" }
`,
      says: ['layer "a" has no type'],
    },
    "types of forks, once each": {
      text: `layer { name: "a" ▶type: "${one}" bottom: "x" top: "y" }
layer { name: "b" ▶type: "${two}" bottom: "y" top: "y" }
layer { name: "c" type: "${two}" bottom: "y" top: "y" }
layer { name: "d" type: "${two}" bottom: "y" top: "y" }
layer { name: "e" ▶type: "Quantum" bottom: "y" top: "y" }
`,
      says: [
        `Caffe does not have; it is ${oneFork}`,
        `it is ${twoFork}, and 2 more layers of this type`,
        /"e" \(Quantum\) is of a type that Caffe does not have\n/,
      ],
    },
    Python: {
      severity: "info",
      text: `layer { name: "a" ▶type: "Python" bottom: "x" top: "y" python_param { module: "rpn.proposal" layer: "Proposal" } }
`,
      says: ['register that as "rpn.proposal/Proposal"'],
    },
  },
});

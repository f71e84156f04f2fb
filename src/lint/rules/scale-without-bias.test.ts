import { testRule } from "../../../test/lint.js";
import { scaleWithoutBias } from "./scale-without-bias.js";

const net = (scale: string) => `input: "x" input_shape { dim: 2 dim: 3 dim: 4 dim: 4 }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
${scale}
`;
const pooling = `layer { name: "p" type: "Pooling" bottom: "y" top: "p" pooling_param { kernel_size: 2 } }`;

testRule(scaleWithoutBias, {
  good: {
    "bias_term: true": net(`layer { name: "s" type: "Scale" bottom: "y" top: "y" scale_param { bias_term: true } }`),
    "a Scale that is not behind a BatchNorm": net(`layer { name: "s" type: "Scale" bottom: "x" top: "x" }`),
    "a Scale by another blob, which learns nothing": net(
      `layer { name: "s" type: "Scale" bottom: "y" bottom: "x" top: "z" }`,
    ),
    "a Scale along another axis, which is no γ": net(
      `layer { name: "s" type: "Scale" bottom: "y" top: "z" scale_param { axis: 2 } }`,
    ),
  },
  bad: {
    "no scale_param": {
      text: net(`▶layer { name: "s" type: "Scale" bottom: "y" top: "y" }`),
      fixed: net(`layer { name: "s" type: "Scale" bottom: "y" top: "y" scale_param { bias_term: true } }`),
    },
    "before another reader": {
      text: net(`▶layer { name: "s" type: "Scale" bottom: "y" top: "z" }\n${pooling}`),
      fixed: net(`layer { name: "s" type: "Scale" bottom: "y" top: "z" scale_param { bias_term: true } }\n${pooling}`),
    },
    "behind another reader": {
      text: net(`${pooling}\n▶layer { name: "s" type: "Scale" bottom: "y" top: "z" }`),
      fixed: net(`${pooling}\nlayer { name: "s" type: "Scale" bottom: "y" top: "z" scale_param { bias_term: true } }`),
    },
    "a scale_param without it, on lines, with comments": {
      text: net(`▶layer { # the scale
\tname: "s"
\ttype: "Scale"
\tbottom: "y"
\ttop: "z"
\tscale_param {
\t\taxis: 1 # channels
\t}
}`),
      fixed: net(`layer { # the scale
\tname: "s"
\ttype: "Scale"
\tbottom: "y"
\ttop: "z"
\tscale_param {
\t\taxis: 1 # channels
\t\tbias_term: true
\t}
}`),
    },
    "bias_term: false": {
      text: net(`layer { name: "s" type: "Scale" bottom: "y" top: "y" scale_param { ▶bias_term: false # why
} }`),
      fixed: net(`layer { name: "s" type: "Scale" bottom: "y" top: "y" scale_param { bias_term: true # why
} }`),
    },
  },
});

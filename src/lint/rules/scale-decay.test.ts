import { testRule } from "../../../test/lint.js";
import { scaleDecay } from "./scale-decay.js";

const net = (scale: string) => `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
layer { name: "s" type: "Scale" bottom: "y" top: "y"${scale && ` ${scale}`} }
`;
const learned = "param { lr_mult: 1 decay_mult: 0 }";
const solver = "base_lr: 0.1 weight_decay: 0.0005";

testRule(scaleDecay, {
  good: {
    "decay_mult 0 for both": net(`${learned} ${learned} scale_param { bias_term: true }`),
    "parameters that do not learn": net("param { lr_mult: 0 } scale_param { bias_term: false }"),
    "a solver without weight decay": { text: net(""), solver: "base_lr: 0.1" },
    "a Scale that is not behind a BatchNorm": `layer { name: "s" type: "Scale" bottom: "x" top: "y" }`,
    "a deploy net": `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }\n${net("")}`,
  },
  bad: {
    "no specs": {
      text: `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
▶layer {
  name: "s"
  type: "Scale"
  bottom: "y"
  top: "y"
  scale_param { # both
    bias_term: true
  }
}
`,
      fixed: `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
layer {
  name: "s"
  type: "Scale"
  bottom: "y"
  top: "y"
  param { decay_mult: 0 }
  param { decay_mult: 0 }
  scale_param { # both
    bias_term: true
  }
}
`,
      says: [/leaves γ and β to weight decay/],
    },
    "no specs and no scale_param, on one line": {
      text: net("").replace(/^layer(.*Scale)/m, "▶layer$1"),
      fixed: net("param { decay_mult: 0 }"),
      says: [/leaves γ to weight decay/],
    },
    "one spec for two parameters": {
      text: net(`${learned} scale_param { bias_term: true }`).replace(/^layer(.*Scale)/m, "▶layer$1"),
      fixed: net(`${learned} param { decay_mult: 0 } scale_param { bias_term: true }`),
      says: [/leaves β to weight decay/],
    },
    "decay_mult 1, with a solver": {
      text: net(`param { lr_mult: 2 ▶decay_mult: 1 } ${learned} scale_param { bias_term: true }`),
      fixed: net(`param { lr_mult: 2 decay_mult: 0 } ${learned} scale_param { bias_term: true }`),
      solver,
      severity: "warning",
      says: [
        /weight_decay of 0\.0005/,
        /At base_lr 0\.1 a γ of 1 that nothing else moves is at 0\.61 after 10000 steps/,
      ],
    },
    "specs with names, in a list": {
      text: net(`▶param: [{ name: "a" }, { name: "b", lr_mult: 1 }] scale_param { bias_term: true }`).replace(
        "▶param: [{",
        "param: [▶{",
      ),
      fixed: net(
        `param: [{ name: "a" decay_mult: 0 }, { name: "b", lr_mult: 1 decay_mult: 0 }] scale_param { bias_term: true }`,
      ),
    },
  },
});

import { testRule } from "../../../test/lint.js";
import { scaleDecay } from "./scale-decay.js";

const net = (scale: string) => `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
layer { name: "s" type: "Scale" bottom: "y" top: "y"${scale && ` ${scale}`} }
`;
const learned = "param { lr_mult: 1 decay_mult: 0 }";
const solver = 'base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.0005 max_iter: 10000';
const one = (spec = "") => net(`▶param { ${spec} }`.replace("▶param { decay_mult", "param { ▶decay_mult"));

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
        /At this solver's rates a γ of 1 that nothing else moves is at 4\.2e-05 after 10000 iterations\./,
      ],
    },
    "lr_mult 1 and momentum: Caffe has 0.0066": {
      text: one("decay_mult: 1"),
      fixed: net("param { decay_mult: 0 }"),
      solver,
      severity: "warning",
      says: [/a γ of 1 that nothing else moves is at 0\.0066 after 10000 iterations\./],
    },
    "a long training": {
      text: one("decay_mult: 1"),
      fixed: net("param { decay_mult: 0 }"),
      solver: solver.replace("10000", "60000"),
      severity: "warning",
      says: [/a γ of 1 that nothing else moves is below 1e-6 after 60000 iterations\./],
    },
    "β alone": {
      text: net(`${learned} param { ▶decay_mult: 2 } scale_param { bias_term: true }`),
      fixed: net(`${learned} param { decay_mult: 0 } scale_param { bias_term: true }`),
      solver: solver.replace("momentum: 0.9", ""),
      severity: "warning",
      says: [/leaves β to weight decay/, /a β of 1 that nothing else moves is at 0\.37 after/],
    },
    "Adam, where decay is divided by the size of gradients": {
      text: one("decay_mult: 1"),
      fixed: net("param { decay_mult: 0 }"),
      solver: 'type: "Adam" base_lr: 0.001 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.0005 max_iter: 500',
      severity: "warning",
      says: [
        /is at 0\.\d+ after 500 iterations; one with gradients loses less, since this type divides by their size\./,
      ],
    },
    "decay that changes next to nothing": {
      text: one("decay_mult: 1"),
      fixed: net("param { decay_mult: 0 }"),
      solver: 'base_lr: 0.001 lr_policy: "fixed" weight_decay: 0.0005 max_iter: 1000',
      severity: "info",
      says: [/is at 0\.9995 after 1000 iterations\./],
    },
    "a solver that Caffe refuses: no number": {
      text: one("decay_mult: 1"),
      fixed: net("param { decay_mult: 0 }"),
      solver: "base_lr: 0.1 weight_decay: 0.0005 max_iter: 1000",
      severity: "warning",
      says: [/makes the channels weaker\.$/],
    },
    "a parameter of two layers that differ: no number": {
      text: `${net('param { name: "g" ▶decay_mult: 1 }')}layer { name: "t" type: "Scale" bottom: "x" top: "t" param { name: "g" lr_mult: 2 } }
`,
      fixed: `${net('param { name: "g" decay_mult: 0 }')}layer { name: "t" type: "Scale" bottom: "x" top: "t" param { name: "g" lr_mult: 2 } }
`,
      solver,
      severity: "warning",
      says: [/makes the channels weaker\.$/],
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

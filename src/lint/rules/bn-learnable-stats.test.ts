import { testRule } from "../../../test/lint.js";
import { bnLearnableStats } from "./bn-learnable-stats.js";

const bn = (specs: string) => `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" ${specs} }
`;
const zero = "param { lr_mult: 0 decay_mult: 0 }";

testRule(bnLearnableStats, {
  good: {
    "no specs": bn(""),
    "three of lr_mult 0": bn(`${zero} ${zero} ${zero}`),
    "lr_mult 0 with a decay_mult, which bn-param-specs looks at": bn("param { lr_mult: 0 }"),
    "what a Scale learns": `layer { name: "s" type: "Scale" bottom: "x" top: "y" param { lr_mult: 1 } }`,
  },
  bad: {
    "three specs, one of which learns: Caffe replaces them": {
      text: bn(`${zero} param { ▶lr_mult: 1 decay_mult: 0 } ${zero}`),
      fixed: bn(`${zero} ${zero} ${zero}`),
      severity: "warning",
      says: [/lr_mult 1 for its statistics \(variance\)/, /sets all multipliers to 0/],
    },
    "three specs without lr_mult, which is 1 then, one of them empty": {
      text: bn(`▶param { decay_mult: 0 } param { } param {
  name: "s" # shared
}
`),
      fixed: bn(`param { decay_mult: 0 lr_mult: 0 } param { lr_mult: 0 decay_mult: 0 } param {
  name: "s" # shared
  lr_mult: 0
  decay_mult: 0
}
`),
      severity: "warning",
      says: [/\(mean, variance, factor\)/],
    },
    "one spec that learns: Caffe aborts": {
      text: bn("param { ▶lr_mult: 0.5 }"),
      fixed: bn(zero),
      says: [/lr_mult 0.5/, /With 1 instead of 3 specs Caffe aborts/],
    },
    "a list": {
      text: bn("param: [{ ▶lr_mult: 1 }, { lr_mult: 0, decay_mult: 0 }]"),
      fixed: bn("param: [{ lr_mult: 0 decay_mult: 0 }, { lr_mult: 0, decay_mult: 0 }]"),
    },
  },
});

import { testRule } from "../../../test/lint.js";
import { redundantGlobalStats } from "./redundant-global-stats.js";

const input = `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }
`;
const loss = `layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "x" top: "l" }
`;

const deploy = (name: string, param: string) =>
  `layer { name: "${name}" type: "BatchNorm" bottom: "x" top: "${name}"${param && ` batch_norm_param { ${param} }`} }
`;

testRule(redundantGlobalStats, {
  good: {
    "left to the phase": `${input}layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }`,
    "true in both phases, which is another matter": `${input}
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { use_global_stats: true } }
${loss}`,
    "false in a deploy net": `${input}
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { use_global_stats: false } }`,
    "true in a fragment, which may be a part of any net": `
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { use_global_stats: true } }`,
  },
  bad: {
    "a branch for training": {
      text: `${input}layer { name: "bn" type: "BatchNorm" bottom: "x" top: "b" batch_norm_param { ▶use_global_stats: false } include { phase: TRAIN } }
layer { name: "relu" type: "ReLU" bottom: "b" top: "b" include { phase: TRAIN } }
layer { name: "loss" type: "EuclideanLoss" bottom: "x" bottom: "x" top: "l" }
`,
      fixed: `${input}layer { name: "bn" type: "BatchNorm" bottom: "x" top: "b" include { phase: TRAIN } }
layer { name: "relu" type: "ReLU" bottom: "b" top: "b" include { phase: TRAIN } }
layer { name: "loss" type: "EuclideanLoss" bottom: "x" bottom: "x" top: "l" }
`,
    },
    "true in a deploy net": {
      text: `${input}layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { ▶use_global_stats: true } }
`,
      fixed: `${input}layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
`,
      says: [/sets use_global_stats: true, which it is in TEST anyway/],
    },
    "a layer for each phase": {
      text: `${input}layer {
  name: "bn" type: "BatchNorm" bottom: "x" top: "y"
  batch_norm_param {
    eps: 0.001
    ▶use_global_stats: false
  }
  include { phase: TRAIN }
}
layer {
  name: "bn" type: "BatchNorm" bottom: "x" top: "y"
  batch_norm_param {
    use_global_stats: True
  }
  include { phase: TEST }
}
${loss}`,
      fixed: `${input}layer {
  name: "bn" type: "BatchNorm" bottom: "x" top: "y"
  batch_norm_param {
    eps: 0.001
  }
  include { phase: TRAIN }
}
layer {
  name: "bn" type: "BatchNorm" bottom: "x" top: "y"
  include { phase: TEST }
}
${loss}`,
      says: [
        '2 layers set use_global_stats to what their phase gives anyway; the first is layer "bn" (BatchNorm)',
        "TEST those with true, TRAIN those with false",
      ],
    },
    "three layers of a deploy net, of which a comment keeps one": {
      text: `${input}# moka-ignore redundant-global-stats
${deploy("a", "use_global_stats: true")}${deploy("b", "▶use_global_stats: true")}${deploy("c", "use_global_stats: true eps: 0.001")}`,
      fixed: `${input}# moka-ignore redundant-global-stats
${deploy("a", "use_global_stats: true")}${deploy("b", "")}${deploy("c", "eps: 0.001")}`,
      says: [/2 layers .* the first is layer "b"/, "Only TEST runs these layers, with true, here."],
    },
  },
});

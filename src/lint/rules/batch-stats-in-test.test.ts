import { testRule } from "../../../test/lint.js";
import { batchStatsInTest } from "./batch-stats-in-test.js";

const input = (batch: number, size = 4) =>
  `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: ${batch} dim: 3 dim: ${size} dim: ${size} } } }
`;
const bn = (value: string, rest = "") =>
  `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { ${value} }${rest} }
`;
const simple = `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
`;
const loss = `layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "x" top: "l" }
`;

testRule(batchStatsInTest, {
  good: {
    "left to the phase": input(2) + simple,
    true: input(2) + bn("use_global_stats: true"),
    "false in TRAIN only": input(2) + bn("use_global_stats: false", " include { phase: TRAIN }") + loss,
  },
  bad: {
    "a deploy net": {
      text: input(2) + bn("▶use_global_stats: false"),
      fixed: input(2) + simple,
      severity: "error",
      says: [/m = 32 values here, of 2 images/, /the averages in TEST\.$/m],
    },
    "a deploy net of one image": {
      text: input(1) + bn("▶use_global_stats: 0 eps: 0.001"),
      fixed: input(1) + bn("eps: 0.001"),
      severity: "error",
      says: [/of 1 image: its brightness/],
    },
    "a deploy net with one value a channel": {
      text: input(1, 1) + bn("▶use_global_stats: false"),
      fixed: input(1, 1) + simple,
      severity: "error",
      says: [/m = 1 value here, so what comes out is 0/],
    },
    "a net for both phases": {
      text: input(2) + bn("▶use_global_stats: false") + loss,
      fixed: input(2) + simple + loss,
      says: [/the averages in TEST, the batch in TRAIN/],
    },
    "a fragment": {
      text: bn("▶use_global_stats: false"),
      fixed: simple,
      says: [/depends on which others/],
    },
  },
});

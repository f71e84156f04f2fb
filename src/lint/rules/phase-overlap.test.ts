import { testRule } from "../../../test/lint.js";
import { phaseOverlap } from "./phase-overlap.js";

const source = (name: string, rule: string, mark = "") =>
  `${mark}layer { name: "${name}" type: "DummyData" top: "x" ${rule} dummy_data_param { shape { dim: 1 } } }
`;

testRule(phaseOverlap, {
  good: {
    "a source for each phase": source("t", "include { phase: TRAIN }") + source("v", "include { phase: TEST }"),
    "a source for each stage": source("t", 'include { stage: "a" }') + source("v", 'include { stage: "b" }'),
    "a source for deployment, which TRAIN never meets":
      source("t", "include { phase: TRAIN }") +
      source("v", 'include { phase: TEST not_stage: "deploy" }') +
      source("d", 'include { stage: "deploy" }'),
    "two sources of different blobs": `${source("t", "")}layer { name: "u" type: "DummyData" top: "y" dummy_data_param { shape { dim: 1 } } }
`,
    "a top made by a layer that is no source, which is duplicate-top": `${source("t", "")}layer { name: "a" type: "AbsVal" bottom: "y" top: "x" }
`,
    "no source for TEST, and a solver that does not test": {
      text: `${source("t", "include { phase: TRAIN }")}layer { name: "l" type: "EuclideanLoss" bottom: "x" bottom: "x" top: "l" }
`,
      solver: 'net: "net.prototxt" max_iter: 10',
    },
    "no source for TEST, and a solver that tests with another file": {
      text: `${source("t", "include { phase: TRAIN }")}layer { name: "l" type: "EuclideanLoss" bottom: "x" bottom: "x" top: "l" }
`,
      solver: 'train_net: "net.prototxt" test_net: "test.prototxt" test_iter: 1 test_interval: 10',
    },
    "rules that can be met": source("t", 'include { stage: "a" not_stage: "b" min_level: 1 max_level: 1 }'),
  },
  bad: {
    "no source for the solver's tests": {
      text: `${source("t", "include { phase: TRAIN }", "▶")}layer { name: "l" type: "EuclideanLoss" bottom: "x" bottom: "x" top: "l" }
`,
      solver: 'net: "net.prototxt" test_iter: 10 test_interval: 100',
      says: ["nothing feeds TEST, though the solver has test_iter: 10"],
    },
    "two sources without rules": {
      text: source("t", "") + source("v", "", "▶"),
      says: [
        'layer "v" (DummyData) and layer "t" (DummyData) are in one state, and both make "x"',
        "include { phase: TEST }",
      ],
    },
    "a rule for one of them only": {
      text: `${source("t", "include { phase: TRAIN }")}${source("v", "", "▶")}layer { name: "l" type: "EuclideanLoss" bottom: "x" bottom: "x" top: "l" }
`,
      says: ["for TRAIN"],
    },
    "rules that no state meets": {
      severity: "warning",
      text:
        source("t", '▶include { stage: "a" not_stage: "a" }') + source("v", "▶exclude { min_level: 2 max_level: 1 }"),
      says: [
        'stage and not_stage are both "a"',
        "in no net that is built",
        "min_level 2 is above max_level 1",
        "this rule does nothing",
      ],
    },
  },
});

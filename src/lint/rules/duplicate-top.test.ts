import { testRule } from "../../../test/lint.js";
import { duplicateTop } from "./duplicate-top.js";

const source = (name: string, rule: string) =>
  `layer { name: "${name}" type: "DummyData" top: "x" ${rule} dummy_data_param { shape { dim: 1 } } }
`;

testRule(duplicateTop, {
  good: {
    "in place": `layer { name: "c" type: "AbsVal" bottom: "x" top: "y" }
layer { name: "r" type: "ReLU" bottom: "y" top: "y" }
layer { name: "s" type: "Scale" bottom: "y" bottom: "x" top: "y" }
`,
    "a layer for each phase": `${source("t", "include { phase: TRAIN }")}${source("v", "include { phase: TEST }")}`,
    "two sources in one state, which phase-overlap reports": `${source("t", "")}${source("v", "")}`,
  },
  bad: {
    "two layers": {
      text: `layer { name: "a" type: "AbsVal" bottom: "x" top: "y" }
layer { name: "b" type: "AbsVal" bottom: "x" top: ▶"y" }
`,
      says: ['layer "b" (AbsVal) makes "y", which layer "a" (AbsVal) makes already', "produced by multiple sources"],
    },
    "one layer, twice": {
      text: `layer { name: "a" type: "Slice" bottom: "x" top: "y" top: ▶"y" }
`,
      says: ["itself makes already"],
    },
    "a source and another layer": {
      text: `${source("t", "")}layer { name: "b" type: "Eltwise" bottom: "z" bottom: "z" top: ▶"x" }
`,
    },
    "in place, but for the number": {
      text: `layer { name: "a" type: "AbsVal" bottom: "x" top: "y" }
layer { name: "e" type: "Scale" bottom: "x" bottom: "y" top: ▶"y" }
`,
      says: ['"y" is bottom 1, and top 0'],
    },
  },
});

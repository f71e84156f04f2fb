import { expect, test } from "vitest";
import { testRule } from "../../../test/lint.js";
import { bnShared } from "./bn-shared.js";

const params = (...names: string[]) =>
  names.map((name) => `param { ${name === "" ? "" : `name: "${name}" `}lr_mult: 0 }`).join(" ");
const net = (a: string, b: string, scales: readonly [string, string] = ["", ""], bn = "") =>
  `layer { name: "d" type: "Input" top: "x" top: "y" input_param { shape { dim: 8 dim: 3 dim: 4 dim: 4 } } }
layer { name: "a" type: "BatchNorm" bottom: "x" top: "a" ${a} ${bn} }
layer { name: "as" type: "Scale" bottom: "a" top: "as" ${scales[0]} }
layer { name: "b" type: "BatchNorm" bottom: "y" top: "b" ${b} ${bn} }
layer { name: "bs" type: "Scale" bottom: "b" top: "bs" ${scales[1]} }
layer { name: "loss" type: "EuclideanLoss" bottom: "as" bottom: "bs" top: "l" }
`;
const all = params("m", "v", "s");
const gamma = `param { name: "gamma" }`;

testRule(bnShared, {
  good: {
    "nothing shared": net("", ""),
    "names of their own": net(params("m1", "v1", "s1"), params("m2", "v2", "s2")),
    "shared averages that do not move": net(all, all, [gamma, gamma], "batch_norm_param { use_global_stats: true }"),
    "the same name in layers of two phases": `layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 8 dim: 3 } } }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" ${all} include { phase: TRAIN } }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" ${all} include { phase: TEST } }
layer { name: "loss" type: "EuclideanLoss" bottom: "x" bottom: "y" top: "l" }`,
  },
  bad: {
    "all three": {
      text: net(`▶${all}`, all, [gamma, gamma]),
      says: ['layer "a" (BatchNorm) shares its mean, variance and factor with "b"', "2 times an iteration"],
    },
    "all but the factor": {
      text: net(params("m", "v"), `▶${params("m", "v")}`),
      severity: "warning",
      says: ['shares its mean and variance with "a", but not its factor', "twice at first, 1.37 times after 1000"],
    },
    "the variance alone, in a deploy net": {
      text: `input: "x" input_shape { dim: 1 dim: 3 }
layer { name: "a" type: "BatchNorm" bottom: "x" top: "a" ${params("", "v")} }
layer { name: "b" type: "BatchNorm" bottom: "a" top: "b" ▶${params("", "v")} }`.replace(
        "▶param { lr_mult: 0 } param",
        "param { lr_mult: 0 } ▶param",
      ),
      severity: "warning",
      says: ["shares its variance", "not its mean and factor", "the variance used in TEST are"],
    },
    "the factor alone": {
      text: net(params("", "", "s"), params("", "", "s").replace(/param(?=[^p]*name)/, "▶param")),
      severity: "warning",
      says: [
        "shares its factor",
        "the mean and variance used in TEST are 1/(1 + f^n)",
        "half at first, 0.731 after 1000",
      ],
    },
    "mean and variance crossed": {
      text: net(params("m", "v", "s"), `▶${params("v", "m", "s")}`),
      severity: "error",
      says: ['shares its mean with the variance of "a"'],
    },
    "only the Scales behind": {
      text: net("", "", [gamma, `▶${gamma}`]),
      says: ['layer "bs" (Scale) shares its parameters with "as"', '"b" and "a" each gather averages'],
    },
  },
});

test("what is shared in part is off by 1 + f^n, as the reasons say", () => {
  const f = 0.999;
  let shared = 0;
  let own = 0;
  for (let n = 1; n <= 3000; n++) {
    shared = f * (f * shared + 1) + 1;
    own = f * own + 1;
    expect(shared / own).toBeCloseTo(1 + f ** n, 8);
  }
});

import { expect, test } from "vitest";
import { lintContext, testRule } from "../../../test/lint.js";
import { contentOf, weightsOf } from "../../../test/lint-weights.js";
import { fixText } from "../fix.js";
import { bnForkBlobs } from "./bn-fork-blobs.js";

const input = `input: "x" input_shape { dim: 1 dim: 2 dim: 4 dim: 4 }
`;
const bn = `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
`;
const scale = `layer { name: "scale" type: "Scale" bottom: "y" top: "y" scale_param { bias_term: true } }
`;
const [mean, variance, gamma, beta] = [
  [1, 2],
  [3, 4],
  [5, 6],
  [7, 8],
];
const four = (data: readonly number[]) => ({ shape: [1, data.length, 1, 1], data });

testRule(bnForkBlobs, {
  good: {
    "no weights": input + bn,
    "Caffe's three blobs": { text: input + bn, weights: weightsOf({ bn: [mean, variance, [1]] }) },
    "weights without the layer": { text: input + bn, weights: weightsOf({ other: [mean, variance] }) },
    "a fork's BatchNorm, which bn-fork-fields rewrites": {
      text: `${input}layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { scale_bias: true } }`,
      weights: weightsOf({ bn: [mean, variance, [1], gamma, beta] }),
    },
  },
  bad: {
    "five blobs and no Scale": {
      text: `${input}▶${bn}`,
      weights: weightsOf({ bn: [mean, variance, [1], gamma, beta] }),
      fixed: input + bn + scale,
      says: [
        "has 5 blobs in the weights, not three: they are NVIDIA or Intel's",
        "(2), (2), (1), (2), (2)",
        "Incompatible number",
      ],
    },
    "five blobs and a Scale without weights": {
      text: `${input}▶${bn}${scale}`,
      weights: weightsOf({ bn: [mean, variance, [1], gamma, beta] }),
      fixed: input + bn + scale,
    },
    "five blobs and a Scale with its own": {
      text: `${input}▶${bn}${scale}`,
      weights: weightsOf({ bn: [mean, variance, [1], gamma, beta], scale: [gamma, beta] }),
    },
    "four of PSPNet's": {
      text: `${input}▶${bn}`,
      weights: weightsOf({ bn: [gamma, beta, mean, variance].map(four) }),
      fixed: input + bn + scale,
      says: ["slope, bias, mean, variance", "(1×2×1×1)"],
    },
    "two of SegNet's, which have no averages": {
      text: `${input}▶${bn}`,
      weights: weightsOf({ bn: [gamma, beta] }),
      says: ["SegNet's", "without averages"],
    },
    "one blob": {
      text: `${input}▶${bn}`,
      weights: weightsOf({ bn: [mean] }),
      says: ["has one blob in the weights, not three"],
    },
    "six blobs": {
      text: `${input}▶${bn}`,
      weights: weightsOf({ bn: [mean, mean, mean, mean, mean, mean] }),
      says: [/6 blobs in the weights, not three\n/],
    },
  },
});

test.each([
  ["NVIDIA or Intel", [mean, variance, [2], gamma, beta], 2],
  ["NVIDIA, with a factor that does not count", [mean, variance, [0], gamma, beta], 1],
  ["NVIDIA 0.15", [gamma, beta, mean, variance, [0]], 1],
  ["NVIDIA 0.14", [four(gamma), four(beta), four([0]), four(mean), four(variance)], 1],
  ["PSPNet", [four(gamma), four(beta), four(mean), four(variance)], 1],
])("fix splits the blobs of %s", async (_, blobs, factor) => {
  for (const text of [input + bn, input + bn + scale]) {
    const given = weightsOf({ bn: blobs, after: [[9]] });
    const { weights, findings } = await fixText(text, undefined, [bnForkBlobs], {}, lintContext({ weights: given }));
    expect(findings).toEqual([]);
    expect(weights && contentOf(weights)).toEqual({
      bn: [
        [[2], mean],
        [[2], variance],
        [[1], [factor]],
      ],
      scale: [
        [[2], gamma],
        [[2], beta],
      ],
      after: [[[1], [9]]],
    });
    expect(Object.keys(contentOf(given))).toEqual(["bn", "after"]);
  }
});

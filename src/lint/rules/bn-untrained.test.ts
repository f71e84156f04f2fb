import { expect, test } from "vitest";
import { lintContext, testRule } from "../../../test/lint.js";
import { contentOf, weightsOf } from "../../../test/lint-weights.js";
import { fixText } from "../fix.js";
import { bnUntrained } from "./bn-untrained.js";

const net = (mark: string, bn = "") => `input: "x" input_shape { dim: 1 dim: 2 dim: 4 dim: 4 }
${mark}layer { name: "a" type: "BatchNorm" bottom: "x" top: "a" ${bn} }
layer { name: "b" type: "BatchNorm" bottom: "a" top: "b" ${bn} }
`;
const finetuned = (
  bn: string,
) => `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 2 } shape { dim: 2 } } }
layer { name: "a" type: "BatchNorm" bottom: "x" top: "a" ${bn} }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "a" bottom: "t" top: "loss" }
`;
const empty = [[0, 0], [0, 0], [0]];
const trained = [[1, 2], [1, 2], [1]];

testRule(bnUntrained, {
  good: {
    "no weights": net(""),
    trained: { text: net(""), weights: weightsOf({ a: trained, b: trained }) },
    "in another layer, by the names of its parameters": {
      text: net("", 'param { name: "m" } param { name: "v" } param { name: "s" }'),
      weights: weightsOf({ a: trained }),
    },
    "by the batch, and not in the weights": {
      text: net("", "batch_norm_param { use_global_stats: false }"),
      weights: weightsOf({ c: trained }),
    },
    "by the batch": {
      text: net("", "batch_norm_param { use_global_stats: false }"),
      weights: weightsOf({ a: empty, b: empty }),
    },
    "in training by averages, which global-stats-in-train speaks of": {
      text: finetuned("batch_norm_param { use_global_stats: true }"),
      weights: weightsOf({ a: empty }),
    },
    "a fork's blobs, which bn-fork-blobs speaks of": {
      text: net(""),
      weights: weightsOf({ a: [...empty, [1, 1], [0, 0]], b: trained }),
    },
  },
  bad: {
    "never trained": {
      text: net("▶"),
      weights: weightsOf({ a: empty, b: empty }),
      says: [
        "factor of 0 in the weights, so its averages count as 0 (and 1 more like it)",
        "316.2·x",
        "no forward in TRAIN",
      ],
    },
    "not in the weights": {
      text: net("").replace("layer { name", "layer { ▶name"),
      weights: weightsOf({ c: trained }),
      says: [
        /"a" \(BatchNorm\) gets no averages from the weights.* \(and 1 more like it\)/,
        "316.2·x",
        "none of this name",
      ],
    },
    "not in the weights, by a slip": {
      text: net("").replace('layer { name: "a"', 'layer { ▶name: "norm_1"'),
      weights: weightsOf({ b: trained, norm1: trained }),
      says: ['did you mean "norm1"?'],
    },
    "not in the weights, frozen where it would be trained": {
      text: finetuned("batch_norm_param { use_global_stats: true }").replace('layer { name: "a"', 'layer { ▶name: "a"'),
      weights: weightsOf({ c: trained }),
    },
    "not in the weights, and new": {
      severity: "info",
      text: finetuned("").replace('layer { name: "a"', 'layer { ▶name: "a"'),
      weights: weightsOf({ c: trained }),
      says: ["finetuning will fill"],
    },
    "with another eps": {
      text: net("▶", "batch_norm_param { eps: 0.01 }"),
      weights: weightsOf({ a: empty, b: trained }),
      says: ["10·x"],
    },
    "averages without a factor": {
      text: net("▶"),
      weights: weightsOf({ a: [[1, 2], [1, 2], [0]], b: trained }),
      says: ["factor of 0 in the weights, though its mean and variance are not 0", /a program .* left the factor out/i],
      fixed: net(""),
    },
    "averages without a factor, in two layers": {
      text: net("▶"),
      weights: weightsOf({ a: [[1, 2], [1, 2], [0]], b: [[0, 0], [1, 2], [0]] }),
      says: ["and 1 more like it"],
      fixed: net(""),
    },
  },
});

test("in part: the layers whose averages are there are repaired, in new blobs, the others are left", async () => {
  const text = net("");
  const weights = weightsOf({ a: [[1, 2], [3, 4], [0]], b: empty });
  const result = await fixText(text, undefined, [bnUntrained], {}, lintContext({ weights }));
  expect(result.text).toBe(text);
  expect(result.fixed.map(({ line }) => line)).toEqual([2]);
  expect(result.findings.map(({ line, fixable }) => [line, fixable])).toEqual([[3, false]]);
  expect(contentOf(result.weights ?? weights)).toEqual({
    a: [
      [[2], [1, 2]],
      [[2], [3, 4]],
      [[1], [1]],
    ],
    b: contentOf(weights).b,
  });
  expect(contentOf(weights).a[2]).toEqual([[1], [0]]);
});

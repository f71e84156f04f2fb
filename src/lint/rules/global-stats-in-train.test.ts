import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { lintContext, testRule } from "../../../test/lint.js";
import { makeBlob } from "../../proto/binary/blob.js";
import { NetParameterSchema } from "../../proto/gen/caffe_pb.js";
import { lintText } from "../lint.js";
import { globalStatsInTrain } from "./global-stats-in-train.js";

const input = `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }
`;
const bn = (value: string, rest = "") =>
  `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { ${value} }${rest} }
`;
const simple = `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
`;
const scale = (specs: string) =>
  `layer { name: "s" type: "Scale" bottom: "y" top: "y" ${specs} scale_param { bias_term: true } }
`;
const held = "param { lr_mult: 0 } param { lr_mult: 0 }";
const loss = `layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "x" top: "l" }
`;
const weights = (factor: number) =>
  create(NetParameterSchema, {
    layer: [
      {
        name: "bn",
        type: "BatchNorm",
        blobs: [
          makeBlob([3], { data: Float32Array.of(1, 2, 3) }),
          makeBlob([3], { data: Float32Array.of(1, 1, 1) }),
          makeBlob([1], { data: Float32Array.of(factor) }),
        ],
      },
    ],
  });

testRule(globalStatsInTrain, {
  good: {
    "left to the phase": input + simple + loss,
    false: input + bn("use_global_stats: false") + loss,
    "true in TEST only": input + bn("use_global_stats: true", " include { phase: TEST }") + loss,
    "a deploy net": input + bn("use_global_stats: true"),
  },
  bad: {
    "training from scratch": {
      text: input + bn("▶use_global_stats: true") + scale("") + loss,
      fixed: input + simple + scale("") + loss,
      says: [/√eps = 0\.003162/, /316\.2 times/, /With 1 such layer in this net they explode/, /87\.3365/],
    },
    "a layer for TRAIN, with another eps": {
      text: input + bn("▶use_global_stats: true eps: 0.01", " include { phase: TRAIN }") + loss,
      fixed: input + bn("eps: 0.01", " include { phase: TRAIN }") + loss,
      says: [/√eps = 0\.1, .* 10 times/],
    },
    "a fragment, which may never train": {
      text: bn("▶use_global_stats: true"),
      fixed: simple,
      severity: "warning",
    },
    "a Scale that does not learn either: frozen on purpose": {
      text: input + bn("▶use_global_stats: true") + scale(held) + loss,
      severity: "info",
      says: [/is frozen/, /"s" \(Scale\) behind it does not learn/],
    },
    "a convolution before it that does not learn either": {
      text: `${input}layer { name: "c" type: "Convolution" bottom: "x" top: "c" ${held} convolution_param { num_output: 3 kernel_size: 1 } }
layer { name: "bn" type: "BatchNorm" bottom: "c" top: "y" batch_norm_param { ▶use_global_stats: true } }
${loss}`,
      severity: "info",
      says: [/"c" \(Convolution\) before it does not learn/],
    },
    "weights with averages": {
      text: input + bn("▶use_global_stats: true") + loss,
      weights: weights(999.98),
      severity: "info",
      says: [/factor of 999\.98/],
    },
    "weights with empty averages, whatever the Scale does": {
      text: input + bn("▶use_global_stats: true") + scale(held) + loss,
      fixed: input + simple + scale(held) + loss,
      weights: weights(0),
      says: [/In the weights given its factor is 0/],
    },
    "weights of other layers": {
      text: input + bn("▶use_global_stats: true") + loss,
      fixed: input + simple + loss,
      weights: create(NetParameterSchema, { layer: [{ name: "other" }] }),
      says: [/have no averages for it/],
    },
  },
});

test.each([
  ["train_val.prototxt", "error"],
  ["models/test.prototxt", "warning"],
  ["train_test.prototxt", "error"],
  ["latest.prototxt", "error"],
])("a net for both phases in a file %s", async (file, severity) => {
  const text = input + bn("use_global_stats: true") + loss;
  const found = await lintText(text, file, [globalStatsInTrain], {}, lintContext());
  expect(found.map((finding) => finding.severity)).toEqual([severity]);
});

import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { lintContext, testRule } from "../../../test/lint.js";
import { weightsOf } from "../../../test/lint-weights.js";
import { createFiles } from "../../platform/memory-files.js";
import { LayerParameterSchema, type NetParameter } from "../../proto/gen/caffe_pb.js";
import { parseNet } from "../../proto/text/index.js";
import { lintText } from "../lint.js";
import { bnNamesDiffer } from "./bn-names-differ.js";
import { rules } from "./index.js";

const net = (norm: string) => `layer { name: "d" type: "DummyData" top: "x" top: "t"
  dummy_data_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } shape { dim: 2 } } }
layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 4 kernel_size: 3 } }
${norm}
layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
layer { name: "ip" type: "InnerProduct" bottom: "c" top: "ip" inner_product_param { num_output: 3 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }
`;
const train = "include { phase: TRAIN }";
const forTest = "include { phase: TEST }";
const bn = (name: string, fields: string, mark = "") =>
  `layer { ${mark}name: "${name}" type: "BatchNorm" bottom: "c" top: "c" ${fields} }`;
const scale = (name: string, fields: string, mark = "", own = "bias_term: true") =>
  `layer { ${mark}name: "${name}" type: "Scale" bottom: "c" top: "c" ${fields} scale_param { ${own} } }`;
const shared = 'param { name: "m" } param { name: "v" } param { name: "s" }';
const averages = [[1, 2, 3, 4], [1, 1, 1, 1], [1]];
const filters = { shape: [4, 3, 3, 3], data: Array.from({ length: 108 }, () => 1) };

/** A snapshot of a net: its layers with types and connections, and these blobs. */
function snapshot(text: string, blobs: Parameters<typeof weightsOf>[0]): NetParameter {
  const weights = weightsOf(blobs);
  const given = new Map(weights.layer.map((layer) => [layer.name, layer.blobs]));
  weights.layer = parseNet(text).message.layer.map((layer) => {
    return create(LayerParameterSchema, { ...layer, include: [], blobs: given.get(layer.name) ?? [] });
  });
  return weights;
}
const trained = (text: string) =>
  snapshot(text, {
    c: [filters, [0, 0, 0, 0]],
    b1: averages,
    s1: [
      [1, 1, 1, 1],
      [0, 0, 0, 0],
    ],
  });
const fromFile = trained(net(`${bn("b1", "")}\n${scale("s1", "")}`));

testRule(bnNamesDiffer, {
  good: {
    "one layer": net(bn("b1", "")),
    "one name": net(`${bn("b1", train)}\n${bn("b1", forTest)}`),
    "by the batch in TEST": net(
      `${bn("b1", train)}\n${bn("b2", `${forTest} batch_norm_param { use_global_stats: false }`)}`,
    ),
    "a second one in TEST only, behind the first": net(`${bn("b1", "")}\n${bn("b2", forTest)}`),
    "branches of their own": net(
      `layer { name: "a" type: "BatchNorm" bottom: "c" top: "a" ${train} }
layer { name: "ai" type: "InnerProduct" bottom: "a" top: "ai" inner_product_param { num_output: 3 } ${train} }
layer { name: "al" type: "SoftmaxWithLoss" bottom: "ai" bottom: "t" top: "al" ${train} }
layer { name: "e" type: "BatchNorm" bottom: "c" top: "e" ${forTest} }
layer { name: "ei" type: "InnerProduct" bottom: "e" top: "ei" inner_product_param { num_output: 9 } ${forTest} }
layer { name: "es" type: "Softmax" bottom: "ei" top: "es" ${forTest} }`,
    ),
    "each with averages of its own in the weights": {
      text: net(`${bn("b1", train)}\n${bn("b2", forTest)}`),
      weights: weightsOf({ b1: averages, b2: averages }),
    },
    "weights that do not tell their connections": { text: net(bn("bn1", "")), weights: weightsOf({ b1: averages }) },
    "weights of these names": { text: net(`${bn("b1", "")}\n${scale("s1", "")}`), weights: fromFile },
  },
  bad: {
    "an eps of 0, by which nothing can be divided": {
      text: net(`${bn("b1", train)}\n${bn("b1_test", `${forTest} batch_norm_param { eps: 0 }`, "▶")}`),
      fixed: net(`${bn("b1", train)}\n${bn("b1", `${forTest} batch_norm_param { eps: 0 }`)}`),
      says: ["in TEST y is no number"],
    },
    "a BatchNorm": {
      text: net(`${bn("b1", train)}\n${bn("b1_test", forTest, "▶")}`),
      says: ['"b1_test" (BatchNorm) has another name than in TRAIN, where "b1" is in its place', "316.2·x"],
      fixed: net(`${bn("b1", train)}\n${bn("b1", forTest)}`),
    },
    "of which only one has a Scale behind it": {
      text: net(`${bn("b1", train)}\n${scale("s1", train)}\n${bn("b1_test", forTest, "▶")}`),
      fixed: net(`${bn("b1", train)}\n${scale("s1", train)}\n${bn("b1", forTest)}`),
    },
    "its eps": {
      text: net(`${bn("b1", train)}\n${bn("b2", `${forTest} batch_norm_param { eps: 0.01 }`, "▶")}`),
      says: ["here 10·x"],
      fixed: net(`${bn("b1", train)}\n${bn("b1", `${forTest} batch_norm_param { eps: 0.01 }`)}`),
    },
    "a pair, with dropout in TRAIN only before it": {
      text: net(
        `layer { name: "drop" type: "Dropout" bottom: "c" top: "c" ${train} }
${bn("b1", train)}\n${scale("s1", train)}\n${bn("b2", forTest, "▶")}\n${scale("s2", forTest, "▶")}`,
      ),
      says: ['"s2" (Scale) has another name', "γ and β stay as they are filled"],
      fixed: net(
        `layer { name: "drop" type: "Dropout" bottom: "c" top: "c" ${train} }
${bn("b1", train)}\n${scale("s1", train)}\n${bn("b1", forTest)}\n${scale("s1", forTest)}`,
      ),
    },
    "blobs of other names": {
      text: net(
        `layer { name: "b1" type: "BatchNorm" bottom: "c" top: "n" ${train} }
layer { name: "s1" type: "Scale" bottom: "n" top: "c2" ${train} scale_param { bias_term: true } }
layer { ▶name: "b2" type: "BatchNorm" bottom: "c" top: "c" ${forTest} }
layer { ▶name: "s2" type: "Scale" bottom: "c" top: "c2" ${forTest} scale_param { bias_term: true } }`,
      ).replaceAll('bottom: "c" top: "ip"', 'bottom: "c2" top: "ip"'),
      fixed: net(
        `layer { name: "b1" type: "BatchNorm" bottom: "c" top: "n" ${train} }
layer { name: "s1" type: "Scale" bottom: "n" top: "c2" ${train} scale_param { bias_term: true } }
layer { name: "b1" type: "BatchNorm" bottom: "c" top: "c" ${forTest} }
layer { name: "s1" type: "Scale" bottom: "c" top: "c2" ${forTest} scale_param { bias_term: true } }`,
      ).replaceAll('bottom: "c" top: "ip"', 'bottom: "c2" top: "ip"'),
    },
    "a Scale that would not take the parameters": {
      text: net(`${bn("b1", "")}\n${scale("s1", train)}\n${scale("s2", forTest, "▶", "bias_term: false")}`),
    },
    "shared in Moka, not in Caffe": {
      severity: "warning",
      text: net(`${bn("b1", `${train} ${shared}`)}\n${bn("b2", `${forTest} ${shared}`, "▶")}`),
      says: ["by which Moka finds them. Caffe does not"],
      fixed: net(`${bn("b1", `${train} ${shared}`)}\n${bn("b1", `${forTest} ${shared}`)}`),
    },
    "by the stages of the solver": {
      text: net(`${bn("b1", 'include { stage: "a" }')}\n${bn("b2", 'include { stage: "b" }', "▶")}`),
      solver: 'train_state { stage: "a" } test_state { stage: "b" } test_iter: 1 test_interval: 1',
      fixed: net(`${bn("b1", 'include { stage: "a" }')}\n${bn("b1", 'include { stage: "b" }')}`),
    },
    "other names in the weights": {
      text: net(`${bn("bn", "", "▶")}\n${scale("sc", "", "▶")}`),
      weights: fromFile,
      says: ['than in the weights, where "b1" is in its place', 'gets nothing of "s1"'],
      fixed: net(`${bn("b1", "")}\n${scale("s1", "")}`),
    },
    "twins of another name than in the weights": {
      text: net(`${bn("bn", train)}\n${bn("bn", forTest, "▶")}\n${scale("s1", "")}`),
      weights: fromFile,
      fixed: net(`${bn("b1", train)}\n${bn("b1", forTest)}\n${scale("s1", "")}`),
    },
  },
});

const files = createFiles;
const solver = 'train_net: "train.prototxt" test_net: "test.prototxt" test_iter: 1 test_interval: 9';

test("nets of their own are held against each other, and the one of TEST is repaired", async () => {
  const texts = { "train.prototxt": net(bn("b1", "")), "test.prototxt": net(bn("bn1", "")) };
  const context = { ...lintContext({ solver }), files: files(texts) };
  const about = async (path: keyof typeof texts) => {
    const found = await lintText(texts[path], path, rules, {}, context);
    return found.filter(({ message }) => /\(BatchNorm\)/.test(message) && !/no Scale/.test(message));
  };
  expect(await about("test.prototxt")).toMatchObject([{ rule: "bn-names-differ", severity: "error", fixable: true }]);
  expect(await about("train.prototxt")).toMatchObject([
    {
      rule: "bn-names-differ",
      severity: "error",
      fixable: false,
      message: expect.stringContaining('where "bn1" is in its place'),
    },
  ]);
});

test("what the weights have by another name is told once", async () => {
  const found = await lintText(
    net(`${bn("bn", "")}\n${scale("sc", "")}`),
    undefined,
    rules,
    {},
    {
      ...lintContext({ weights: fromFile }),
    },
  );
  const about = found.filter(({ message }) => /^layer "(bn|sc)"/.test(message) && !message.includes("decay"));
  expect(about.map(({ rule }) => rule)).toEqual(["bn-names-differ", "bn-names-differ"]);
});

import { create } from "@bufbuild/protobuf";
import { testRule } from "../../../test/lint.js";
import { weightsOf } from "../../../test/lint-weights.js";
import { LayerParameterSchema, type NetParameter } from "../../proto/gen/caffe_pb.js";
import { parseNet } from "../../proto/text/index.js";
import { bnPhasesDiffer } from "./bn-phases-differ.js";

const train = "include { phase: TRAIN }";
const forTest = "include { phase: TEST }";
const net = (layers: string) => `layer { name: "d" type: "DummyData" top: "x" top: "t"
  dummy_data_param { shape { dim: 2 dim: 2 dim: 6 dim: 6 } shape { dim: 2 } } }
${layers}
layer { name: "ip" type: "InnerProduct" bottom: "c" top: "ip" inner_product_param { num_output: 3 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }
`;
const bn = (fields: string, own = "", name = "b") =>
  `layer { name: "${name}" type: "BatchNorm" bottom: "x" top: "c" ${fields} ${own && `batch_norm_param { ${own} }`} }`;
const scale = (fields: string, own: string) =>
  `layer { name: "s" type: "Scale" bottom: "c" top: "c" ${fields} scale_param { ${own} } }`;
const conv = `layer { name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 2 kernel_size: 3 } }`;
const specs = (name: string) => ["m", "v", "s"].map((each) => `param { name: "${name}${each}" }`).join(" ");

/** A snapshot of a net whose BatchNorm has these variances. */
function snapshot(text: string, variance: readonly number[]): NetParameter {
  const blobs = weightsOf({
    b: [[0, 0], variance, [1]],
    s: [
      [1, 1],
      [0, 0],
    ],
  }).layer;
  const weights = weightsOf({});
  weights.layer = parseNet(text).message.layer.map((layer) => {
    return create(LayerParameterSchema, {
      ...layer,
      blobs: blobs.find(({ name }) => name === layer.name)?.blobs ?? [],
    });
  });
  return weights;
}

testRule(bnPhasesDiffer, {
  good: {
    "one layer": net(`${bn("", "eps: 0.1")}\n${scale("", "bias_term: true")}`),
    "equal fields": net(`${bn(train, "eps: 1e-5 use_global_stats: false")}\n${bn(forTest, "use_global_stats: true")}`),
    "a fraction that TEST does not write": net(`${bn(train, "moving_average_fraction: 0.9")}\n${bn(forTest)}`),
    "another eps, by the batch in TEST": net(`${bn(train)}\n${bn(forTest, "eps: 1 use_global_stats: false")}`),
    "fillers and decay": net(
      `${bn("")}\n${scale(`${train} param { decay_mult: 0 }`, "bias_term: true filler { value: 0.5 }")}\n${scale(forTest, "bias_term: true")}`,
    ),
    "weights with this eps": {
      text: net(bn("", "eps: 0.001")),
      weights: snapshot(net(bn("", "eps: 0.001")), [1, 1]),
    },
    "names shared in both phases": net(
      [train, forTest]
        .map(
          (phase) =>
            `${bn(`${phase} ${specs("")}`, "", "b")}\n${bn(`${phase} ${specs("")}`, "", "b2").replace('top: "c"', 'top: "e"')}`,
        )
        .join("\n"),
    ),
  },
  bad: {
    "another eps": {
      text: net(`${bn(train)}\n${bn(forTest, "▶eps: 0.01")}`),
      says: ["has eps 0.01, and 1e-05 in TRAIN", "0.995 times for a variance v of 1, and 0.303 times for one of 0.001"],
      fixed: net(`${bn(train)}\n${bn(forTest, "eps: 1e-05")}`),
    },
    "an eps that changes much": {
      severity: "error",
      text: net(`${bn(train, "eps: 0.3")}\n▶${bn(forTest)}`),
      says: ["has eps 1e-05, and 0.3 in TRAIN", "1.14 times"],
      fixed: net(`${bn(train, "eps: 0.3")}\n${bn(forTest, "eps: 0.3").replace("} }", "}  }")}`),
    },
    "an eps that is little beside 1, and much beside the variances": {
      severity: "error",
      text: net(bn("", "▶eps: 0.01")),
      weights: snapshot(net(bn("", "eps: 1e-5")), [1, 0.01]),
      says: ["and 1e-05 in the net of the weights", "0.7075 times in the channel of these weights that changes most"],
      fixed: net(bn("", "eps: 1e-05")),
    },
    "layers of two names": {
      text: net(`${bn(train)}\n${bn(forTest, "▶eps: 0.01", "b_test")}`),
      says: ["0.01"],
      fixed: net(`${bn(train)}\n${bn(forTest, "eps: 1e-05", "b_test")}`),
    },
    "a fraction that is not read": {
      severity: "info",
      text: net(`${bn(train)}\n${bn(forTest, "▶moving_average_fraction: 0.9")}`),
      says: ["has moving_average_fraction 0.9, and 0.999 in TRAIN", "0.9 is never read"],
    },
    "a fraction with which TEST moves the averages": {
      text: net(`${bn(train)}\n${bn(forTest, "▶moving_average_fraction: 0.5 use_global_stats: false")}`),
      says: ["moves the averages too"],
    },
    "β in one phase only": {
      severity: "error",
      text: net(`${bn("")}\n${scale(train, "bias_term: true")}\n${scale(forTest, "▶bias_term: false")}`),
      says: ["has another bias_term than in TRAIN", "Incompatible number of blobs"],
    },
    "γ of another axis": {
      severity: "error",
      text: net(`${bn("")}\n${scale(train, "bias_term: true")}\n${scale(forTest, "bias_term: true ▶axis: 2")}`),
      says: ["has another axis than in TRAIN", "Cannot share param 0 weights"],
    },
    "a Scale that only the weights have": {
      severity: "error",
      text: net(`▶${bn("")}`),
      weights: snapshot(net(`${bn("")}\n${scale("", "bias_term: true")}`), [1, 1]),
      says: ['"s" in the net of the weights', "γ and β"],
    },
    "a BatchNorm that only the weights have": {
      severity: "error",
      text: net(`${conv}\n▶${scale("", "bias_term: true")}`),
      weights: snapshot(
        net(`${conv}\n${bn("").replace('bottom: "x"', 'bottom: "c"')}\n${scale("", "bias_term: true")}`),
        [1, 1],
      ),
      says: ['"s" (Scale) reads "conv" as it is, with BatchNorm "b" between them', "moka fold"],
    },
    "names shared in TEST only": {
      text: net(
        [train, forTest]
          .map((phase, i) => {
            const own = i ? specs("") : "";
            const other = bn(`${phase} ${own}`, "", "b2").replace('top: "c"', 'top: "e"');
            return `${bn(`${phase} ${i ? "▶" : ""}${own}`, "", "b")}\n${i ? other.replace("param", "▶param") : other}`;
          })
          .join("\n"),
      ),
      says: ['shares parameters with "b2" in TEST, and not in TRAIN'],
    },
  },
});

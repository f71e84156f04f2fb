import { testRule } from "../../../test/lint.js";
import { layerAfterInPlace } from "./layer-after-in-place.js";

const layer = (type: string, bottom: string, top: string, more = "", mark = "") =>
  `layer { name: "${type.toLowerCase()}" type: "${type}" bottom: "${bottom}" top: ${mark}"${top}"${more && ` ${more}`} }
`;
const net = (
  layers: string,
  blob = "y",
) => `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 4 } shape { dim: 2 dim: 4 } } }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 4 } }
${layers}layer { name: "l" type: "EuclideanLoss" bottom: "${blob}" bottom: "t" top: "l" }
`;

/** A residual block that normalizes `from` into `norm` before it convolves. */
const block = (from: string, norm: string, conv: string, added: string, to: string, mark = "") =>
  `layer { name: "bn${norm}" type: "BatchNorm" bottom: "${from}" top: "${norm}" }
layer { name: "relu${norm}" type: "ReLU" bottom: "${norm}" top: "${norm}" }
layer { name: "${conv}" type: "InnerProduct" bottom: "${norm}" top: "${conv}" inner_product_param { num_output: 4 } }
layer { name: "sum${to}" type: "Eltwise" bottom: ${mark}"${from}" bottom: "${added}" top: "${to}" }
`;

testRule(layerAfterInPlace, {
  good: {
    "batch normalization, scale and ReLU in place": net(
      layer("BatchNorm", "y", "y") + layer("Scale", "y", "y") + layer("ReLU", "y", "y"),
    ),
    "a ReLU and a Dropout in place": net(layer("ReLU", "y", "y") + layer("Dropout", "y", "y")),
    "a ReLU of its own, and batch normalization in place on its top": net(
      layer("ReLU", "y", "z") + layer("BatchNorm", "z", "z"),
      "z",
    ),
    "a Sigmoid in place, and a Dropout with a top of its own": net(
      layer("Sigmoid", "y", "y") + layer("Dropout", "y", "z"),
      "z",
    ),
    "a Power in place whose gradient is 0": net(layer("Power", "y", "y", "power_param { power: 0 }")),
    "an MVN in place that only subtracts the mean": net(
      layer("MVN", "y", "y", "mvn_param { normalize_variance: false }"),
    ),
    "readers of what a layer in place made": net(layer("ReLU", "y", "y") + layer("AbsVal", "y", "z")),
    "a block that normalizes by a name of its own, and one that rectifies the sum": `input: "x" input_shape { dim: 2 dim: 4 }
${block("x", "a", "a1", "a1", "a2")}${block("a2", "b", "b1", "b1", "b2")}layer { name: "r2" type: "ReLU" bottom: "b2" top: "b2" }
${block("b2", "c", "c1", "c1", "c2")}`,
    "a net to deploy, which has no backward": `input: "x" input_shape { dim: 1 }
${layer("ReLU", "x", "x")}${layer("BatchNorm", "x", "x")}`,
    "layers that no gradient goes back to": `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 4 } shape { dim: 2 dim: 4 } } }
${layer("ReLU", "x", "x")}${layer("BatchNorm", "x", "x")}layer { name: "l" type: "EuclideanLoss" bottom: "x" bottom: "t" top: "l" }
`,
    "two shapes of one blob, only one of which is read on": net(
      layer("Flatten", "y", "z") + layer("ReLU", "z", "z"),
      "z",
    ),
  },
  bad: {
    "a layer in place on a blob with a loss_weight": {
      severity: "error",
      text: net(layer("AbsVal", "y", "z", "loss_weight: 1") + layer("ReLU", "z", "z", "", "▶"), "z"),
      says: ['layer "relu" (ReLU) works in place on "z", which has a loss_weight', "produced by multiple sources"],
    },
    "batch normalization in place on a ReLU in place": {
      text: net(layer("ReLU", "y", "y") + layer("BatchNorm", "y", "y", "", "▶")),
      says: [
        'layer "batchnorm" (BatchNorm) overwrites "y", which layer "relu" (ReLU) needs for its gradient',
        'goes through where "y" is above 0',
      ],
    },
    "a Dropout in place on a Sigmoid": {
      text: net(layer("Sigmoid", "y", "z") + layer("Dropout", "z", "z", "", "▶"), "z"),
      says: ['computed from the values of "z"'],
    },
    "a shortcut that takes a sum as it was normalized in place": {
      severity: "info",
      text: `input: "x" input_shape { dim: 2 dim: 4 }
${block("x", "a", "a1", "a1", "a2")}${block("a2", "a2", "b1", "b1", "b2", "▶")}`,
      says: [
        'adds "a2" as layer "bna2" (BatchNorm) left it in place, not the sum of "suma2"',
        "normalize before they convolve",
      ],
    },
    "a layer that cannot work in place": {
      severity: "error",
      text: net(layer("AbsVal", "y", "y", "", "▶")),
      says: ['layer "absval" (AbsVal) cannot work in place: its top "y" is its bottom'],
    },
    "a blob that is read before it is worked on in place": {
      severity: "error",
      text: net(layer("AbsVal", "y", "z") + layer("ReLU", "y", "y", "", "▶")),
      says: ['works in place on "y", which layer "absval" (AbsVal) reads as well', "produced by multiple sources"],
    },
    "two layers in place on one blob by two names, one of which is read later": {
      text: net(
        `${layer("Flatten", "y", "z")}${layer("Sigmoid", "z", "z", "", "▶")}layer { name: "e" type: "Eltwise" bottom: "y" bottom: "z" top: "e" }
`,
        "e",
      ),
      says: ['layer "e" (Eltwise) needs for its forward', "copy nothing"],
    },
    "layers that overwrite what their own gradient needs": {
      text: net(layer("BNLL", "y", "y", "", "▶") + layer("Power", "y", "y", "power_param { power: 2 }", "▶")),
      says: ["its gradient needs what that overwrites", "Moka computes the right one"],
    },
    "a power of 1 in place, and MVN: their diff overwrites that of the top": {
      text: net(layer("Power", "y", "y", "power_param { scale: 2 shift: 1 }", "▶") + layer("MVN", "y", "y", "", "▶")),
      says: ["its gradient needs what that overwrites", "Moka computes the right one"],
    },
    "a Clip in place": {
      text: net(layer("Clip", "y", "y", "clip_param { min: 0 max: 6 }", "▶")),
      says: ["passes everywhere", "Moka does the same"],
    },
  },
});

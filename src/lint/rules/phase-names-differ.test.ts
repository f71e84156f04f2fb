import { testRule } from "../../../test/lint.js";
import { phaseNamesDiffer } from "./phase-names-differ.js";

const train = "include { phase: TRAIN }";
const forTest = "include { phase: TEST }";
const net = (layers: string) => `layer { name: "d" type: "DummyData" top: "x" top: "t"
  dummy_data_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } shape { dim: 2 } } }
${layers}
layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
layer { name: "ip" type: "InnerProduct" bottom: "c" top: "ip" inner_product_param { num_output: 3 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }
`;
const conv = (name: string, fields: string, own = "", mark = "") =>
  `layer { ${mark}name: "${name}" type: "Convolution" bottom: "x" top: "c" ${fields} convolution_param { num_output: 4 kernel_size: 3 ${own} } }`;
const shared = 'param { name: "w" } param { name: "b" }';
const head = (name: string, fields: string, count = 3, mark = "") =>
  `layer { ${mark}name: "${name}" type: "InnerProduct" bottom: "ip" top: "${name}" ${fields} inner_product_param { num_output: ${count} } }`;

testRule(phaseNamesDiffer, {
  good: {
    "one name": net(`${conv("c", train)}\n${conv("c", forTest)}`),
    "another architecture": net(`${conv("c", train)}\n${conv("c2", forTest, "group: 1 dilation: 2 pad: 1")}`),
    "two in one place, of which none can be told": net(
      `${["a", "b"]
        .map((name) => `${conv(name, train)}\n${conv(`${name}2`, forTest)}`.replaceAll('top: "c"', `top: "${name}"`))
        .join("\n")}\n${conv("c", "")}`,
    ),
    "heads of two tasks": `${net(conv("c", ""))}${head("h", train)}\n${head("h2", forTest, 5)}\n`,
    "a BatchNorm, of which bn-names-differ speaks": net(
      `${conv("c", "")}\n` +
        `layer { name: "b" type: "BatchNorm" bottom: "c" top: "c" ${train} }
layer { name: "b2" type: "BatchNorm" bottom: "c" top: "c" ${forTest} }`,
    ),
  },
  bad: {
    "a Convolution": {
      text: net(`${conv("c", train, 'weight_filler { type: "xavier" }')}\n${conv("c_test", forTest, "", "▶")}`),
      says: [
        '"c_test" (Convolution) has another name than in TRAIN, where "c" is in its place',
        "what its filler made",
      ],
      fixed: net(`${conv("c", train, 'weight_filler { type: "xavier" }')}\n${conv("c", forTest)}`),
    },
    "an InnerProduct before the ends of the nets": {
      text:
        net(conv("c", "")) +
        `${head("h", train)}
layer { name: "hl" type: "SoftmaxWithLoss" bottom: "h" bottom: "t" top: "hl" ${train} }
${head("h2", forTest, 3, "▶")}
layer { name: "hp" type: "Softmax" bottom: "h2" top: "hp" ${forTest} }
`,
      fixed:
        net(conv("c", "")) +
        `${head("h", train)}
layer { name: "hl" type: "SoftmaxWithLoss" bottom: "h" bottom: "t" top: "hl" ${train} }
${head("h2", forTest, 3).replace('name: "h2"', 'name: "h"')}
layer { name: "hp" type: "Softmax" bottom: "h2" top: "hp" ${forTest} }
`,
    },
    "shared in Moka, not in Caffe": {
      severity: "warning",
      text: net(`${conv("c", `${train} ${shared}`)}\n${conv("c2", `${forTest} ${shared}`, "", "▶")}`),
      says: ["Caffe does not"],
      fixed: net(`${conv("c", `${train} ${shared}`)}\n${conv("c", `${forTest} ${shared}`)}`),
    },
  },
});

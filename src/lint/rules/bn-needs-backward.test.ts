import { testRule } from "../../../test/lint.js";
import { bnNeedsBackward } from "./bn-needs-backward.js";

const zeros = (count: number) => Array(count).fill("param { lr_mult: 0 decay_mult: 0 }").join(" ");
const data = `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } shape { dim: 2 dim: 5 } } }
`;
const conv = (name: string, bottom: string, specs: string) =>
  `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" ${specs} convolution_param { num_output: 4 kernel_size: 3 } }
`;
const bn = (name: string, bottom: string, specs: string, mark = "") =>
  `${mark}layer { name: "${name}" type: "BatchNorm" bottom: "${bottom}" top: "${bottom}"${specs && ` ${specs}`} }
`;
const head = (
  bottom: string,
) => `layer { name: "f" type: "InnerProduct" bottom: "${bottom}" top: "f" inner_product_param { num_output: 5 } }
layer { name: "l" type: "EuclideanLoss" bottom: "f" bottom: "t" top: "l" }
`;

/** Two frozen convolutions and a layer that learns. */
const frozen = (first: string, second: string, mark = "") =>
  data +
  conv("c1", "x", zeros(2)) +
  bn("b1", "c1", first, mark) +
  conv("c2", "c1", zeros(2)) +
  bn("b2", "c2", second) +
  head("c2");

testRule(bnNeedsBackward, {
  good: {
    "three specs": frozen(zeros(3), zeros(3)),
    "a net that learns below each BatchNorm, where backward runs anyway":
      data + conv("c1", "x", "") + bn("b1", "c1", "") + conv("c2", "c1", zeros(2)) + bn("b2", "c2", "") + head("c2"),
    "an lr_mult for which Caffe aborts": frozen("param { lr_mult: 1 }", zeros(3)),
    "a gradient that the layer behind does not ask for, and a BatchNorm above which it ends": `${data}${conv("c1", "x", zeros(2))}${bn("b1", "c1", zeros(3))}${head("c1")}`,
    "a net without a loss": `layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
${bn("b1", "x", "")}${conv("c1", "x", "")}`,
    "a net that Caffe stops in, which label-gradient reports": frozen("", "").replace(
      head("c2"),
      `layer { name: "p" type: "Threshold" bottom: "c2" top: "p" }
${head("p")}`,
    ),
    "a fork's BatchNorm": frozen("batch_norm_param { scale_bias: true }", zeros(3)),
    "a BatchNorm whose results lead to no loss": `${data}${conv("c1", "x", "")}${head("c1")}${bn("b2", "t", "").replace('top: "t"', 'top: "n"')}`,
  },
  bad: {
    "no specs in frozen layers": {
      text: frozen("", "", "▶"),
      fixed: frozen(zeros(3), zeros(3)),
      // Multiply-adds: 7776 and 4608 of the convolutions, 640 of f. Nobody needs the gradients below c2 and f, 4608 + 640 of
      // 7776 + 2·4608 + 3·640.
      says: [
        'layer "b1" (BatchNorm) (and 1 more like it) has no param specs',
        "runs 3 layers backward where nothing learns",
        "takes 28 % of the multiply-adds",
      ],
    },
    "one of two BatchNorms": {
      text: frozen("param { lr_mult: 0 decay_mult: 0 }", zeros(3), "▶"),
      fixed: frozen(zeros(3), zeros(3)),
      says: ["has 1 param spec of 3"],
    },
    "a BatchNorm on the data": {
      text: data + bn("b1", "x", "", "▶") + conv("c1", "x", "") + head("c1"),
      fixed: data + bn("b1", "x", zeros(3)) + conv("c1", "x", "") + head("c1"),
      says: ["runs 1 layer backward"],
    },
  },
});

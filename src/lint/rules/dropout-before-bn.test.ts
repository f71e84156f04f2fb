import { testRule } from "../../../test/lint.js";
import { dropoutBeforeBn } from "./dropout-before-bn.js";

const start = `layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }
layer { name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 3 kernel_size: 1 } }
`;
const drop = (more = "") => `layer { name: "drop" type: "Dropout" bottom: "c" top: "c"${more} }
`;
const relu = `layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
`;
const pool = `layer { name: "pool" type: "Pooling" bottom: "c" top: "p" pooling_param { kernel_size: 2 } }
`;
const bn = (bottom = "c", more = "", name = "bn") =>
  `layer { name: "${name}" type: "BatchNorm" bottom: "${bottom}" top: "${bottom}"${more} }
`;
const fc = (bottom: string) =>
  `layer { name: "fc" type: "InnerProduct" bottom: "${bottom}" top: "f" inner_product_param { num_output: 2 } }
`;
const loss = `layer { name: "l" type: "EuclideanLoss" bottom: "f" bottom: "f" top: "l" }
`;

testRule(dropoutBeforeBn, {
  good: {
    "behind the BatchNorm": start + bn() + drop() + fc("c") + loss,
    "a BatchNorm between":
      start + drop() + bn("c", " batch_norm_param { use_global_stats: true }") + fc("c") + bn("f", "", "bn2") + loss,
    "a ratio of 0": start + drop(" dropout_param { dropout_ratio: 0 }") + bn() + fc("c") + loss,
    "averages that stay": start + drop() + bn("c", " batch_norm_param { use_global_stats: true }") + fc("c") + loss,
    "the batch in TEST too": start + drop() + bn("c", " batch_norm_param { use_global_stats: false }") + fc("c") + loss,
    "nothing dropped in training": start + drop(" include { phase: TEST }") + bn() + fc("c") + loss,
    "a branch of its own": `${start}layer { name: "drop" type: "Dropout" bottom: "c" top: "e" }
${bn("c").replace('top: "c"', 'top: "n"')}${fc("n")}${loss}`,
    "a deploy net": `input: "c" input_shape { dim: 1 dim: 3 }
${drop()}${bn()}`,
  },
  bad: {
    "right before it": {
      text: `${start}${drop()}▶${bn()}${fc("c")}${loss}`,
      says: ['comes behind layer "drop" (Dropout)', "1/(1 − 0.5) = 2 times as large", "at most √0.5 = 0.71"],
    },
    "a ratio of 0.8": {
      text: `${start}${drop(" dropout_param { dropout_ratio: 0.8 }")}▶${bn()}${fc("c")}${loss}`,
      says: ["1/(1 − 0.8) = 5 times", "√0.2 = 0.45"],
    },
    "in training only": { text: `${start}${drop(" include { phase: TRAIN }")}▶${bn()}${fc("c")}${loss}` },
    "ReLU and pooling between": {
      text: `${start}${drop()}${relu}${pool}▶${bn("p")}${fc("p")}${loss}`,
      says: ["each by another share"],
    },
    "an inner product between": {
      severity: "info",
      text: `${start}${drop()}${fc("c")}▶${bn("f")}${loss}`,
      says: ['through layer "fc" (InnerProduct)'],
    },
    "one layer for each phase": {
      text: `${start}${drop()}▶${bn("c", " include { phase: TRAIN } batch_norm_param { use_global_stats: false }")}${bn("c", " include { phase: TEST } batch_norm_param { use_global_stats: true }")}${fc("c")}${loss}`,
    },
    several: {
      text: `${start}${drop()}▶${bn()}${drop().replace('"drop"', '"drop2"')}${bn("c", "", "bn2")}${fc("c")}${loss}`,
      says: ["(and 1 more like it)"],
    },
  },
});

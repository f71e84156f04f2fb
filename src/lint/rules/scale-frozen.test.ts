import { testRule } from "../../../test/lint.js";
import { weightsOf } from "../../../test/lint-weights.js";
import { scaleFrozen } from "./scale-frozen.js";

const data = `layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }
`;
const conv = (specs = "", name = "conv", bottom = "x", top = "c") =>
  `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${top}"${specs} convolution_param { num_output: 2 kernel_size: 1 } }
`;
const zero = " param { lr_mult: 0 }";
const marked = " param { ▶lr_mult: 0 }";
const one = " param { lr_mult: 1 }";
const rest = (
  specs: string,
  bn = "",
  term = "true",
) => `layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c"${bn} }
layer { name: "s" type: "Scale" bottom: "c" top: "c"${specs} scale_param { bias_term: ${term} } }
layer { name: "fc" type: "InnerProduct" bottom: "c" top: "f" inner_product_param { num_output: 2 } }
layer { name: "l" type: "EuclideanLoss" bottom: "f" bottom: "f" top: "l" }
`;
const net = (specs: string, term?: string) => data + conv() + rest(specs, "", term);
const trained = (gamma: number[], beta: number[]) => weightsOf({ s: [gamma, beta] });

testRule(scaleFrozen, {
  good: {
    "both learn": net(one + one),
    "no specs": net(""),
    "the convolution before is frozen too": data + conv(zero + zero) + rest(zero + zero),
    "all layers before are frozen":
      data + conv(zero + zero, "c0", "x", "c0") + conv(zero + zero, "c1", "c0") + rest(zero + zero),
    "the BatchNorm is frozen too": data + conv() + rest(zero + zero, " batch_norm_param { use_global_stats: true }"),
    "normalized data": `layer { name: "d" type: "DummyData" top: "c" dummy_data_param { shape { dim: 2 dim: 3 } } }
${rest(zero + zero)}`,
    "trained before, and kept so": { text: net(zero + zero), weights: trained([1, 0.7], [0, 0.2]) },
    "a shift that was trained": { text: net(one + zero), weights: trained([1, 1], [0, 0.2]) },
    "a deploy net": `input: "c" input_shape { dim: 1 dim: 3 }
layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" }
layer { name: "s" type: "Scale" bottom: "c" top: "c"${zero}${zero} scale_param { bias_term: true } }
`,
  },
  bad: {
    "both, copied from the BatchNorm": {
      text: net(` param { ▶lr_mult: 0 decay_mult: 0 } param { lr_mult: 0 decay_mult: 0 }`),
      fixed: net(` param { lr_mult: 1 decay_mult: 0 } param { lr_mult: 1 decay_mult: 0 }`),
      says: ["never learns γ and β", "as if the Scale were not there"],
    },
    "all that it has": {
      text: net(marked, "false"),
      fixed: net(one, "false"),
      says: ["never learns γ:", "were not there"],
    },
    "the shift": { text: net(one + marked), fixed: net(one + one), says: ["never learns β", "keeps mean 0"] },
    "the scale, which costs little": { severity: "info", text: net(marked + one) },
    "weights that never learned either": { text: net(marked + zero), weights: trained([1, 1], [0, 0]) },
  },
});

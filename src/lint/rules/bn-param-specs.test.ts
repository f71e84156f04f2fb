import { testRule } from "../../../test/lint.js";
import { bnParamSpecs } from "./bn-param-specs.js";

const bn = (specs: string) => `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" ${specs} }
`;
const zero = "param { lr_mult: 0 decay_mult: 0 }";

testRule(bnParamSpecs, {
  good: {
    "no specs": bn(""),
    "three of them": bn(`${zero} ${zero} ${zero}`),
    "specs that learn, which bn-learnable-stats reports": bn("param { lr_mult: 1 }"),
    "where they cost a backward pass, of which bn-needs-backward speaks": `layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 3 } } }
${bn(zero)}layer { name: "ip" type: "InnerProduct" bottom: "y" top: "z" inner_product_param { num_output: 3 } }
layer { name: "l" type: "EuclideanLoss" bottom: "z" bottom: "x" top: "l" }
`,
    "a deploy net, which does not train": `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }
${bn("param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 }")}`,
  },
  bad: {
    "two specs": {
      text: bn(`${zero} ▶${zero}`),
      fixed: bn(`${zero} ${zero} ${zero}`),
      says: [/has 2 param specs for its three statistics/, /Caffe adds the missing ones/],
    },
    "one spec with decay, on lines": {
      text: `layer {
  name: "bn"
  type: "BatchNorm"
  bottom: "x"
  top: "y"
  ▶param { lr_mult: 0 }
  batch_norm_param { eps: 0.001 }
}
`,
      fixed: `layer {
  name: "bn"
  type: "BatchNorm"
  bottom: "x"
  top: "y"
  param { lr_mult: 0 decay_mult: 0 }
  param { lr_mult: 0 decay_mult: 0 }
  param { lr_mult: 0 decay_mult: 0 }
  batch_norm_param { eps: 0.001 }
}
`,
    },
    "decay_mult left at 1": {
      text: bn(`${zero} ▶param { lr_mult: 0 } param { lr_mult: 0 decay_mult: 2 }`),
      fixed: bn(`${zero} ${zero} ${zero}`),
      says: [/keeps decay_mult at 1/, /harmless/],
    },
    "four specs: Caffe aborts": {
      text: bn(`${zero} ${zero} ${zero} ▶${zero}`),
      fixed: bn(`${zero} ${zero} ${zero}`),
      severity: "error",
      says: [/has 4 param specs, but three parameters/],
    },
    "five specs in a list": {
      text: bn(`param: [{ lr_mult: 0 decay_mult: 0 }, { lr_mult: 0 decay_mult: 0 }, { lr_mult: 0 decay_mult: 0 },
  ▶{ lr_mult: 1 }, { lr_mult: 1 }]`),
      fixed: bn("param: [{ lr_mult: 0 decay_mult: 0 }, { lr_mult: 0 decay_mult: 0 }, { lr_mult: 0 decay_mult: 0 }]"),
      severity: "error",
    },
    "five specs of NVIDIA's, which has its scale inside": {
      text: bn(
        `${zero} ${zero} ${zero} ▶param { lr_mult: 1 } param { lr_mult: 1 } batch_norm_param { scale_bias: true }`,
      ),
      severity: "error",
    },
  },
});

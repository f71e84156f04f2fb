import { create } from "@bufbuild/protobuf";
import { testRule } from "../../../test/lint.js";
import { makeBlob } from "../../proto/binary/blob.js";
import { LayerParameterSchema, NetParameterSchema } from "../../proto/gen/caffe_pb.js";
import { zeroWeightFiller } from "./zero-weight-filler.js";

const net = (
  layers: string,
) => `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 4 } shape { dim: 2 } } }
${layers}layer { name: "l" type: "SoftmaxWithLoss" bottom: "z" bottom: "t" top: "l" }
`;
const fc = (name: string, bottom: string, top: string, more = "", mark = "", head = "") =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${top}" ${head}${mark}inner_product_param { num_output: 4${more} } }
`;
const xavier = ' weight_filler { type: "xavier" }';
const relu = (blob: string) => `layer { name: "r${blob}" type: "ReLU" bottom: "${blob}" top: "${blob}" }
`;

testRule(zeroWeightFiller, {
  good: {
    "fillers everywhere": net(fc("a", "x", "y", xavier) + fc("b", "y", "z", xavier)),
    "a filler that says 0": net(fc("a", "x", "y", xavier) + fc("b", "y", "z", ' weight_filler { type: "constant" }')),
    "one layer, which learns from 0": net(fc("a", "x", "z")),
    "a layer that is frozen": net(fc("a", "x", "y", xavier) + fc("b", "y", "z", "", "", "param { lr_mult: 0 } ")),
    "weights that another layer fills": net(
      fc("a", "x", "y", xavier, "", 'param { name: "w" } ') + fc("b", "y", "z", "", "", 'param { name: "w" } '),
    ),
    "weights given": {
      text: net(fc("a", "x", "y") + fc("b", "y", "z", xavier)),
      weights: create(NetParameterSchema, {
        layer: [create(LayerParameterSchema, { name: "a", blobs: [makeBlob([1], { data: new Float32Array(1) })] })],
      }),
    },
    "a net to deploy": `input: "x" input_shape { dim: 2 dim: 4 }
${fc("a", "x", "y")}`,
    "layers without weights, and Scale and PReLU, which start at something else":
      net(`${fc("a", "x", "z", xavier)}layer { name: "s" type: "Scale" bottom: "z" top: "z" }
layer { name: "p" type: "PReLU" bottom: "z" top: "z" }
`),
  },
  bad: {
    "a layer among others": {
      text: net(
        fc("a", "x", "y", xavier) + relu("y") + fc("b", "y", "q", "", "▶") + relu("q") + fc("c", "q", "z", xavier),
      ),
      fixed: net(
        fc("a", "x", "y", xavier) +
          relu("y") +
          fc("b", "y", "q", ' weight_filler { type: "msra" }') +
          relu("q") +
          fc("c", "q", "z", xavier),
      ),
      says: ["2 other layers that learn weights have a filler", '"q" is its bias alone, the same whatever comes in'],
    },
    "no rectifier behind it, on lines": {
      text: net(`${fc("a", "x", "y", xavier)}layer {
  name: "b"
  type: "InnerProduct"
  bottom: "y"
  top: "z"
  ▶inner_product_param {
    num_output: 4 # classes
  }
}
`),
      fixed: net(`${fc("a", "x", "y", xavier)}layer {
  name: "b"
  type: "InnerProduct"
  bottom: "y"
  top: "z"
  inner_product_param {
    num_output: 4 # classes
    weight_filler { type: "xavier" }
  }
}
`),
    },
    "no fillers at all, once": {
      severity: "info",
      text: net(fc("a", "x", "y", "", "▶") + relu("y") + fc("b", "y", "z")),
      says: ["and 1 more layer, of 2 that learn weights, have no weight_filler", "trained on from a caffemodel"],
    },
    "a backbone without, and a new layer with one": {
      severity: "info",
      text: net(fc("a", "x", "y", "", "▶") + fc("b", "y", "z", xavier)),
    },
  },
});

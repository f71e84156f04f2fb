import { create } from "@bufbuild/protobuf";
import { testRule } from "../../../test/lint.js";
import { makeBlob } from "../../proto/binary/blob.js";
import { LayerParameterSchema, NetParameterSchema } from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../../util/shape.js";
import { shapeMismatch } from "./shape-mismatch.js";

const input = `input: "x" input_shape { dim: 2 dim: 3 dim: 8 dim: 8 }
`;
const conv = `layer { name: "c" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 4 kernel_size: 3 } }
`;
const pictures = `layer { name: "d" type: "ImageData" top: "x" top: "t" image_data_param { source: "not-here.txt" batch_size: 5 new_height: 8 new_width: 8 } }
`;

const weights = (...shapes: Shape[]) =>
  create(NetParameterSchema, {
    layer: [
      create(LayerParameterSchema, {
        name: "c",
        blobs: shapes.map((shape) => makeBlob(shape, { data: new Float32Array(countOf(shape)) })),
      }),
    ],
  });

testRule(shapeMismatch, {
  good: {
    "what fits": input + conv,
    "weights that fit": { text: input + conv, weights: weights([4, 3, 3, 3], [4]) },
    "weights of before 2014": { text: input + conv, weights: weights([4, 3, 3, 3], [1, 1, 1, 4]) },
    "data that are not here": pictures + conv,
    "a slice of data that are not here, which may have six channels": `${pictures}layer { name: "s" type: "Slice" bottom: "x" top: "a" top: "b" slice_param { slice_point: 3 } }
`,
    "a layer with a fork's field": `${input}layer { name: "p" type: "Pooling" bottom: "x" top: "y" pooling_param { kernel_size: 20 fork: 1 } }
`,
    "specs of a BatchNorm with which it cannot be made, which bn-learnable-stats and bn-param-specs report": `${input}layer { name: "b" type: "BatchNorm" bottom: "x" top: "y" param { lr_mult: 1 } }
layer { name: "c" type: "BatchNorm" bottom: "x" top: "z" param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 } }
`,
    "unknown types": `${input}layer { name: "q" type: "Quantum" bottom: "x" top: "y" }
`,
  },
  bad: {
    "averages of another number of channels": {
      text: `${input}layer { ▶name: "c" type: "BatchNorm" bottom: "x" top: "y" }
`,
      weights: weights([4], [4], [1]),
      says: ["parameter 0 of shape 3", "one of 4"],
    },
    "bottoms that do not fit together": {
      text: `${input}${conv}▶layer { name: "e" type: "Eltwise" bottom: "x" bottom: "y" top: "z" }
`,
      says: [/layer "e" \(Eltwise\) does not take its bottoms: .*2 3 8 8/, /It reads "x" 2 3 8 8 .*"y" 2 4 6 6/],
    },
    "a message that cannot be": {
      text: `${input}▶layer { name: "c" type: "Convolution" bottom: "x" top: "y" convolution_param { kernel_size: 3 } }
`,
      says: ['layer "c" (Convolution) cannot be made: ', "num_output"],
    },
    "a type of filler that is misspelled": {
      text: `${input}layer { name: "c" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 4 kernel_size: 3
weight_filler { std: 1 ▶type: 'Gauss' } bias_filler { type: "constant" } } }
`,
      fixed: `${input}layer { name: "c" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 4 kernel_size: 3
weight_filler { std: 1 type: "gaussian" } bias_filler { type: "constant" } } }
`,
      says: ['did you mean "gaussian"?'],
    },
    "a type of filler that is none": {
      text: `${input}layer { name: "c" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 4 kernel_size: 3
bias_filler { ▶type: "zero" } } }
`,
      says: ['unknown filler type "zero"'],
    },
    "too many bottoms": {
      text: `${input}▶layer { name: "r" type: "ReLU" bottom: "x" bottom: "x" top: "y" }
`,
      says: ["needs exactly 1 bottom, but has 2"],
    },
    "a group that does not divide the channels that a convolution makes": {
      text: `${pictures}${conv}▶layer { name: "g" type: "Convolution" bottom: "y" top: "z" convolution_param { num_output: 3 group: 3 kernel_size: 1 } }
`,
    },
    "labels for another batch": {
      text: `${pictures}layer { name: "o" type: "DummyData" top: "o" dummy_data_param { shape { dim: 3 dim: 7 } } }
▶layer { name: "l" type: "SoftmaxWithLoss" bottom: "o" bottom: "t" top: "l" }
`,
    },
    "weights without the bias": {
      text: input + conv.replace("name", "▶name"),
      weights: weights([4, 3, 3, 3]),
      says: ["has 2 parameters, but the weights 1 blob for it", "rename the layer"],
    },
    "weights of another shape": {
      text: input + conv.replace("name", "▶name"),
      weights: weights([4, 1, 3, 3], [4]),
      says: [/a parameter 0 of shape 4 3 3 3 .*, but the weights one of 4 1 3 3/],
    },
  },
});

import { expect, test } from "vitest";
import { parseNet } from "../../proto/text/index.js";
import { describeLayer } from "./describe.js";

const described = (layer: string) => {
  const [message] = parseNet(`layer { name: "x" ${layer} }`).message.layer;
  return message && describeLayer(message);
};

test.each([
  [
    'type: "Convolution" convolution_param { num_output: 64 kernel_size: 7 stride: 2 pad: 3 }',
    ["64", "7×7", "stride 2", "pad 3"],
  ],
  [
    'type: "Convolution" convolution_param { num_output: 8 kernel_h: 1 kernel_w: 7 pad_w: 3 group: 8 dilation: 2 }',
    ["8", "1×7", "pad 0×3", "dilation 2", "group 8"],
  ],
  ['type: "Pooling" pooling_param { pool: AVE kernel_size: 3 stride: 2 }', ["ave", "3×3", "stride 2"]],
  ['type: "Pooling" pooling_param { pool: AVE global_pooling: true }', ["ave", "global"]],
  ['type: "InnerProduct" inner_product_param { num_output: 10 weight_filler { type: "xavier" } }', ["10"]],
  ['type: "Dropout" dropout_param { dropout_ratio: 0.4 }', ["0.4"]],
  ['type: "Eltwise"', ["sum"]],
  ['type: "Eltwise" eltwise_param { coeff: 1 coeff: -1 }', ["sum", "coeff 1,-1"]],
  ['type: "LRN" lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }', ["local_size 5", "alpha 0.0001", "beta 0.75"]],
  ['type: "Slice" slice_param { axis: 1 slice_point: 2 slice_point: 4 }', ["slice_point 2,4", "axis 1"]],
  ['type: "BatchNorm" batch_norm_param { use_global_stats: false }', ["use_global_stats off"]],
  [
    'type: "Data" data_param { source: "/a/very/long/path/to/the/train_lmdb" batch_size: 64 backend: LMDB }',
    ["source …ath/to/the/train_lmdb", "batch_size 64"],
  ],
  ['type: "ReLU"', []],
  ['type: "SomebodysOwn"', []],
])("%s", (layer, items) => {
  expect(described(layer)).toEqual(items);
});

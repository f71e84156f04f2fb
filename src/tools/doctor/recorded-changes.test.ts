import { expect, test } from "vitest";
import { parseNet } from "../../proto/text/index.js";
import { recordedChanges, recordedDropouts } from "./recorded-changes.js";

const layersOf = (text: string) => parseNet(text).message.layer;
const trained = layersOf(`
  layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "x" } }
  layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "msra" } } }
  layer { name: "b" type: "BatchNorm" bottom: "c" top: "c" batch_norm_param { use_global_stats: false moving_average_fraction: 0.9 } }
  layer { name: "s" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
  layer { name: "r" type: "ReLU" bottom: "c" top: "c" relu_param { negative_slope: 0.1 } }
  layer { name: "p" type: "Pooling" bottom: "c" top: "p" pooling_param { pool: AVE kernel_size: 2 } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "p" bottom: "label" top: "loss" }`);

const deploy = (changes: (text: string) => string) =>
  layersOf(
    changes(`
  layer { name: "data" type: "Input" top: "data" }
  layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 4 kernel_size: 3 } }
  layer { name: "b" type: "BatchNorm" bottom: "c" top: "c" batch_norm_param { use_global_stats: true eps: 1e-5 } }
  layer { name: "s" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
  layer { name: "r" type: "ReLU" bottom: "c" top: "c" relu_param { negative_slope: 0.1 } }
  layer { name: "p" type: "Pooling" bottom: "c" top: "p" pooling_param { pool: AVE kernel_size: 2 } }`),
  );

test("fields that only matter in training, and defaults that are written, are no differences", () => {
  expect(
    recordedChanges(
      deploy((text) => text),
      trained,
    ),
  ).toEqual([]);
});

test.each([
  ["eps: 1e-5", "eps: 0.001", 'eps: 1e-05 in "b" (BatchNorm) instead of 0.001'],
  ["pool: AVE", "pool: MAX", 'pool: AVE in "p" (Pooling) instead of MAX'],
  ["negative_slope: 0.1", "", 'negative_slope: 0.1 in "r" (ReLU) instead of 0'],
  ["kernel_size: 3", "kernel_size: 3 pad: 1", 'pad: none in "c" (Convolution) instead of 1'],
])("%s that became %s", (from, to, text) => {
  expect(
    recordedChanges(
      deploy((net) => net.replace(from, to)),
      trained,
    ).map((change) => change.text),
  ).toEqual([text]);
});

test("a layer that is left out stands behind the layer that made its bottom", () => {
  const without = (type: string) => deploy((net) => net.replace(new RegExp(`.*type: "${type}".*\\n`), ""));
  expect(recordedChanges(without("ReLU"), trained).map(({ text }) => text)).toEqual(['ReLU "r" behind "s"']);
  expect(recordedChanges(without("Scale"), trained).map(({ text }) => text)).toEqual(['Scale "s" behind "b"']);
});

test("weights without the layers' bottoms are no record of a net", () => {
  const bare = trained.map((layer) => Object.assign(Object.create(layer), { bottom: [] }));
  expect(
    recordedChanges(
      deploy((net) => net.replace("AVE", "MAX")),
      bare,
    ),
  ).toEqual([]);
});

test("a Dropout of the trained net is apart from the other changes: it does nothing in TEST", () => {
  const record = layersOf(`
    layer { name: "c" type: "Convolution" bottom: "data" top: "c" }
    layer { name: "d" type: "Dropout" bottom: "c" top: "c" }
    layer { name: "b" type: "BatchNorm" bottom: "c" top: "b" }
    layer { name: "s" type: "Scale" bottom: "b" top: "b" }`);
  const own = record.filter(({ name }) => name !== "d");
  expect(recordedChanges(own, record)).toEqual([]);
  expect(recordedDropouts(own, record).map(({ text }) => text)).toEqual(['Dropout "d" behind "c"']);
  expect(recordedDropouts(record, record)).toEqual([]);
});

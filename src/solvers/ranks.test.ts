import { afterAll, beforeAll, expect, test } from "vitest";
import { digitsFolder } from "../../test/norm-nets.js";
import { distance, trainAlone, trainTogether } from "../../test/train-together.js";

let folder: Awaited<ReturnType<typeof digitsFolder>>;
beforeAll(async () => {
  folder = await digitsFolder(200, 60);
});
afterAll(() => folder.remove());

/** A small net without BatchNorm, so that ranks differ from one process by rounding alone. */
const net = (batch: number) => `
  layer { name: "digits" type: "Data" top: "data" top: "label" include { phase: TRAIN } transform_param { scale: 0.004 }
    data_param { source: "${folder.path}/train_lmdb" batch_size: ${batch} backend: LMDB } }
  layer { name: "digits" type: "Data" top: "data" top: "label" include { phase: TEST } transform_param { scale: 0.004 }
    data_param { source: "${folder.path}/test_lmdb" batch_size: 7 backend: LMDB } }
  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
    convolution_param { num_output: 4 kernel_size: 5 stride: 3 weight_filler { type: "msra" } } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
    inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
  layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }`;

const solver = (batch: number, fields = "") =>
  `net_param { ${net(batch)} } base_lr: 0.05 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.001 random_seed: 3
   test_iter: 5 test_interval: 4 snapshot_prefix: "${folder.path}/ranks" snapshot_after_train: false max_iter: 8 ${fields}`;

const kinds = [
  "",
  'type: "Nesterov"',
  "iter_size: 2",
  "clip_gradients: 0.3",
  'type: "Adam" momentum2: 0.99 delta: 1e-4',
];

test.each(kinds)("ranks with %j train as one process with all their batches", async (fields) => {
  for (const size of [2, 3]) {
    const alone = await trainAlone(solver(4 * size, fields), 8);
    const all = await trainTogether(size, solver(4, fields), 8);
    for (const own of all) {
      expect(distance(alone.losses, own.losses)).toBeLessThan(1e-5);
      for (const [name, values] of alone.params)
        expect(distance(values, own.params.get(name) ?? [])).toBeLessThan(1e-4);
      for (const [i, outputs] of alone.tests.entries()) {
        for (const [name, values] of Object.entries(outputs)) {
          expect(distance(values, own.tests[i]?.[name] ?? [])).toBeLessThan(1e-5);
        }
      }
    }
    expect(all[0]?.tests.length).toBe(2);
  }
});

// A small Faster R-CNN: all of its layers together, trained through one solver.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RoIDataLayer, Solver } from "../../index.js";
import { createImages } from "../../platform/node/index.js";

const folder = mkdtempSync(join(tmpdir(), "moka-rpn-"));
const python = (name: string, module: string, layer: string, param: string) =>
  `name: "${name}" type: "Python" python_param { module: "${module}" layer: "${layer}" param_str: "${param}" }`;
const filler = 'weight_filler { type: "gaussian" std: 0.05 }';
const anchors = "{'feat_stride': 4, 'scales': [1], 'ratios': [1]}";
const net = `
  layer { ${python("input", "roi_data_layer.layer", "RoIDataLayer", "'num_classes': 3")} top: "data" top: "im_info" top: "gt_boxes" }
  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 8 kernel_size: 5 pad: 2 stride: 4 ${filler} } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "score" type: "Convolution" bottom: "conv" top: "score" convolution_param { num_output: 2 kernel_size: 3 pad: 1 ${filler} } }
  layer { name: "boxes" type: "Convolution" bottom: "conv" top: "boxes" convolution_param { num_output: 4 kernel_size: 3 pad: 1 ${filler} } }
  layer { ${python("target", "rpn.anchor_target_layer", "AnchorTargetLayer", anchors)} bottom: "score" bottom: "gt_boxes" bottom: "im_info" bottom: "data"
    top: "rpn_labels" top: "rpn_targets" top: "rpn_inside" top: "rpn_outside" }
  layer { name: "flat" type: "Reshape" bottom: "rpn_labels" top: "rpn_flat" reshape_param { shape { dim: 0 dim: 1 dim: -1 dim: 0 } } }
  layer { name: "rpn_loss" type: "SoftmaxWithLoss" bottom: "score" bottom: "rpn_flat" top: "rpn_loss" propagate_down: true propagate_down: false loss_param { ignore_label: -1 } }
  layer { name: "silence" type: "Silence" bottom: "rpn_targets" bottom: "rpn_inside" bottom: "rpn_outside" }
  layer { name: "prob" type: "Softmax" bottom: "score" top: "prob" }
  layer { ${python("proposal", "rpn.proposal_layer", "ProposalLayer", anchors)} bottom: "prob" bottom: "boxes" bottom: "im_info" top: "rpn_rois" }
  layer { ${python("roi-data", "rpn.proposal_target_layer", "ProposalTargetLayer", "'num_classes': 3")} bottom: "rpn_rois" bottom: "gt_boxes"
    top: "rois" top: "labels" top: "bbox_targets" top: "bbox_inside" top: "bbox_outside" }
  layer { name: "pool" type: "ROIPooling" bottom: "conv" bottom: "rois" top: "pool" roi_pooling_param { pooled_h: 2 pooled_w: 2 spatial_scale: 0.25 } }
  layer { name: "cls" type: "InnerProduct" bottom: "pool" top: "cls" inner_product_param { num_output: 3 ${filler} } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "cls" bottom: "labels" top: "loss" propagate_down: true propagate_down: false }
  layer { name: "silence2" type: "Silence" bottom: "bbox_targets" bottom: "bbox_inside" bottom: "bbox_outside" }`;
const solver = `
  net: "${join(folder, "net.prototxt")}" base_lr: 0.02 momentum: 0.9 lr_policy: "fixed" max_iter: 120 random_seed: 5`;

/** Dark pictures of 64×48 and 48×64 pixels, in which squares of 16 are bright: red of class 1, blue of class 2. */
async function draw(
  name: string,
  [width, height]: [number, number],
  squares: [number, number, number][],
): Promise<void> {
  const data = new Uint8Array(width * height * 3).fill(100);
  for (const [left, top, label] of squares) {
    for (let i = 0; i < 256; i++) {
      data[((top + (i >> 4)) * width + left + (i % 16)) * 3 + (label === 1 ? 2 : 0)] = 255;
    }
  }
  writeFileSync(join(folder, name), await createImages().encode({ width, height, channels: 3, data }, "png"));
}

const list = [
  {
    image: join(folder, "a.png"),
    boxes: [
      [8, 8, 23, 23],
      [40, 20, 55, 35],
    ],
    gt_classes: [1, 2],
  },
  { image: join(folder, "b.png"), boxes: [[20, 36, 35, 51]], gt_classes: [1] },
];

beforeAll(async () => {
  await draw(
    "a.png",
    [64, 48],
    [
      [8, 8, 1],
      [40, 20, 2],
    ],
  );
  await draw("b.png", [48, 64], [[20, 36, 1]]);
  writeFileSync(join(folder, "net.prototxt"), net);
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(["reference", "wasm"] as const)("learns on %s", async (engine) => {
  const cfg = {
    TRAIN: {
      HAS_RPN: true,
      IMS_PER_BATCH: 1,
      SCALES: [48],
      MAX_SIZE: 100,
      BG_THRESH_LO: 0,
      RPN_MIN_SIZE: 4,
      BATCH_SIZE: 32,
    },
    PIXEL_MEANS: [100, 100, 100],
  };
  const training = await Solver.load(solver, { engine, threads: 1, cfg });
  const [input] = training.net.layers;
  expect(input).toBeInstanceOf(RoIDataLayer);
  (input as RoIDataLayer).setRoidb(list);
  const losses: number[] = [];
  for (let i = 0; i < 120; i++) {
    await training.step(1);
    losses.push(training.net.loss);
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean(losses.slice(0, 5))).toBeGreaterThan(1);
  expect(mean(losses.slice(-10))).toBeLessThan(0.6);
  await training.dispose();
});

// The layers of Caffe's forks that no fork's own numbers are there for (test/golden/forks has the others): each computes on every engine
// what it computes on the reference engine in double precision, forward and backward. Layers that read files are left out.
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/core/engine.js";
import type { Phase } from "../../src/core/layer.js";
import { ReferenceEngine } from "../../src/engines/reference/index.js";
import { layers } from "../../src/layers/registry.js";
import { Random } from "../../src/util/random.js";
import type { Shape } from "../../src/util/shape.js";
import { bvlcTypes } from "../bvlc-types.js";
import { engineChoices, relativeError, sharedEngines } from "../golden/engines.js";
import { layerNet } from "../layers.js";

interface Example {
  /** The inputs: shapes for random numbers in [−1, 1), or values in their shape. */
  readonly inputs: Readonly<Record<string, Shape | { readonly shape: Shape; readonly data: readonly number[] }>>;
  readonly tops?: readonly string[];
  /** Further fields of the message. */
  readonly param?: string;
}

const image: Shape = [2, 4, 6, 4];
const activation: Example = { inputs: { x: [3, 5, 7] } };
const yolo = "biases: 0.6 biases: 0.8 biases: 1.4 biases: 1.1";
const anchors = [10, 14, 23, 27, 37, 58].map((size) => `biases: ${size}`).join(" ");
/** Two objects a picture: class, x, y, width, height; the second picture has one. */
const objects = {
  shape: [2, 1, 2, 5],
  data: [1, 0.3, 0.4, 0.3, 0.5, 0, 0.7, 0.6, 0.2, 0.2, 1, 0.5, 0.5, 0.6, 0.3, 0, 0, 0, 0, 0],
};
const classes = (...shape: number[]) => ({
  shape,
  data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (i * 7) % 3),
});
const python = (module: string, layer: string, text = "") =>
  `python_param { module: "${module}" layer: "${layer}" param_str: "${text}" }`;

/** The examples of a type. */
const examples: Readonly<Record<string, readonly Example[]>> = {
  Add: [{ inputs: { x: image, z: image } }],
  BatchToSpaceND: [
    {
      inputs: { x: [8, 3, 4, 5] },
      param: "batch_to_space_nd_param { block_shape: [1, 2, 2] crops: [0, 0, 1, 0, 0, 1] }",
    },
  ],
  CTCGreedyDecoder: [{ inputs: { x: [6, 2, 5] } }],
  BoxAnnotatorOHEM: [
    {
      inputs: {
        rois: { shape: [4, 5], data: [0, 1, 1, 5, 5, 1, 2, 2, 6, 6, 0, 0, 0, 3, 3, 1, 1, 1, 4, 4] },
        loss: { shape: [4, 1], data: [0.3, 0.9, 0.8, 0.1] },
        labels: classes(4, 1),
        w: [4, 8],
      },
      tops: ["y", "chosen"],
      param: "box_annotator_ohem_param { roi_per_img: 1 ignore_label: -1 }",
    },
  ],
  CTCLoss: [{ inputs: { x: [6, 2, 4], label: classes(2, 3) }, param: "ctc_loss_param { blank_index: 3 }" }],
  DepthToSpace: [{ inputs: { x: [2, 2, 3, 8] }, param: "depth_to_space_param { block_size: 2 }" }],
  DetectionEvaluate: [
    {
      inputs: {
        found: { shape: [1, 1, 2, 7], data: [0, 1, 0.9, 0.1, 0.1, 0.5, 0.5, 0, 2, 0.8, 0.6, 0.6, 0.9, 0.9] },
        objects: { shape: [1, 1, 2, 8], data: [0, 1, 0, 0.1, 0.1, 0.5, 0.6, 0, 0, 2, 0, 0.1, 0.6, 0.4, 0.9, 0] },
      },
      param: "detection_evaluate_param { num_classes: 3 background_label_id: 0 }",
    },
  ],
  EvalDetection: [
    {
      inputs: { x: [2, 14, 3, 3], truth: objects },
      param: `eval_detection_param { num_class: 2 num_object: 2 ${yolo} nms: 0.4 }`,
    },
  ],
  ExpandDimsND: [{ inputs: { x: image }, param: "expand_dims_nd_param { axis: [1] }" }],
  Flip: [{ inputs: { x: image }, param: "flip_param { flip_height: true }" }],
  Gather: [
    { inputs: { x: image }, param: "gather_param { indices: [3, 0, 3] axis: 1 }" },
    { inputs: { x: image, z: [2, 1] }, tops: ["y", "w"] },
  ],
  HardSigmoid: [activation],
  HardSwish: [activation],
  Lstm: [
    {
      inputs: { x: [5, 2, 4] },
      param: 'lstm_param { num_output: 3 weight_filler { type: "xavier" } bias_filler { type: "gaussian" } }',
    },
  ],
  MarginInnerProduct: ["SINGLE", "DOUBLE", "TRIPLE", "QUADRUPLE"].map((type) => ({
    inputs: { x: [4, 6], label: classes(4) },
    param: `margin_inner_product_param { num_output: 5 type: ${type} weight_filler { type: "xavier" } }`,
  })),
  Mish: [activation],
  Mul: [{ inputs: { x: image, z: [2, 4, 1, 1] } }, { inputs: { x: [2, 3] }, param: "mul_param { mul_shape: 3 }" }],
  Pad: [
    {
      inputs: { x: [2, 3, 3] },
      param: "pad_param { paddings: [0, 0, 1, 1, 0, 2] constant_values: 0.5 }",
    },
  ],
  RegionLoss: [
    { inputs: { x: [2, 14, 3, 3], truth: objects }, param: `region_loss_param { num_class: 2 num: 2 ${yolo} }` },
  ],
  ResizeBilinear: [
    { inputs: { x: image }, param: 'resize_bilinear_param { data_format: "NCHW" output_height: 9 output_width: 4 }' },
  ],
  ResizeNearestNeighbor: [
    {
      inputs: { x: image },
      param: 'resize_nearest_neighbor_param { data_format: "NCHW" output_height: 9 output_width: 4 }',
    },
  ],
  Reverse: [{ inputs: { x: [3, 2, 2] } }],
  SegAccuracy: [{ inputs: { x: [2, 3, 4, 4], label: classes(2, 1, 4, 4) } }],
  SmoothL1LossOHEM: [
    { inputs: { a: image, b: image, w: image }, tops: ["loss", "each"], param: "loss_weight: 1 loss_weight: 0" },
  ],
  SoftmaxWithLossOHEM: [
    {
      inputs: { x: [4, 3], label: classes(4) },
      tops: ["loss", "prob", "each"],
      param: "loss_weight: 1 loss_weight: 0 loss_weight: 0",
    },
  ],
  SpaceToBatchND: [
    {
      inputs: { x: [2, 3, 5, 6] },
      param: "space_to_batch_nd_param { block_shape: [1, 2, 2] paddings: [0, 0, 1, 0, 0, 2] }",
    },
  ],
  Squeeze: [{ inputs: { x: [2, 3, 1, 1] }, param: "squeeze_param { axis: 2 axis: 3 }" }],
  SyncBN: [{ inputs: { x: image }, param: 'bn_param { slope_filler { type: "constant" value: 1.5 } }' }],
  Transpose: [{ inputs: { x: [2, 3, 4] }, param: "transpose_param { dim: 1 dim: 2 dim: 0 }" }],
  Unstack: [{ inputs: { x: [3, 2, 2] }, tops: ["y", "w"], param: "unstack_param { axis: 1 }" }],
  UpsampleDarknet: [{ inputs: { x: image }, param: "upsample_darknet_param { stride: 2 }" }],
  WarpCTCLoss: [{ inputs: { x: [6, 2, 4], label: { shape: [2, 3], data: [1, 2, 3, 3, 1, 2] } } }],
  YoloDetectionOutput: [
    {
      inputs: { x: [2, 14, 3, 3] },
      param: `yolo_detection_output_param { num_classes: 2 num_box: 2 ${yolo} confidence_threshold: 0.3 }`,
    },
  ],
  YoloSeg: [
    { inputs: { x: [2, 3, 4, 4], label: classes(2, 3, 4, 4), count: { shape: [2, 3], data: [5, 2, 7, 1, 6, 3] } } },
  ],
  Yolov3: [
    {
      inputs: { x: [2, 14, 3, 3], truth: objects },
      param: `yolov3_param { num_class: 2 num: 2 ${anchors} mask: 0 mask: 1 use_logic_gradient: true }`,
    },
  ],
  "pyloss.EuclideanLossLayer": [
    { inputs: { a: image, b: image }, param: `loss_weight: 0.5 ${python("pyloss", "EuclideanLossLayer")}` },
  ],
  "python.NormlizedMSE.NormlizedMSE": [
    { inputs: { a: [4, 10], b: [4, 10] }, param: `loss_weight: 0.5 ${python("python.NormlizedMSE", "NormlizedMSE")}` },
  ],
  "rpn.anchor_target_layer.AnchorTargetLayer": [
    {
      inputs: {
        map: [1, 18, 6, 8],
        boxes: { shape: [2, 5], data: [10, 12, 60, 80, 1, 50, 20, 110, 90, 2] },
        info: { shape: [1, 3], data: [96, 128, 1] },
      },
      tops: ["labels", "targets", "inside", "outside"],
      param: python("rpn.anchor_target_layer", "AnchorTargetLayer", "'feat_stride': 16"),
    },
  ],
  "rpn.proposal_layer.ProposalLayer": [
    {
      inputs: { scores: [1, 18, 6, 8], deltas: [1, 36, 6, 8], info: { shape: [1, 3], data: [96, 128, 1] } },
      param: python("rpn.proposal_layer", "ProposalLayer", "'feat_stride': 16"),
    },
  ],
  "rpn.proposal_target_layer.ProposalTargetLayer": [
    {
      inputs: {
        rois: { shape: [3, 5], data: [0, 12, 10, 62, 84, 0, 40, 22, 100, 95, 0, 90, 2, 120, 30] },
        boxes: { shape: [2, 5], data: [10, 12, 60, 80, 1, 50, 20, 110, 90, 2] },
      },
      tops: ["rois2", "labels", "targets", "inside", "outside"],
      param: python("rpn.proposal_target_layer", "ProposalTargetLayer", "'num_classes': 3"),
    },
  ],
  "spatial_dropout.SpatialDropoutLayer": [
    { inputs: { x: image }, param: python("spatial_dropout", "SpatialDropoutLayer", "{'phase': 'TRAIN', 'p': 0.4}") },
  ],
  "yolov2.darknet_reorg": [{ inputs: { x: image }, param: python("yolov2", "darknet_reorg") }],
};

const golden = (type: string) => existsSync(new URL(`../golden/forks/${type}/`, import.meta.url));
const types = layers
  .filter(({ type, group }) => group !== "data" && !bvlcTypes.includes(type) && !golden(type))
  .map(({ type }) => type);

/** The tops, and the gradients of inputs and parameters, of one run. */
async function resultsOf(type: string, { inputs, tops = ["y"], param = "" }: Example, phase: Phase, engine: Engine) {
  const names = Object.keys(inputs);
  const fields = [...names.map((name) => `bottom: "${name}"`), ...tops.map((name) => `top: "${name}"`)].join(" ");
  const shapes = names.map((name): [string, Shape] => {
    const input = inputs[name] ?? [];
    return [name, "shape" in input ? input.shape : input];
  });
  const net = await layerNet(`layer { name: "layer" type: "${type}" ${fields} ${param} }`, Object.fromEntries(shapes), {
    header: "force_backward: true",
    phase,
    engine,
    seed: 3,
  });
  const random = new Random(11);
  const uniform = (count: number) => {
    const values = new Float32Array(count);
    random.uniform(values, -1, 1);
    return values;
  };
  const given = names.map((name): [string, ArrayLike<number>] => {
    const input = inputs[name] ?? [];
    return [name, "shape" in input ? input.data : uniform(net.blobs.get(name)?.count ?? 0)];
  });
  const seen = new Map<string, readonly number[]>();
  for (const [name, values] of Object.entries(await net.forward(Object.fromEntries(given))))
    seen.set(name, [...values]);
  net.clearParamDiffs();
  for (const name of net.outputs) {
    const blob = net.blobs.get(name);
    if (blob && net.lossWeight(name) === 0) blob.diff.set(uniform(blob.count));
  }
  await net.backward();
  for (const [i, name] of names.entries()) {
    if (net.layers.at(-1)?.allowForceBackward(i)) seen.set(`${name}'`, [...(net.blobs.get(name)?.diff ?? [])]);
  }
  net.layers.at(-1)?.blobs.forEach(({ diff }, i) => void seen.set(`${i}'`, [...diff]));
  await net.dispose();
  return seen;
}

const engineOf = sharedEngines();

test("every layer of a fork without golden cases has an example", () => {
  expect(types.filter((type) => examples[type] === undefined)).toEqual([]);
});

describe.each(types.filter((type) => examples[type]))("%s", (type) => {
  test.each(["TRAIN", "TEST"] as const)("computes the same on every engine, in %s", async (phase) => {
    for (const example of examples[type] ?? []) {
      const wanted = await resultsOf(type, example, phase, new ReferenceEngine(64));
      expect(wanted.size).toBeGreaterThan(0);
      for (const name of Object.keys(engineChoices)) {
        const found = await resultsOf(type, example, phase, await engineOf(name));
        expect([...found.keys()]).toEqual([...wanted.keys()]);
        for (const [what, values] of wanted) {
          expect(found.get(what)?.length, `${what} on ${name}`).toBe(values.length);
          expect(relativeError(found.get(what) ?? [], values), `${what} on ${name}`).toBeLessThan(1e-5);
        }
      }
    }
  });
});

import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { engines } from "../../../test/golden/engines.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "", tops = 'top: "loss"') =>
  `layer { name: "layer" type: "SoftmaxWithLoss" bottom: "x" bottom: "label" ${tops} ${param} }`;

const force = { header: "force_backward: true" };

/** Two predictions: the classes have probabilities 1/4, 3/4 and 1/2, 1/2. */
const x = { shape: [2, 2], data: [0, Math.log(3), 0, 0] };
const label = { shape: [2], data: [1, 0] };
const losses = [-Math.log(3 / 4), -Math.log(1 / 2)];
const total = losses[0] + losses[1];

test("is the mean of −log p(label)", async () => {
  const { loss } = await runLayer(layer(), { x, label });
  expect(loss.shape).toEqual([]);
  expect(loss.data[0]).toBeCloseTo(total / 2, 6);
});

test("gives the softmax as a second top", async () => {
  const tops = 'top: "loss" top: "prob" loss_weight: 1 loss_weight: 0';
  const { prob } = await runLayer(layer("", tops), { x, label });
  expect(prob.shape).toEqual([2, 2]);
  [0.25, 0.75, 0.5, 0.5].forEach((value, i) => void expect(prob.data[i]).toBeCloseTo(value, 6));
});

test.each(Object.entries(engines))(
  "with its softmax read by other layers learns as without, on %s",
  async (_, create) => {
    const engine = await create();
    const inputs = { x: [3, 2], label: [3] };
    const alone = await layerNet(layer(), inputs, { ...force, engine });
    const tops = 'top: "loss" top: "prob" loss_weight: 1 loss_weight: 0';
    const readers =
      'layer { name: "acc" type: "Accuracy" bottom: "prob" bottom: "label" top: "acc" } ' +
      'layer { name: "best" type: "ArgMax" bottom: "prob" top: "best" }';
    const both = await layerNet(layer("", tops) + readers, inputs, { ...force, engine });
    for (const rows of [3, 1, 2]) {
      const values = { x: [0, 2, 3, 1, -1, 0].slice(0, 2 * rows), label: [1, 1, 0].slice(0, rows) };
      for (const net of [alone, both]) {
        net.reshape({ x: [rows, 2], label: [rows] });
        await net.forward(values);
        await net.backward();
      }
      const { shape, data } = both.blobs.get("prob") ?? {};
      expect(shape).toEqual([rows, 2]);
      values.x.forEach(
        (value, i) => void expect(data?.[i]).toBeCloseTo(1 / (1 + Math.exp(values.x[i ^ 1] - value)), 6),
      );
      expect([...(both.blobs.get("best")?.data ?? [])]).toEqual([1, 0, 1].slice(0, rows));
      expect(both.blobs.get("acc")?.data[0]).toBeCloseTo([0, 1, 1 / 2, 1 / 3][rows], 6);
      expect(both.loss).toBe(alone.loss);
      expect([...(both.blobs.get("x")?.diff ?? [])]).toEqual([...(alone.blobs.get("x")?.diff ?? [])]);
    }
    await both.dispose();
    await alone.dispose();
    await engine.dispose();
  },
);

test("costs no more than 87.3365, however wrong", async () => {
  const { loss } = await runLayer(layer(), { x: { shape: [1, 2], data: [0, 1000] }, label: { shape: [1], data: [0] } });
  expect(loss.data[0]).toBeCloseTo(87.3365, 4);
});

/** Two images of three labels each, of which two are ignored, all with the loss log 2. */
const image = { x: { shape: [2, 2, 3], data: Array<number>(12).fill(0) } };
const some = { label: { shape: [2, 3], data: [0, 1, 255, 1, 1, 255] } };

test.each([
  ["ignore_label: 255", 4 / 4],
  ["ignore_label: 255 normalization: VALID", 4 / 4],
  ["ignore_label: 255 normalization: FULL", 4 / 6],
  ["ignore_label: 255 normalization: BATCH_SIZE", 4 / 2],
  ["ignore_label: 255 normalization: NONE", 4],
  ["ignore_label: 255 normalize: true", 4 / 4],
  ["ignore_label: 255 normalize: false", 4 / 2],
  ["ignore_label: 255 normalize: false normalization: FULL", 4 / 6],
])("with %j four losses are divided so that %d remain", async (param, share) => {
  const { loss } = await runLayer(layer(`loss_param { ${param} }`), { ...image, ...some });
  expect(loss.data[0]).toBeCloseTo(share * Math.log(2), 5);
});

test("is 0 where all labels are ignored", async () => {
  const inputs = { x, label: { shape: [2], data: [-1, -1] } };
  const net = await layerNet(layer("loss_param { ignore_label: -1 }"), { x: [2, 2], label: [2] }, force);
  await net.forward({ x: inputs.x.data, label: inputs.label.data });
  await net.backward();
  expect(net.loss).toBe(0);
  expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual([0, 0, 0, 0]);
  await net.dispose();
});

describe("errors", () => {
  test("a label out of range", async () => {
    const net = await layerNet(layer("loss_param { ignore_label: 255 }"), { x: [3, 2], label: [3] });
    await net.forward({ label: [0, 1, 255] });
    for (const bad of [2, -1, 254]) {
      const running = net.forward({ label: [0, bad, 255] });
      await expect(running).rejects.toMatchObject({
        code: "MOKA_LABEL",
        message:
          `<text>:4:1: layer "layer" (SoftmaxWithLoss): label ${bad} (number 1 of "label") ` +
          "is not one of its 2 classes, 0 to 1, nor ignore_label 255",
      });
    }
    await net.dispose();
  });

  test("labels that do not fit the scores", async () => {
    expect(await buildError(layer(), { x: [2, 3, 4], label: [2, 3] })).toBe(
      '<text>:4:1: layer "layer" (SoftmaxWithLoss): scores 2 3 4 (24) with classes on softmax_param.axis 1 need ' +
        "8 labels; there are 2 3 (6)",
    );
    expect(await buildError(layer(), { x: [2, 3], label: [1, 2] })).toMatch(
      /predictions and targets must have the same first axis; they are 2 3 \(6\) and 1 2 \(2\)$/,
    );
    expect(await buildError(layer("softmax_param { axis: 2 }"), { x: [2, 3], label: [2] })).toMatch(
      /softmax_param.axis 2 is out of range/,
    );
  });

  test("a second top without its loss_weight", async () => {
    const tops = 'top: "loss" top: "prob"';
    expect(await buildError(layer("", tops), { x: [2, 3], label: [2] })).toMatch(/has 1 loss_weight for 2 tops/);
  });

  test("a gradient asked of the labels", async () => {
    const up = 'layer { name: "up" type: "Scale" bottom: "raw" top: "label" scale_param { axis: 0 num_axes: 0 } }';
    const net = await layerNet(up + layer(), { x: [2, 3], raw: [2] });
    await net.forward();
    await expect(net.backward()).rejects.toThrow(/cannot propagate down to its labels "label"/);
    await net.dispose();
  });
});

describe("gradient", () => {
  test("of the scores, by hand: (p − [label])/2", async () => {
    const net = await layerNet(layer(), { x: [2, 2], label: [2] }, force);
    await net.forward({ x: x.data, label: label.data });
    await net.backward();
    const diff = net.blobs.get("x")?.diff ?? [];
    [0.125, -0.125, -0.25, 0.25].forEach((value, i) => void expect(diff[i]).toBeCloseTo(value, 6));
    await net.dispose();
  });

  test.each([
    ["of classes", "", [3, 4], [3], [0, 3, 1]],
    ["with a loss_weight", "loss_weight: 2.5", [3, 4], [3], [0, 3, 1]],
    ["at each place of a plane", "", [2, 3, 2], [2, 2], [0, 2, 1, 1]],
    ["along the last axis", "softmax_param { axis: -1 }", [2, 2, 3], [2, 2], [0, 2, 1, 1]],
    ["along the first axis", "softmax_param { axis: 0 }", [3, 3], [3], [0, 2, 1]],
  ] as const)("%s", async (_, param, scores, labels, values) => {
    await checkGradients({
      layer: layer(param),
      inputs: { x: scores, label: labels },
      values: { label: values },
      check: ["x"],
    });
  });

  test.each(["VALID", "FULL", "BATCH_SIZE", "NONE"])("with ignored labels and normalization: %s", async (mode) => {
    await checkGradients({
      layer: layer(`loss_param { ignore_label: 9 normalization: ${mode} }`),
      inputs: { x: [2, 3, 2], label: [2, 2] },
      values: { label: [0, 9, 1, 2] },
      check: ["x"],
    });
  });

  test("with the softmax as a second top", async () => {
    await checkGradients({
      layer: layer("", 'top: "loss" top: "prob" loss_weight: 1 loss_weight: 0'),
      inputs: { x: [3, 4], label: [3] },
      values: { label: [0, 3, 1] },
      check: ["x"],
    });
  });
});

describe("fields of forks", () => {
  const weighted = (param: string) =>
    `layer { name: "layer" type: "SoftmaxWithLoss" bottom: "x" bottom: "label" top: "loss" loss_param { ${param} } }`;
  const inputs = { x: { shape: [2, 2], data: [0, 0, 0, 0] }, label: { shape: [2], data: [0, 1] } };
  const weights = "weight_by_label_freqs: true class_weighting: 3 class_weighting: 0.5";

  test("class_weighting multiplies, and the divisor stays the number of predictions", async () => {
    const { loss } = await runLayer(weighted(weights), inputs);
    expect(loss.data[0]).toBeCloseTo((3.5 * Math.log(2)) / 2, 6);
    const without = await runLayer(weighted("class_weighting: 3 class_weighting: 0.5"), inputs);
    expect(without.loss.data[0]).toBeCloseTo(Math.log(2), 6);
  });

  test("PRE_FIXED divides by pre_fixed_normalizer, at least by 1", async () => {
    const fixed = await runLayer(weighted("normalization: PRE_FIXED pre_fixed_normalizer: 4"), inputs);
    expect(fixed.loss.data[0]).toBeCloseTo((2 * Math.log(2)) / 4, 6);
    const small = await runLayer(weighted("normalization: PRE_FIXED pre_fixed_normalizer: 0.5"), inputs);
    expect(small.loss.data[0]).toBeCloseTo(2 * Math.log(2), 6);
  });

  test("errors", async () => {
    const shapes = { x: [2, 2], label: [2] };
    expect(await buildError(weighted("weight_by_label_freqs: true class_weighting: 1"), shapes)).toMatch(
      /needs one value for each of its 2 classes, not 1$/,
    );
    expect(await buildError(weighted("label_smoothing: 0.1"), shapes)).toMatch(
      /not compute: loss_param.label_smoothing$/,
    );
  });

  test("gradient", async () => {
    const values = { label: [0, 1, 0] };
    await checkGradients({ layer: weighted(weights), inputs: { x: [3, 2], label: [3] }, values, check: ["x"] });
  });
});

testContract("SoftmaxWithLoss", { inputs: { x: [2, 3], label: [2] } });

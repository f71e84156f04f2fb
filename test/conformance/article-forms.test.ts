// The three classical ways to write conv → BatchNorm → Scale → ReLU, and a better one, all in place on the conv's
// top. Over both phases they are one network.
import { describe, expect, test } from "vitest";
import { netFromText } from "../nets.js";

const block = (useGlobalStats: string) => `
  name: "Article"
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } } }
  layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }
  layer {
    bottom: "data" top: "conv1_1" name: "conv1_1" type: "Convolution"
    param { lr_mult: 1 decay_mult: 1 }
    param { lr_mult: 2 decay_mult: 0 }
    convolution_param { num_output: 64 pad: 1 kernel_size: 3 weight_filler { type: "xavier" } bias_filler { type: "constant" } }
  }
  layer {
    bottom: "conv1_1" top: "conv1_1" name: "bn_conv1_1" type: "BatchNorm"
    param { lr_mult: 0 decay_mult: 0 } param { lr_mult: 0 decay_mult: 0 } param { lr_mult: 0 decay_mult: 0 }
    ${useGlobalStats}
  }
  layer {
    bottom: "conv1_1" top: "conv1_1" name: "scale_conv1_1" type: "Scale"
    param { lr_mult: 0.1 decay_mult: 0 } param { lr_mult: 0.1 decay_mult: 0 }
    scale_param { bias_term: true }
  }
  layer { bottom: "conv1_1" top: "conv1_1" name: "relu1_1" type: "ReLU" }
  layer { name: "ip" type: "InnerProduct" bottom: "conv1_1" top: "ip" inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;

const training = block("batch_norm_param { use_global_stats: false }");
const testing = block("batch_norm_param { use_global_stats: true }");
const simplified = block("");

const better = simplified
  .replace("pad: 1 kernel_size: 3", "pad: 1 kernel_size: 3 stride: 2 bias_term: false")
  .replace('weight_filler { type: "xavier" } bias_filler { type: "constant" }', 'weight_filler { type: "msra" }')
  .replace("param { lr_mult: 2 decay_mult: 0 }", "")
  .replaceAll("lr_mult: 0.1", "lr_mult: 1");

const images = (seed: number) => Float32Array.from({ length: 216 }, (_, i) => Math.sin(seed + i * 1.7));

/** Every number that a net comes to in one forward and backward, after some forwards that move its averages. */
async function trace(text: string, phase: "TRAIN" | "TEST", seed = 1701): Promise<Record<string, number[]>> {
  const trained = await netFromText(text === better ? better : training, { seed });
  for (let i = 0; i < 3; i++) await trained.forward({ data: images(i), label: [0, 4] });
  const net = await netFromText(text, { phase, seed });
  net.copyTrainedLayers(trained.toMessage());
  await net.forward({ data: images(9), label: [1, 3] });
  await net.backward();
  const numbers: Record<string, number[]> = {};
  for (const [name, blob] of net.blobs) numbers[name] = [...blob.data];
  for (const [name, params] of net.params) {
    for (const [i, { data, diff }] of params.entries()) numbers[`${name}/${i}`] = [...data, ...diff];
  }
  await trained.dispose();
  await net.dispose();
  return numbers;
}

test("in TRAIN the training form and the simplified one are the same", async () => {
  expect(await trace(simplified, "TRAIN")).toEqual(await trace(training, "TRAIN"));
});

test("in TEST the test form and the simplified one are the same", async () => {
  expect(await trace(simplified, "TEST")).toEqual(await trace(testing, "TEST"));
});

test("the training form in TEST is another network: it normalizes by the batch", async () => {
  expect(await trace(training, "TEST")).not.toEqual(await trace(simplified, "TEST"));
});

test("statistics do not learn, whatever form they are in", async () => {
  for (const form of [training, testing, simplified]) {
    const net = await netFromText(form);
    const multipliers = net.learnables.filter(({ layer }) => layer.type === "BatchNorm");
    expect(multipliers.map(({ lrMult, decayMult }) => [lrMult, decayMult])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    await net.dispose();
  }
});

describe("the better form", () => {
  test("has no bias before the BatchNorm, and halves the image", async () => {
    const net = await netFromText(better);
    expect(net.params.get("conv1_1")?.length).toBe(1);
    expect(net.blobs.get("conv1_1")?.shape).toEqual([2, 64, 3, 3]);
    expect(net.learnables.map(({ layer, lrMult, decayMult }) => [layer.name, lrMult, decayMult])).toEqual([
      ["conv1_1", 1, 1],
      ["bn_conv1_1", 0, 0],
      ["bn_conv1_1", 0, 0],
      ["bn_conv1_1", 0, 0],
      ["scale_conv1_1", 1, 0],
      ["scale_conv1_1", 1, 0],
      ["ip", 1, 1],
      ["ip", 1, 1],
    ]);
    await net.dispose();
  });

  test("runs in both phases", async () => {
    const train = await trace(better, "TRAIN");
    const tested = await trace(better, "TEST");
    expect(train.loss[0]).toBeGreaterThan(0);
    expect(tested.loss[0]).toBeGreaterThan(0);
    expect(tested["bn_conv1_1/2"][0]).toBeCloseTo(1 + 0.999 + 0.999 ** 2, 5);
  });
});

test("a bias right before the BatchNorm changes nothing in training", async () => {
  const net = await netFromText(training);
  const input = { data: images(1), label: [0, 1] };
  const before = (await net.forward(input)).loss[0];
  net.params.get("conv1_1")?.[1].data.fill(7);
  expect((await net.forward(input)).loss[0]).toBeCloseTo(before, 3);
  await net.dispose();
});

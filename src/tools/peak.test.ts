import { expect, test } from "vitest";
import { netFromText } from "../../test/nets.js";
import { ReferenceEngine } from "../engines/reference/index.js";
import { summarize } from "../index.js";
import { parseNet } from "../proto/text/index.js";
import { explain } from "./explain.js";
import type { Peaks, SummaryOptions } from "./summary.js";

const layers = (batch: number) => `
  layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param { shape { dim: ${batch} dim: 3 dim: 8 dim: 8 } shape { dim: ${batch} } } }
  layer { name: "conv" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 4 kernel_size: 3 } }
  layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" }
  layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
  layer { name: "ip" type: "InnerProduct" bottom: "c" top: "y" inner_product_param { num_output: 3 } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "label" top: "loss" }`;

async function peaksOf(text: string, options?: SummaryOptions): Promise<Peaks> {
  return (await summarize(parseNet(text).message, options)).peaks;
}

test("peaks are those that explain tells of the net itself, in both phases", async () => {
  const wanted = async (phase: "TRAIN" | "TEST") => {
    const net = await netFromText(layers(6), { phase, keep: "outputs", backward: phase === "TRAIN" });
    const { memory, caffe } = explain(net);
    await net.dispose();
    return { moka: memory.total, caffe: caffe.total };
  };
  const [training, inference] = [await wanted("TRAIN"), await wanted("TEST")];
  expect(await peaksOf(layers(6))).toEqual({ training, inference });
  expect(await peaksOf(layers(6), { phase: "TRAIN" })).toEqual({ training });
  expect(training.moka).toBeGreaterThan(inference.moka);
  expect(training.moka).toBeLessThan(training.caffe);
});

test("training is that of phase TRAIN's layers, with the shapes that are given", async () => {
  const of = (phase: string, batch: number) =>
    layers(batch).replace('name: "data"', `name: "data" include { phase: ${phase} }`).split("layer {")[1];
  const both = `layer {${of("TRAIN", 50)}layer {${of("TEST", 2)}${layers(2).replace(/layer \{ name: "data".*/, "")}`;
  const [two, fifty] = [await peaksOf(layers(2)), await peaksOf(layers(50))];
  expect(await peaksOf(both)).toEqual({ training: fifty.training, inference: two.inference });
  const shapes = { data: [6, 3, 8, 8], label: [6] };
  const given = await peaksOf(both, { shapes });
  expect(given).toEqual(await peaksOf(layers(6), { shapes }));
  // Inputs are kept, what a data layer brings need not be.
  expect(given.training?.caffe).toBe((await peaksOf(layers(6))).training?.caffe);
});

test("there is no peak of what cannot be run or learns nothing", async () => {
  const deploy = layers(2).replace(/layer \{ name: "loss".*/, "");
  expect(Object.keys(await peaksOf(deploy))).toEqual(["inference"]);
  const noData = layers(2).replace(
    'type: "DummyData"',
    'type: "Data" include { phase: TRAIN } data_param { source: "/nowhere" batch_size: 2 }',
  );
  const dummy = layers(2).split("layer {")[1].replace('name: "data"', 'name: "d" include { phase: TEST }');
  expect(Object.keys(await peaksOf(`layer {${dummy}${noData}`))).toEqual(["inference"]);
});

test("VGG's classifier is planned without memory for it", async () => {
  const text = `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 64 dim: 512 dim: 7 dim: 7 } } }
    layer { name: "fc6" type: "InnerProduct" bottom: "x" top: "fc6" inner_product_param { num_output: 4096 weight_filler { type: "gaussian" } } }
    layer { name: "target" type: "Input" top: "t" input_param { shape { dim: 64 dim: 4096 } } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "fc6" bottom: "t" top: "loss" }`;
  const { allocate } = ReferenceEngine.prototype;
  let most = 0;
  ReferenceEngine.prototype.allocate = function (count) {
    most = Math.max(most, count);
    return allocate.call(this, count);
  };
  try {
    const { training } = await peaksOf(text);
    expect(training?.moka).toBeGreaterThan(2 * 4 * 4096 * 25088);
    expect(most).toBeLessThan(10);
  } finally {
    ReferenceEngine.prototype.allocate = allocate;
  }
});

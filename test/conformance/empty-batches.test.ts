// What follows a Filter must work on what is left of a batch, and that may be nothing.
import { expect, test } from "vitest";
import { engines } from "../golden/engines.js";
import { netFromText } from "../nets.js";

const text = `
  force_backward: true
  layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 3 dim: 4 dim: 6 dim: 6 } } }
  layer { name: "gate" type: "Input" top: "gate" input_param { shape { dim: 3 } } }
  layer { name: "filter" type: "Filter" bottom: "x" bottom: "gate" top: "some" }
  layer { name: "conv" type: "Convolution" bottom: "some" top: "conv" convolution_param { num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
  layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "slice" type: "Slice" bottom: "conv" top: "a" top: "b" }
  layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "sum" }
  layer { name: "concat" type: "Concat" bottom: "sum" bottom: "b" top: "concat" }
  layer { name: "lrn" type: "LRN" bottom: "concat" top: "lrn" }
  layer { name: "pool" type: "Pooling" bottom: "lrn" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
  layer { name: "spp" type: "SPP" bottom: "pool" top: "spp" spp_param { pyramid_height: 2 } }
  layer { name: "ip" type: "InnerProduct" bottom: "spp" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }`;

test.each(Object.entries(engines))("a batch of which nothing is left, on %s", async (_, createEngine) => {
  const engine = await createEngine();
  const net = await netFromText(text, { engine });
  const x = Float32Array.from({ length: 432 }, (_, i) => Math.sin(i));
  for (const [gate, rows] of [
    [[1, 0, 1], 2],
    [[0, 0, 0], 0],
    [[0, 1, 0], 1],
  ] as const) {
    const { prob } = await net.forward({ x, gate });
    expect(prob).toHaveLength(3 * rows);
    expect(prob.every(Number.isFinite)).toBe(true);
    net.clearParamDiffs();
    net.blobs.get("prob")?.diff.fill(1);
    await net.backward();
    expect(net.params.get("conv")?.[0].diff.every(Number.isFinite)).toBe(true);
    if (rows === 0) expect(new Set(net.params.get("conv")?.[0].diff)).toEqual(new Set([0]));
  }
  await net.dispose();
  await engine.dispose();
});

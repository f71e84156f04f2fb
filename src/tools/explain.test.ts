import { expect, test } from "vitest";
import { netFromText } from "../../test/nets.js";
import { explain } from "./explain.js";

const text = `
  layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
  layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }
  layer { name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 4 kernel_size: 3 bias_term: false weight_filler { type: "xavier" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" }
  layer { name: "scale" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
  layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
  layer { name: "pool" type: "Pooling" bottom: "c" top: "p" pooling_param { kernel_size: 2 stride: 2 } }
  layer { name: "ip" type: "InnerProduct" bottom: "p" top: "y" inner_product_param { num_output: 3 bias_term: false weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "label" top: "loss" }`;
const c = 2 * 4 * 36;
const p = 2 * 4 * 9;

test("tells each step's layers, buffers, bytes and work", async () => {
  const net = await netFromText(text, { keep: "outputs" });
  const { steps, totals, name, phase } = explain(net);
  expect([name, phase]).toEqual(["", "TRAIN"]);
  expect(steps.slice(0, 3).map(({ layers, kernel }) => [kernel, layers])).toEqual([
    ["conv", ["conv"]],
    ["batchNormPool", ["bn", "scale", "relu", "pool"]],
    ["batchNormAverage", ["bn"]],
  ]);
  expect(steps[0]).toEqual({
    direction: "forward",
    layers: ["conv"],
    kernel: "conv",
    isHost: false,
    reads: [
      { name: "x", shape: [2, 3, 8, 8] },
      { name: "conv.0", shape: [4, 3, 3, 3] },
    ],
    writes: [{ name: "c~", shape: [2, 4, 6, 6], offset: expect.any(Number) }],
    bytesRead: 4 * (384 + 108),
    bytesWritten: 4 * c,
    flops: 2 * c * 27,
  });
  expect(steps.find(({ kernel }) => kernel === "check labels")).toMatchObject({ isHost: true, flops: 0, bytesRead: 8 });
  const forward = steps.filter(({ direction }) => direction === "forward");
  expect(totals.forward.steps).toBe(forward.length);
  expect(totals.forward.flops).toBe(forward.reduce((sum, { flops }) => sum + flops, 0));
  expect(totals.backward.steps).toBe(steps.length - forward.length);
  await net.dispose();
});

test("tells how much memory that takes, and what Caffe would hold", async () => {
  const net = await netFromText(text, { keep: "outputs" });
  const { memory, caffe } = explain(net);
  const weights = 108 + 3 * 36;
  // Inputs, the loss and its diff; the statistics are parameters.
  expect(memory.own).toBe(4 * (384 + 2 + 1 + 1));
  expect(memory.params).toBe(4 * (2 * weights + 2 * 8 + 9));
  // At least what batchNormPool reads and writes.
  expect(memory.shared).toBeGreaterThanOrEqual(4 * (c + p));
  expect(memory.total).toBe(memory.shared + memory.own + memory.params);
  expect(memory.unshared).toBeGreaterThan(memory.shared + memory.own);
  expect(caffe.buffers).toEqual({
    Convolution: 4 * 27 * 36,
    BatchNorm: 4 * (3 * c + 2 * 4 + 36),
    Scale: 4 * c,
    Pooling: 4 * p,
    SoftmaxWithLoss: 4 * 6,
  });
  expect(caffe.blobs).toBe(4 * (384 + 2 + 2 * (c + p + 6 + 1)));
  expect(caffe.total).toBe(caffe.blobs + caffe.params + Object.values(caffe.buffers).reduce((a, b) => a + b));
  const before = net.engine.bytesUsed;
  await net.forward();
  await net.backward();
  const params = net.learnables.reduce((sum, { tensor }) => sum + 8 * tensor.count, 0);
  expect(net.engine.bytesUsed, "as the engine counts it").toBe(memory.shared + memory.own + params - unusedDiffs);
  expect(before).toBeLessThan(net.engine.bytesUsed);
  await net.dispose();
});

/** The diffs of BatchNorm's statistics. */
const unusedDiffs = 4 * 9;

test("a net that is only tested has no backward, and Caffe no diffs", async () => {
  const net = await netFromText(text, { keep: "outputs", phase: "TEST", backward: false });
  const { steps, totals, caffe } = explain(net);
  expect(steps.every(({ direction }) => direction === "forward")).toBe(true);
  expect(totals.backward).toEqual({ steps: 0, flops: 0, bytesRead: 0, bytesWritten: 0 });
  expect(caffe.blobs).toBe(4 * (384 + 2 + c + p + 6 + 1));
  await net.dispose();
});

test("with every blob kept, nothing is shared", async () => {
  const net = await netFromText(text);
  const { memory, steps } = explain(net);
  expect(memory.shared).toBe(0);
  expect(memory.own).toBe(memory.unshared);
  expect(steps.flatMap(({ reads, writes }) => [...reads, ...writes]).some(({ offset }) => offset !== undefined)).toBe(
    false,
  );
  await net.dispose();
});

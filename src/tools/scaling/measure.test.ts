import { expect, test } from "vitest";
import { netFromText } from "../../../test/nets.js";
import { alone } from "../../core/communicator.js";
import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { usesOf } from "../../core/uses.js";
import type { Shape } from "../../util/shape.js";
import { bucketTimes, bytesAfterForward, measureSteps } from "./measure.js";
import { totalsOf } from "./step-times.js";

/** Sums three values over all ranks in forward, and two in backward. */
class Summing extends Layer {
  readonly bottomCount = 1;
  readonly topCount = 1;

  override topShapes(bottom: readonly Shape[]) {
    return bottom;
  }

  override forward(k: Recorder, [x]: readonly Tensor[], [y]: readonly Tensor[]) {
    if (!x || !y) return;
    k.sumOverRanks(alone, { count: 3, write() {}, read() {} }, { reads: [x.data], writes: [] });
    k.copy({ x: x.data, y: y.data });
  }

  override backward(k: Recorder, [y]: readonly Tensor[], _: readonly boolean[], [x]: readonly Tensor[]) {
    if (!x || !y) return;
    k.sumOverRanks(alone, { count: 2, write() {}, read() {} }, { reads: [y.diff], writes: [] });
    k.copy({ x: y.diff, y: x.diff });
  }
}

const text = `
  layer { name: "in" type: "Input" top: "x" top: "t" input_param { shape { dim: 8 dim: 64 } shape { dim: 8 dim: 64 } } }
  layer { name: "a" type: "InnerProduct" bottom: "x" top: "a" inner_product_param { num_output: 64 weight_filler { type: "xavier" } } }
  layer { name: "sum" type: "Summing" bottom: "a" top: "s" }
  layer { name: "b" type: "InnerProduct" bottom: "s" top: "b" inner_product_param { num_output: 64 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "b" bottom: "t" top: "loss" }`;

test("times every step of the program, with the bytes that it sums; weights do not change", async () => {
  const net = await netFromText(text, { phase: "TRAIN", own: { Summing } });
  net.blobs.get("x")?.data.fill(0.5);
  const weights = net.learnables.map(({ tensor }) => [...tensor.data.array]);
  for (const solver of ["SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"]) {
    const times = await measureSteps(net, 8, { iterations: 3, solver });
    const { forward, backward } = net.execution.plan;
    expect([times.forward.length, times.backward.length]).toEqual([forward.length, backward?.length]);
    expect(times.forward.filter(({ waitsFor }) => waitsFor > 0)).toMatchObject([{ layer: "sum", waitsFor: 24 }]);
    expect(times.backward.filter(({ waitsFor }) => waitsFor > 0)).toMatchObject([{ layer: "sum", waitsFor: 16 }]);
    const totals = totalsOf(times);
    expect(Math.min(totals.forward, totals.backward, times.update)).toBeGreaterThan(0);
    expect(totals.all).toBeLessThan(5);
    expect(times.spread).toBeGreaterThanOrEqual(0);
  }
  expect(net.learnables.map(({ tensor }) => [...tensor.data.array])).toEqual(weights);
  await net.dispose();
});

test("buckets are complete after steps of the program; half precision halves the bytes", async () => {
  const net = await netFromText(text, { phase: "TRAIN", own: { Summing } });
  const bytes = 4 * (64 * 64 + 64);
  const lastWriter = (name: string) => {
    const diffs = new Set(net.layerDict.get(name)?.params.map(({ diff }) => diff.root));
    return net.execution.plan.backward?.findLastIndex((step) =>
      usesOf(step).writes.some(({ span }) => diffs.has(span.root)),
    );
  };
  expect(bucketTimes(net, 0, 4)).toEqual([
    { bytes, after: lastWriter("b") },
    { bytes, after: lastWriter("a") },
  ]);
  expect(bucketTimes(net, 2 * bytes, 2)).toEqual([{ bytes, after: lastWriter("a") }]);
  expect(bytesAfterForward(net)).toBe(8);
  await net.dispose();
});

test("a net in which nothing learns has nothing to sum", async () => {
  const net = await netFromText(text.replace(/name: "[ab]"/g, "$& param { lr_mult: 0 } param { lr_mult: 0 }"), {
    phase: "TRAIN",
    own: { Summing },
  });
  expect(() => bucketTimes(net, undefined, 4)).toThrow(/no gradients: no parameter learns under a loss/);
  await net.dispose();
});

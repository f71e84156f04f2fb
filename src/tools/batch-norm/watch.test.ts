import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Solver } from "../../index.js";
import { watchBatchNorm } from "./watch.js";

/** The article's chain, in place throughout; the second ReLU sees channels that its Scale has moved below 0. */
const net = `net_param {
  layer { name: "d" type: "DummyData" top: "x" top: "t"
    dummy_data_param { data_filler { type: "gaussian" std: 2 mean: 1 } data_filler { type: "constant" value: 1 }
      shape { dim: 6 dim: 3 dim: 4 dim: 5 } shape { dim: 6 dim: 1 } } }
  layer { name: "bn" type: "BatchNorm" bottom: "x" top: "x" batch_norm_param { moving_average_fraction: 0.5 } }
  layer { name: "scale" type: "Scale" bottom: "x" top: "x"
    scale_param { filler { type: "constant" value: 2 } bias_term: true bias_filler { type: "constant" value: -0.5 } } }
  layer { name: "relu" type: "ReLU" bottom: "x" top: "x" }
  layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }
}`;
const text = `base_lr: 0.01 lr_policy: "fixed" max_iter: 9 random_seed: 3 snapshot_prefix: "m"\n${net}`;
const load = (separateBatchNorm: boolean) => Solver.load(text, { engine: "reference", separateBatchNorm });

let plain: Solver;
let separate: Solver;
beforeAll(async () => {
  [plain, separate] = [await load(false), await load(true)];
  for (const solver of [plain, separate]) await solver.step(2);
});
afterAll(async () => {
  for (const solver of [plain, separate]) await solver.dispose();
});

test("a solver with BatchNorm layers of separate tops computes the same", () => {
  expect(separate.loss).toBe(plain.loss);
  expect([...separate.net.blobs.keys()]).toEqual(["x", "t", "x/bn", "y", "loss"]);
  for (const [layer, blobs] of plain.net.params) {
    for (const [i, { data }] of blobs.entries()) expect(separate.net.params.get(layer)?.[i]?.data).toEqual(data);
  }
});

describe("a watched BatchNorm", () => {
  test("has the statistics of its batch, computed here once more", () => {
    const { data } = separate.net.blobs.get("x") ?? { data: new Float32Array() };
    const watched = watchBatchNorm(separate.net, "bn", { channel: 1 });
    const values = Array.from({ length: 6 }, (_, n) => [...data.slice((n * 3 + 1) * 20, (n * 3 + 2) * 20)]).flat();
    const mean = values.reduce((a, b) => a + b, 0) / 120;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / 120;
    expect(watched).toMatchObject({ channels: 3, m: 120, usesGlobalStats: false, channel: 1 });
    expect(watched.batchMean[1]).toBeCloseTo(mean, 10);
    expect(watched.batchVariance[1]).toBeCloseTo(variance, 10);
    expect(watched.gamma).toHaveLength(3);
    expect(watched.beta).toHaveLength(3);
  });

  test("has the averages that TEST uses, and how far the batch is from them", () => {
    const [mean, variance, factor] = separate.net.params.get("bn")?.map(({ data }) => data) ?? [];
    const watched = watchBatchNorm(separate.net, "bn");
    expect(watched.factor).toBeCloseTo(1.5, 6);
    expect(watched.runningMean[2]).toBeCloseTo((mean?.[2] ?? 0) / (factor?.[0] ?? 1), 6);
    expect(watched.runningVariance[2]).toBeCloseTo((variance?.[2] ?? 0) / (factor?.[0] ?? 1), 6);
    expect(watched.divergence).toBeGreaterThan(0);
    expect(watched.divergence).toBeLessThan(0.5);
  });

  test("counts every value of the channel once in each histogram, normalized to mean 0 and deviation 1", () => {
    const { input, normalized, scaled } = watchBatchNorm(separate.net, "bn", { bins: 8 });
    for (const { counts } of [input, normalized, ...(scaled ? [scaled] : [])]) {
      expect(counts).toHaveLength(8);
      expect(counts.reduce((a, b) => a + b, 0)).toBe(120);
    }
    expect(normalized.min).toBeLessThan(-1);
    expect(normalized.max).toBeGreaterThan(1);
    // γ is about 2, β about −0.5.
    expect(scaled?.max).toBeCloseTo(2 * normalized.max - 0.5, 0);
  });

  test("says which channels no ReLU lets through", async () => {
    expect(watchBatchNorm(separate.net, "bn").dead).toEqual([]);
    separate.net.params.get("scale")?.[1]?.data.set([-100, 0, -100]);
    await separate.step(1);
    expect(watchBatchNorm(separate.net, "bn").dead).toEqual([0, 2]);
  });

  test("is refused where its bottom is gone, and for layers and channels that are not there", () => {
    expect(() => watchBatchNorm(plain.net, "bn")).toThrow(/works in place/);
    expect(() => watchBatchNorm(separate.net, "relu")).toThrow(/no BatchNorm layer "relu"/);
    expect(() => watchBatchNorm(separate.net, "bn", { channel: 3 })).toThrow(/channels 0 to 2, not 3/);
  });
});

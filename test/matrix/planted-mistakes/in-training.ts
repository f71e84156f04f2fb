// A BatchNorm that does not suit its solver or its batch.
import { expect } from "vitest";
import { expectClose, factorIs, run, variance } from "./behaviour.js";
import { changeNorm, type Mistake, pick, setField } from "./mistake.js";
import type { DrawnNet } from "./net-text.js";

const trains = { kind: "train_val" } as const;

/** Gives TRAIN another batch. */
function setBatch(net: DrawnNet, batch: number): void {
  const shape = net.inputs["data"];
  if (!shape) return;
  const old = shape[0];
  for (const dims of Object.values(net.inputs)) dims[0] = batch;
  for (const layer of net.layers.filter(
    ({ bottom, include }) => bottom.length === 0 && !include.some((rule) => rule.includes("TEST")),
  )) {
    for (const [message, values] of Object.entries(layer.fields)) {
      for (const [name, value] of Object.entries(values)) {
        if (name === "batch_size") setField(layer, message, name, `${batch}`);
        if (name === "shape") setField(layer, message, name, value.replaceAll(`{ dim: ${old}`, `{ dim: ${batch}`));
      }
    }
  }
}

const allAlike = [{ rule: "bn-batch-too-small", reason: "all of these layers have this batch" }];

export const inTraining: readonly Mistake[] = [
  {
    kind: "inner products with a batch of 1",
    caffe: "With m = 1 the mean is the value itself: what comes out is 0, whatever goes in.",
    rule: "bn-batch-too-small",
    companions: allAlike,
    wish: { ...trains, families: ["inner"], weights: false },
    plant(net, dice) {
      setBatch(net, 1);
      return pick(net, dice)?.norms[0]?.name;
    },
    async shown({ planted, block: { norms } }) {
      expect((await run(planted)).blob(norms[0]?.top[0] ?? "").data.every((value) => value === 0)).toBe(true);
    },
  },
  {
    kind: "inner products with a batch of a few",
    caffe: "The averages correct by m/(m − 1): with m = 4 what is averaged is 4/3 of the batch's variance.",
    rule: "bn-batch-too-small",
    companions: allAlike,
    wish: { ...trains, families: ["inner"], weights: false },
    plant(net, dice) {
      setBatch(net, 4);
      return pick(net, dice)?.norms[0]?.name;
    },
    async shown({ planted, block: { norms } }) {
      const ran = await run(planted);
      const stored = ran.params(norms[0]?.name ?? "")[1]?.data ?? [];
      expectClose(
        stored,
        ran.channels(norms[0]?.bottom[0] ?? "").map((values) => (variance(values) * 4) / 3),
        1e-3,
      );
    },
  },
  {
    kind: "one image at a time, with iter_size",
    caffe: "Each forward normalizes its image by itself: iter_size adds up gradients, not statistics.",
    rule: "bn-batch-too-small",
    companions: allAlike,
    wish: { ...trains, solver: true, families: ["convolutions", "depthwise", "residual"] },
    plant(net) {
      setBatch(net, 1);
      net.solver = { ...net.solver, iter_size: "8" };
      return net.blocks[0]?.norms[0]?.name;
    },
  },
  {
    kind: "iter_size",
    caffe: "The averages move at every forward, iter_size times an iteration.",
    rule: "bn-iter-size",
    wish: { ...trains, solver: true },
    plant(net, dice) {
      net.solver = { ...net.solver, iter_size: dice.of(["2", "4", "16"]) };
      return net.blocks[0]?.norms[0]?.name;
    },
    shown: factorIs((f) => 1 + f + f * f),
  },
  {
    kind: "averages slower than the training",
    caffe: "Nothing is forgotten: three forwards weigh all but the same, and so do all of the training's.",
    rule: "bn-average-too-slow",
    wish: { ...trains, solver: true },
    plant: (net, dice) =>
      changeNorm(net, dice, (norm) => setField(norm, "batch_norm_param", "moving_average_fraction", "0.999999")),
    shown: factorIs(() => 3),
  },
  {
    kind: "a training shorter than the averages",
    caffe: "The same, as the training is short: f^(n/2) of the first half is left.",
    rule: "bn-average-too-slow",
    companions: [{ rule: "bn-average-too-slow", reason: "layers of another fraction are reported apart" }],
    wish: { ...trains, solver: true, habits: { normFields: {} }, weights: false },
    plant(net, dice) {
      net.solver = { ...net.solver, max_iter: dice.of(["100", "500", "1000"]) };
      return net.blocks[0]?.norms[0]?.name;
    },
    shown: factorIs((f) => 1 + f + f * f),
  },
  {
    kind: "a training shorter than the averages that were loaded",
    caffe: "After n forwards f^n of the loaded averages is left, beside the sum of the new: 999.98 holds for long.",
    rule: "bn-average-too-slow",
    wish: { ...trains, solver: true, habits: { normFields: {} }, weights: true },
    plant(net, dice) {
      net.solver = { ...net.solver, max_iter: dice.of(["60", "100", "300"]) };
      return net.blocks[0]?.norms[0]?.name;
    },
  },
];

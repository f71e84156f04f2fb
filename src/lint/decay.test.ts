// What lint says of weight decay, against what training makes of a parameter.
import { describe, expect, test } from "vitest";
import { Solver } from "../index.js";
import { parseSolver } from "../proto/text/index.js";
import { rules } from "../solvers/index.js";
import { decayOfOne } from "./decay.js";

const multipliers = { lrMult: 2, decayMult: 0.5 };

/** A constant is 0 when it is normalized, so that γ has no gradient; β has none as it starts at its target, 0. */
const net = `net_param {
  layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 1 dim: 2 dim: 2 } } }
  layer { name: "bn" type: "BatchNorm" bottom: "x" top: "n" }
  layer { name: "s" type: "Scale" bottom: "n" top: "y" param { lr_mult: 2 decay_mult: 0.5 } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }
}`;

const momenta: Readonly<Record<string, readonly string[]>> = {
  SGD: ["", "momentum: 0.9"],
  Nesterov: ["", "momentum: 0.9"],
  AdaGrad: ["delta: 1e-3"],
  RMSProp: ["rms_decay: 0.9"],
  AdaDelta: ["momentum: 0.95 delta: 1e-6"],
  Adam: ["momentum: 0.9", "momentum: 0.5 momentum2: 0.99"],
};

const policies = [
  'lr_policy: "fixed"',
  'lr_policy: "step" gamma: 0.5 stepsize: 7',
  'lr_policy: "multistep" gamma: 0.1 stepvalue: 5 stepvalue: 11',
  'lr_policy: "exp" gamma: 0.9',
  'lr_policy: "inv" gamma: 0.1 power: 0.75',
  'lr_policy: "poly" power: 2',
  'lr_policy: "sigmoid" gamma: 0.5 stepsize: 10',
];

const shared = ["", "iter_size: 3 clip_gradients: 1e-3"];

describe.each(rules.map(({ type }) => type))("%s", (type) => {
  test.each(["L1", "L2"])("%s, each policy: as in training", async (regularization) => {
    for (const policy of policies)
      for (const momentum of momenta[type] ?? [""]) {
        const more = shared[policies.indexOf(policy) % shared.length];
        const text = `type: "${type}" base_lr: 0.05 weight_decay: 0.1 max_iter: 20 ${momentum} ${policy}
          regularization_type: "${regularization}" ${more} random_seed: 1 snapshot_after_train: false`;
        const decayed = decayOfOne(parseSolver(text).message, multipliers);
        expect(decayed?.iterations, text).toBe(20);
        const trained = await trainedGamma(`${net} ${text}`);
        expect(trained).not.toBe(1);
        expect(Math.abs((decayed?.value ?? 0) - trained), text).toBeLessThan(2e-6);
      }
  });
});

test.each([
  ["no policy", "base_lr: 0.1 max_iter: 10"],
  ["an unknown type", 'base_lr: 0.1 max_iter: 10 lr_policy: "fixed" type: "Adma"'],
  ["an unknown regularization", 'base_lr: 0.1 max_iter: 10 lr_policy: "fixed" regularization_type: "L3"'],
  ["no iterations", 'base_lr: 0.1 lr_policy: "fixed"'],
  ["an overflow", 'base_lr: 30 max_iter: 100 lr_policy: "fixed"'],
])("%s: no number", (_, text) => {
  expect(decayOfOne(parseSolver(`${text} weight_decay: 0.5`).message, multipliers)).toBeUndefined();
});

async function trainedGamma(text: string): Promise<number> {
  const solver = await Solver.load(text, { engine: "wasm" });
  try {
    await solver.step(20);
    return solver.net.params.get("s")?.[0]?.data[0] ?? Number.NaN;
  } finally {
    await solver.dispose();
  }
}

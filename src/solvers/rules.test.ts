// Each rule against its formula, written out in double precision for linear regression, as Caffe's own tests do.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Solver } from "../index.js";
import { blobShape, blobValues, readSolverState } from "../proto/binary/index.js";
import { parseSolver } from "../proto/text/index.js";
import { upgradeSolver } from "../proto/upgrade/solver.js";
import { rules } from "./index.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moka-rules-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const images = 5;
const inputs = 3;
const x = Array.from({ length: images * inputs }, (_, i) => Math.fround(Math.sin(7 * i + 1)));
const target = Array.from({ length: images }, (_, i) => Math.fround(Math.cos(3 * i)));

/** y = w·x + b; the rate of b is twice that of w, its decay half. */
const net = `net_param {
  layer { name: "x" type: "Input" top: "x" top: "t" input_param { shape { dim: ${images} dim: ${inputs} } shape { dim: ${images} dim: 1 } } }
  layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" param { lr_mult: 1 } param { lr_mult: 2 decay_mult: 0.5 }
    inner_product_param { num_output: 1 weight_filler { type: "uniform" min: -1 max: 1 } bias_filler { type: "constant" value: 0.5 } } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }
}`;

/** The step of one weight from its gradient; `memory` is the rule's history, 0 before the first update. */
type Step = (g: number, rate: number, memory: number[], update: number) => number;

interface Subject {
  readonly type: string;
  readonly fields: string;
  readonly step: Step;
}

const subjects: readonly Subject[] = [
  {
    type: "SGD",
    fields: "",
    step(g, rate, memory) {
      memory[0] = rate * g;
      return memory[0];
    },
  },
  {
    type: "SGD",
    fields: "momentum: 0.75",
    step(g, rate, memory) {
      memory[0] = 0.75 * memory[0] + rate * g;
      return memory[0];
    },
  },
  {
    type: "Nesterov",
    fields: "momentum: 0.75",
    step(g, rate, memory) {
      const before = memory[0];
      memory[0] = 0.75 * before + rate * g;
      return 1.75 * memory[0] - 0.75 * before;
    },
  },
  {
    type: "AdaGrad",
    fields: "delta: 1e-3",
    step(g, rate, memory) {
      memory[0] += g ** 2;
      return (rate * g) / (memory[0] ** 0.5 + 1e-3);
    },
  },
  {
    type: "RMSProp",
    fields: "rms_decay: 0.75 delta: 1e-3",
    step(g, rate, memory) {
      memory[0] = 0.75 * memory[0] + 0.25 * g ** 2;
      return (rate * g) / (memory[0] ** 0.5 + 1e-3);
    },
  },
  {
    type: "AdaDelta",
    fields: "momentum: 0.75 delta: 1e-3",
    step(g, rate, memory) {
      memory[0] = 0.75 * memory[0] + 0.25 * g ** 2;
      const update = g * ((memory[1] + 1e-3) / (memory[0] + 1e-3)) ** 0.5;
      memory[1] = 0.75 * memory[1] + 0.25 * update ** 2;
      return rate * update;
    },
  },
  {
    type: "Adam",
    fields: "momentum: 0.75 momentum2: 0.875 delta: 1e-3",
    step(g, rate, memory, update) {
      memory[0] = 0.75 * memory[0] + 0.25 * g;
      memory[1] = 0.875 * memory[1] + 0.125 * g ** 2;
      const correction = (1 - 0.875 ** update) ** 0.5 / (1 - 0.75 ** update);
      return (rate * correction * memory[0]) / (memory[1] ** 0.5 + 1e-3);
    },
  },
];

/** Settings that have the same effect with every rule. */
const plain = { decay: 0, l1: false, clip: Number.POSITIVE_INFINITY, iterSize: 1, rate: (_iter: number) => 0.125 };
const settings: readonly (typeof plain & { readonly fields: string })[] = [
  { ...plain, fields: "" },
  { ...plain, fields: "weight_decay: 0.5", decay: 0.5 },
  { ...plain, fields: 'weight_decay: 0.5 regularization_type: "L1" iter_size: 2', decay: 0.5, l1: true, iterSize: 2 },
  { ...plain, fields: "clip_gradients: 0.25", clip: 0.25 },
  { ...plain, fields: "clip_gradients: 0.25 iter_size: 2", clip: 0.25, iterSize: 2 },
  {
    ...plain,
    fields: 'lr_policy: "step" gamma: 0.5 stepsize: 2',
    rate: (iter: number) => 0.125 * 0.5 ** Math.floor(iter / 2),
  },
];

/** The gradient of Σ(w·x + b − t)²/(2·images) for w and then b. */
function gradient(weights: readonly number[]): number[] {
  const result = weights.map(() => 0);
  for (let n = 0; n < images; n++) {
    const row = [...x.slice(n * inputs, (n + 1) * inputs), 1];
    const residual = row.reduce((sum, value, i) => sum + value * weights[i], 0) - target[n];
    row.forEach((value, i) => {
      result[i] += (residual * value) / images;
    });
  }
  return result;
}

async function load(fields: string, engine: "wasm" | "reference", snapshot?: string): Promise<Solver> {
  const policy = fields.includes("lr_policy") ? "" : 'lr_policy: "fixed"';
  const text = `base_lr: 0.125 ${policy} max_iter: 100 random_seed: 3 snapshot_prefix: "${folder}/s" ${fields}\n${net}`;
  const solver = await Solver.load(text, { engine, snapshot });
  solver.net.blobs.get("x")?.data.set(x);
  solver.net.blobs.get("t")?.data.set(target);
  return solver;
}

const weightsOf = (solver: Solver) => solver.net.params.get("fc")?.flatMap(({ data }) => [...data]) ?? [];

test("every rule is tested here", () => {
  expect(new Set(subjects.map(({ type }) => type))).toEqual(new Set(rules.map(({ type }) => type)));
});

describe.each(["wasm", "reference"] as const)("on %s", (engine) => {
  describe.each(subjects)("$type $fields", ({ type, fields, step }) => {
    test.each(settings)("computes its formula, with $fields", async (setting) => {
      const solver = await load(`type: "${type}" ${fields} ${setting.fields}`, engine);
      const weights = weightsOf(solver);
      const memories = weights.map(() => [0, 0]);
      for (let iter = 0; iter < 6; iter++) {
        const raw = gradient(weights);
        // The sum over iter_size is clipped; the data are the same each time.
        const clip = Math.min(1, setting.clip / Math.hypot(...raw) / setting.iterSize);
        weights.forEach((weight, i) => {
          const isBias = i === inputs;
          const penalty = setting.decay * (isBias ? 0.5 : 1) * (setting.l1 ? Math.sign(weight) : weight);
          const rate = setting.rate(iter) * (isBias ? 2 : 1);
          weights[i] -= step(raw[i] * clip + penalty, rate, memories[i], iter + 1);
        });
        await solver.step(1);
        weightsOf(solver).forEach((value, i) => {
          expect(Math.abs(value - weights[i]), `weight ${i} after ${iter + 1}`).toBeLessThan(2e-6);
        });
      }
      await solver.dispose();
    });

    test("stores its history as Caffe does, and continues from it", async () => {
      const all = `type: "${type}" ${fields} weight_decay: 0.25`;
      const first = await load(all, engine);
      let file = "";
      first.on("snapshot", ({ state }) => {
        file = state;
      });
      const weights = weightsOf(first);
      const memories = weights.map(() => [0, 0]);
      for (let iter = 0; iter < 3; iter++) {
        const raw = gradient(weights);
        weights.forEach((weight, i) => {
          const isBias = i === inputs;
          const g = raw[i] + 0.25 * (isBias ? 0.5 : 1) * weight;
          weights[i] -= step(g, 0.125 * (isBias ? 2 : 1), memories[i], iter + 1);
        });
      }
      await first.step(3);
      await first.snapshot();

      // All first histories, then all second ones; each with the shape of its parameter.
      const { history } = readSolverState(readFileSync(file));
      const count = ["AdaDelta", "Adam"].includes(type) ? 2 : 1;
      expect(history.map(blobShape)).toEqual(Array.from({ length: count }, () => [[1, inputs], [1]]).flat());
      const wanted = Array.from({ length: count }, (_, k) => memories.map((memory) => memory[k])).flat();
      history
        .flatMap((blob) => [...blobValues(blob).data])
        .forEach((value, i) => {
          expect(Math.abs(value - wanted[i]), `memory ${i}`).toBeLessThan(2e-6);
        });

      const resumed = await load(all, engine, file);
      await first.step(3);
      await resumed.step(3);
      expect(weightsOf(resumed)).toEqual(weightsOf(first));
      await first.dispose();
      await resumed.dispose();
    });
  });
});

describe("refuses", () => {
  test.each([
    ['type: "AdaGrad" momentum: 0.9', "AdaGrad uses no momentum: it must be 0 or missing, not 0.9"],
    ['type: "RMSProp" momentum: 0.5', "RMSProp uses no momentum: it must be 0 or missing, not 0.5"],
    ['type: "RMSProp" rms_decay: 1', "rms_decay must be 0 or more and less than 1, not 1"],
    ['type: "RMSProp" rms_decay: -0.5', "rms_decay must be 0 or more and less than 1, not -0.5"],
    ['type: "Adam" momentum: 1', "Adam needs momentum of 0 or more and less than 1, not 1"],
    ['type: "Adam" momentum2: 1.5', "Adam needs momentum2 from 0 to 1, not 1.5"],
    [
      'type: "Adagrad"',
      'unknown solver type "Adagrad"; there are SGD, Nesterov, AdaGrad, RMSProp, AdaDelta, Adam; did you mean "AdaGrad"?',
    ],
    ['type: "Adam" regularization_type: "L3"', 'regularization_type must be "L1" or "L2", not "L3"'],
  ])("%s", async (fields, reason) => {
    await expect(load(fields, "reference")).rejects.toMatchObject({ code: "MOKA_FIELD", reason });
  });
});

describe("the old solver_type", () => {
  test.each([
    ["0", "SGD", "SGD"],
    ["1", "NESTEROV", "Nesterov"],
    ["2", "ADAGRAD", "AdaGrad"],
    ["3", "RMSPROP", "RMSProp"],
    ["4", "ADADELTA", "AdaDelta"],
    ["5", "ADAM", "Adam"],
  ])("%s or %s is %s", (number, name, type) => {
    for (const value of [number, name]) {
      const { message, issues } = parseSolver(`solver_type: ${value}`);
      expect(issues.filter(({ severity }) => severity === "error")).toEqual([]);
      expect(upgradeSolver(message, "solver.prototxt", () => {}).type).toBe(type);
    }
  });

  test("trains", async () => {
    const solver = await load("solver_type: 5 momentum: 0.9", "wasm");
    expect(solver.param.type).toBe("Adam");
    await solver.step(1);
    const before = solver.loss;
    await solver.step(19);
    expect(solver.loss).toBeLessThan(0.9 * before);
    await solver.dispose();
  });
});

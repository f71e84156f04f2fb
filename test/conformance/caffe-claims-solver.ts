// What the pages and the rules say of BatchNorm and the solver: param specs, weight decay and iter_size, each with what holds it.
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import {
  filler,
  Layer,
  type ParamDeclaration,
  type Recorder,
  type Shape,
  Solver,
  type Tensor,
} from "../../src/index.js";
import { buildError } from "../layers.js";
import { netFromText } from "../nets.js";
import { type Claims, moments, near } from "./claims.js";

const golden = new URL("../golden/", import.meta.url);

/** Trains a BatchNorm on constant data, and returns its three blobs. */
async function trainedNorm(solver: string, iterations: number, fields = ""): Promise<number[]> {
  const net = `layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 1 } shape { dim: 2 dim: 1 }
      data_filler { type: "uniform" min: 1 max: 3 } data_filler { type: "constant" } } }
    layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" ${fields} }
    layer { name: "ip" type: "InnerProduct" bottom: "y" top: "z" inner_product_param { num_output: 1 weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "z" bottom: "t" top: "loss" }`;
  const loaded = await Solver.load(
    `net_param { ${net} } lr_policy: "fixed" max_iter: 100 snapshot_after_train: false ${solver}`,
    {
      engine: "reference",
    },
  );
  await loaded.step(iterations);
  const blobs = (loaded.net.params.get("bn") ?? []).map(({ data }) => data[0] ?? Number.NaN);
  await loaded.dispose();
  return blobs;
}

async function movesAtEveryForward(): Promise<void> {
  const [, , s = 0] = await trainedNorm("base_lr: 0 iter_size: 4", 2);
  near(s, (1 - 0.999 ** 8) / (1 - 0.999), 1e-6);
  near(0.999 ** 4, 0.996, 1e-4);
  near(1 / (4 * (1 - 0.999)), 250, 1e-9);
  near(0.999 ** (1 / 4), 0.99975, 1e-6);
}

async function isNotLearned(): Promise<void> {
  for (const specs of ["", "param { lr_mult: 0 }", "param { lr_mult: 0 } param { lr_mult: 0 decay_mult: 5 }"]) {
    const [, , s = 0] = await trainedNorm("base_lr: 0.1 momentum: 0.9 weight_decay: 0.5", 3, specs);
    near(s, 1 + 0.999 + 0.999 ** 2, 1e-6);
  }
}

/** BatchNorm before September 2016: its statistics are parameters like all others, which have no gradient. */
class OldNormLayer extends Layer {
  override readonly bottomCount = 1;
  override readonly topCount = 1;

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    return [x];
  }

  override declareParams(): readonly ParamDeclaration[] {
    return Array.from({ length: 3 }, () => ({ shape: [1], filler: filler({ value: 0 }) }));
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    const spans = this.params.map(({ data }) => data);
    const run = () => {
      const { mean, variance } = moments([...x.data.array]);
      for (const [i, value] of [mean, variance, 1].entries()) {
        const { array } = spans[i] ?? { array: new Float32Array(1) };
        array[0] = 0.999 * (array[0] ?? 0) + value;
      }
      y.data.array.set(x.data.array);
    };
    k.host("old norm", run, { reads: [x.data, ...spans], writes: [y.data, ...spans] });
  }

  override backward(): void {}
}

/** M/s and V/s of old layers with these specs, after a training with weight decay; and those of one that does not decay. */
async function decayedAverages(specs: readonly string[], solver: string) {
  const all = ["param { decay_mult: 0 } param { decay_mult: 0 } param { decay_mult: 0 }", ...specs];
  const net = `layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 1 } shape { dim: 2 dim: 1 }
      data_filler { type: "uniform" min: 1 max: 3 } data_filler { type: "constant" } } }
    ${all.map((each, i) => `layer { name: "old${i}" type: "OldNorm" bottom: "x${i || ""}" top: "x${i + 1}" ${each} }`).join("\n")}
    layer { name: "loss" type: "EuclideanLoss" bottom: "x${all.length}" bottom: "t" top: "loss" }`;
  const loaded = await Solver.load(
    `net_param { ${net} } base_lr: 0.1 momentum: 0.9 weight_decay: 0.0005 lr_policy: "fixed" max_iter: 9000 ${solver}
     random_seed: 1 snapshot_after_train: false`,
    { layers: { OldNorm: OldNormLayer }, engine: "reference" },
  );
  await loaded.step(4000);
  const averages = all.map((_, i) => {
    const [m = 0, v = 0, s = 0] = (loaded.net.params.get(`old${i}`) ?? []).map(({ data }) => data[0] ?? Number.NaN);
    return { mean: m / s, variance: v / s };
  });
  await loaded.dispose();
  const [right, ...others] = averages;
  return others.map(({ mean, variance }) => [mean / (right?.mean ?? 0), variance / (right?.variance ?? 0)]);
}

async function shrankInOldVersions(): Promise<void> {
  const specs = [
    "",
    "param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 1 decay_mult: 1 } param { decay_mult: 0 }",
    "param { lr_mult: 0 } param { lr_mult: 0 }",
  ];
  const [equal = [], only = [], missing = []] = await decayedAverages(specs, "");
  for (const ratio of equal) near(ratio, 1, 0.03);
  for (const ratio of only) near(ratio, 2 / 3, 0.04);
  for (const ratio of missing) near(ratio, 1.5, 0.04);
  const [nesterov = []] = await decayedAverages([""], 'type: "Nesterov"');
  for (const ratio of nesterov) near(ratio, 1, 0.03);
  // Not so where an update does not grow with the value.
  const [adam = []] = await decayedAverages([""], 'type: "Adam"');
  expect(Math.abs((adam[1] ?? 1) - 1)).toBeGreaterThan(0.2);
}

async function upgradesThreeSpecs(): Promise<void> {
  const lines: string[] = [];
  const spec = "param { lr_mult: 1 decay_mult: 1 }";
  const text = `input: "x" input_shape { dim: 4 dim: 2 } layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" SPECS }`;
  const log = (_: string, __: string, line: string) => void lines.push(line);
  const net = await netFromText(text.replace("SPECS", `${spec} ${spec} ${spec}`), { log });
  await net.dispose();
  const logged = readFileSync(new URL("train/article_sgd/caffe.log", golden), "utf8");
  for (const words of [
    "Attempting to upgrade batch norm layers using deprecated params",
    "Successfully upgraded batch norm layers",
  ]) {
    expect(lines.join("\n")).toContain(words);
    expect(logged).toContain(words);
  }
  const upgraded = readFileSync(new URL("files/legacy/bn_specs.upgraded.prototxt", golden), "utf8");
  expect(upgraded.match(/lr_mult: 0\s+decay_mult: 0/g)?.length).toBeGreaterThanOrEqual(3);
  for (const specs of [spec, `${spec} ${spec}`, `${spec} ${spec} ${spec} ${spec}`])
    expect(
      await buildError(`layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" ${specs} }`, { x: [4, 2] }),
    ).not.toBe("");
}

export const solverClaims: readonly Claims[] = [
  {
    held: "a training with iter_size",
    by: movesAtEveryForward,
    claims: {
      "docs/lint/bn-iter-size.md": [
        "An iteration keeps f^k of the averages: 0.999⁴ = 0.996.",
        "1/(k·(1 − f)) iterations: 250 instead of 1000.",
        "the averages move in the layer's forward, and the solver calls forward `iter_size` times before it updates the weights.",
        "0.999^(1/4) = 0.99975",
      ],
      "bn-iter-size": [
        "An iteration keeps 0.999^4 = 0.996 of the averages",
        "they go over about 1000 forwards, which are 250 iterations.",
      ],
    },
  },
  {
    held: "trainings with weight decay",
    by: isNotLearned,
    claims: {
      "docs/lint/bn-param-specs.md": [
        "it adds the missing ones with `lr_mult: 0`, so that no statistic is learned.",
        "`decay_mult` with `lr_mult: 0`: weight decay goes into the gradient, which is multiplied by a rate of 0.",
      ],
      "bn-param-specs": ["Caffe adds the missing ones with lr_mult 0, so that none is learned"],
    },
  },
  {
    held: "trainings of a layer that is as BatchNorm was (BVLC/caffe c8f446f64, merged in 25422de79 on 2016-09-16)",
    by: shrankInOldVersions,
    claims: {
      "docs/lint/bn-learnable-stats.md": [
        "Versions before 16 September 2016 took the specs as they are",
        "Weight decay of SGD or Nesterov shrank M, V and s by the same factor, and TEST goes by M/s and V/s.",
        "after thousands of iterations with `base_lr: 0.1`, `momentum: 0.9` and `weight_decay: 0.0005` M/s and V/s were two thirds of what they should be.",
      ],
      "docs/lint/bn-param-specs.md": [
        "after thousands of iterations with `base_lr: 0.1`, `momentum: 0.9` and `weight_decay: 0.0005` M/s and V/s were 1.5 times what they should be.",
      ],
      "bn-learnable-stats": ["not all by the same factor, so that TEST went by wrong averages"],
      "bn-learnable-stats equal": ["all three by the same factor, which M/s and V/s do not show"],
    },
  },
  {
    held: "Caffe's log, a net that it upgraded, and nets that are refused",
    by: upgradesThreeSpecs,
    claims: {
      "docs/lint/bn-learnable-stats.md": [
        'It logs "Attempting to upgrade batch norm layers using deprecated params", and makes all of them `lr_mult: 0 decay_mult: 0`.',
      ],
      "docs/lint/bn-param-specs.md": ["Three: it sets them to `lr_mult: 0 decay_mult: 0`."],
      "bn-learnable-stats equal": ["it logs that it upgrades the layer, and sets all multipliers to 0."],
    },
  },
];

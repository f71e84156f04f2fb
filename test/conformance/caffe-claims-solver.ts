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
import { buildError, layerNet } from "../layers.js";
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

/** A frozen Convolution, a BatchNorm with these specs, and a classifier. */
const frozenBelow = (specs: string, count: number) => `
  layer { name: "conv1" type: "Convolution" bottom: "x" top: "conv1" param { lr_mult: 0 } param { lr_mult: 0 }
    convolution_param { num_output: 2 kernel_size: 1 weight_filler { type: "xavier" } } }
  layer { name: "bn1" type: "BatchNorm" bottom: "conv1" top: "bn1" ${specs.repeat(count)} }
  layer { name: "ip" type: "InnerProduct" bottom: "bn1" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }`;

async function runsBackwardForNothing(): Promise<void> {
  const spec = "param { lr_mult: 0 decay_mult: 0 } ";
  const results: (number[] | undefined)[] = [];
  for (const count of [0, 1, 2, 3]) {
    const lines: string[] = [];
    const log = (_: string, __: string, line: string) => void lines.push(line);
    const net = await layerNet(frozenBelow(spec, count), { x: [2, 1, 2, 2], t: [2] }, { log, seed: 1 });
    await net.forward({ x: [1, 2, 3, 4, 9, 8, 7, 6], t: [0, 2] });
    net.blobs.get("conv1")?.diff?.fill(0);
    await net.backward();
    const idle = [...(net.blobs.get("conv1")?.diff ?? [])].some((value) => value !== 0);
    expect(idle, `${count} specs`).toBe(count < 3);
    expect(lines).toContain(`bn1 ${count < 3 ? "needs" : "does not need"} backward computation.`);
    expect(lines).toContain("conv1 does not need backward computation.");
    results.push(net.params.get("ip")?.flatMap(({ diff }) => [...(diff ?? [])]));
    await net.dispose();
  }
  for (const gradients of results) expect(gradients).toEqual(results[0]);
  expect((await trainedNorm("base_lr: 0.1 momentum: 0.9", 2)).at(-1)).toBeCloseTo(1.999, 6);
}

async function growsTheLoss(): Promise<void> {
  const lines: string[] = [];
  const net = `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 3 } shape { dim: 2 }
      data_filler { value: 1 } data_filler { type: "constant" } } }
    layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "t" top: "loss" loss_weight: -1 }`;
  const solver = await Solver.load(
    `net_param { ${net} } base_lr: 1 lr_policy: "fixed" max_iter: 30 display: 1 random_seed: 1 snapshot_after_train: false`,
    { engine: "reference", log: (_, __, line) => void lines.push(line) },
  );
  await solver.step(30);
  const losses = lines.flatMap((line) => {
    const [, value, share] = /loss = ([\d.e-]+) \(\* -1 = (-?[\d.e-]+) loss\)/.exec(line) ?? [];
    return value === undefined ? [] : [[Number(value), Number(share)] as const];
  });
  expect(losses.length).toBe(30);
  for (const [i, [value, share]] of losses.entries()) {
    expect(share).toBeCloseTo(-value, 4);
    expect(value).toBeGreaterThanOrEqual(losses[i - 1]?.[0] ?? 0);
  }
  expect(losses.at(-1)?.[0]).toBeCloseTo(87.3365, 3);
  await solver.dispose();
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
  {
    held: "logs and gradients of nets with frozen layers below",
    by: runsBackwardForNothing,
    claims: {
      "docs/lint/bn-needs-backward.md": [
        "one that is missing means `lr_mult: 1`.",
        "so the solver never learns them, and backward runs all the same. Its own backward then computes the gradient of its bottom, which nobody asked for.",
        'It logs "bn1 needs backward computation." and computes the gradients. With three specs of `lr_mult: 0` the line is "bn1 does not need backward computation."; one or two are not enough.',
        "No result changes.",
      ],
      "bn-needs-backward": [
        "Caffe decides what runs backward, it counts a missing spec as lr_mult 1, although it never learns the statistics.",
        "Three specs of lr_mult: 0 save this, and change no result.",
      ],
    },
  },
  {
    held: "a training with such a loss",
    by: growsTheLoss,
    claims: {
      "docs/lint/negative-loss-weight.md": [
        "With a weight below 0 it becomes smaller as that top grows",
        "or sticks at the highest that there is, 87.3365 for a softmax.",
        "its log shows the loss with its sign: `loss = 2.3 (* -1 = -2.3 loss)`.",
      ],
      "negative-loss-weight": ["or sticks at the highest that there is (87.3365 for a softmax)."],
    },
  },
];

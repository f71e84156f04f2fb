// What the pages and the rules say of Caffe's BatchNorm, each with what holds it: numbers that Caffe computed, or a run of Moka,
// whose training is checked against Caffe's in test/golden/train.test.ts.
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { Solver } from "../../src/index.js";
import { readFactor } from "../../src/tools/batch-norm/factor.js";
import { layerNet, runLayer } from "../layers.js";
import { readSafetensors } from "../safetensors.js";
import { type Claims, moments, near } from "./claims.js";

const golden = new URL("../golden/", import.meta.url);

/** A BatchNorm that Caffe ran, by channel: what it read, and what it had before and after. */
function caseOf(name: string) {
  const text = readFileSync(new URL(`layers/BatchNorm/${name}/net.prototxt`, golden), "utf8");
  const { metadata, tensors } = readSafetensors(
    readFileSync(new URL(`layers/BatchNorm/${name}/tensors.safetensors`, golden)),
  );
  const number = (field: string, usual: number) => Number(new RegExp(`${field}: ([\\d.e-]+)`).exec(text)?.[1] ?? usual);
  const { shape, data: x } = tensors.get("in/x") ?? { shape: [], data: new Float32Array() };
  const [n = 1, channels = 1] = shape;
  const inner = x.length / n / channels;
  const pick = (values: Float32Array | undefined, channel: number) =>
    [...(values ?? [])].filter((_, i) => Math.floor(i / inner) % channels === channel);
  const at = (kind: string, index: number) => tensors.get(`${kind}/layer/${index}`)?.data;
  return {
    phase: metadata["phase"],
    globalStats: /use_global_stats: (true|false)/.exec(text)?.[1],
    f: number("moving_average_fraction", 0.999),
    eps: number("eps", 1e-5),
    moved: tensors.has("param_after/layer/0"),
    before: { m: at("param", 0), v: at("param", 1), s: at("param", 2)?.[0] ?? Number.NaN },
    after: { m: at("param_after", 0), v: at("param_after", 1), s: at("param_after", 2)?.[0] ?? Number.NaN },
    channels: Array.from({ length: channels }, (_, channel) => ({
      x: pick(x, channel),
      y: pick((tensors.get("out/top") ?? tensors.get("out/x"))?.data, channel),
      dx: pick(tensors.get("in_diff/x")?.data, channel),
    })),
  };
}

const cases = readdirSync(new URL("layers/BatchNorm/", golden)).map(caseOf);

function movesItsAverages(): void {
  const moving = cases.filter(({ moved }) => moved);
  expect(moving.length).toBeGreaterThan(10);
  for (const { f, before, after, channels } of moving) {
    // Exactly: two roundings, as in single precision.
    expect(after.s).toBe(Math.fround(Math.fround(before.s * Math.fround(f)) + 1));
    for (const [channel, { x }] of channels.entries()) {
      const { mean, variance } = moments(x);
      const correction = x.length > 1 ? x.length / (x.length - 1) : 1;
      near(after.m?.[channel] ?? Number.NaN, f * (before.m?.[channel] ?? Number.NaN) + mean);
      near(after.v?.[channel] ?? Number.NaN, f * (before.v?.[channel] ?? Number.NaN) + variance * correction);
    }
  }
}

/** Which statistics a layer uses is told by its values, in all cases. */
function followsThePhase(): void {
  for (const { phase, globalStats, eps, moved, before, channels } of cases) {
    const byAverages = globalStats === undefined ? phase === "TEST" : globalStats === "true";
    expect(moved).toBe(!byAverages);
    for (const [channel, { x, y }] of channels.entries()) {
      const own = moments(x);
      const over = before.s === 0 ? 0 : 1 / before.s;
      const [mean, variance] = byAverages
        ? [(before.m?.[channel] ?? 0) * over, (before.v?.[channel] ?? 0) * over]
        : [own.mean, own.variance];
      for (const [i, value] of x.entries()) near(y[i] ?? Number.NaN, (value - mean) / Math.sqrt(variance + eps), 1e-4);
    }
  }
}

function countsWithoutFactor(): void {
  const { before, channels } = caseOf("test_factor_zero");
  expect(before.s).toBe(0);
  for (const { x, y } of channels)
    for (const [i, value] of x.entries()) near(y[i] ?? Number.NaN, value * 316.2278, 1e-5);
}

function isZeroOfOneValue(): void {
  const { f, before, after, channels } = caseOf("batch_one_spatial_one");
  for (const [channel, { x, y, dx }] of channels.entries()) {
    expect(x.length).toBe(1);
    expect([Math.abs(y[0] ?? 1), Math.abs(dx[0] ?? 1)]).toEqual([0, 0]);
    near(after.v?.[channel] ?? Number.NaN, f * (before.v?.[channel] ?? Number.NaN), 1e-6);
  }
}

function saturates(): void {
  let [s, before, updates] = [0, -1, -1];
  for (; s !== before; updates++) [before, s] = [s, Math.fround(Math.fround(s * Math.fround(0.999)) + 1)];
  expect(s).toBeCloseTo(999.982, 3);
  expect(updates).toBe(10_277);
  expect(readFactor(s, 0.999).text).toBe("999.982: saturated, over 9205 updates");
}

/** M/s in parts of what it should be, of two layers that share some of their blobs, after n forwards. */
async function sharedMean(names: readonly string[], n: number): Promise<number> {
  const specs = names.map((name) => `param { lr_mult: 0 ${name && `name: "${name}"`} }`).join(" ");
  const layers = ["a", "b"].map(
    (x) => `layer { name: "bn_${x}" type: "BatchNorm" bottom: "${x}" top: "y${x}" ${specs}
    batch_norm_param { moving_average_fraction: 0.9 } }`,
  );
  const net = await layerNet(layers.join("\n"), { a: [2, 1], b: [2, 1] });
  for (let i = 0; i < n; i++) await net.forward({ a: [1, 3], b: [1, 3] });
  const [m, , s] = (net.params.get("bn_a") ?? []).map(({ data }) => data[0] ?? Number.NaN);
  await net.dispose();
  return (m ?? 0) / (s ?? 0) / 2;
}

async function sharesInPart(): Promise<void> {
  for (const n of [1, 7]) {
    near(await sharedMean(["m", "v", ""], n), 1 + 0.9 ** n, 1e-5);
    near(await sharedMean(["", "", "s"], n), 1 / (1 + 0.9 ** n), 1e-5);
    near(await sharedMean(["m", "v", "s"], n), 1, 1e-5);
  }
  near(1 + 0.999 ** 1000, 1.37, 2e-3);
}

const norm = 'layer { name: "layer" type: "BatchNorm" bottom: "x" top: "y" }';
/** What a BatchNorm makes of −1, 1 and 3 in TEST. */
async function tested(mean: number, variance: number, factor: number): Promise<number[]> {
  const x = { shape: [3, 1], data: [-1, 1, 3] };
  return (await runLayer(norm, { x }, [[mean], [variance], [factor]], "TEST"))["y"]?.data ?? [];
}

async function testsWithoutNumbers(): Promise<void> {
  const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
  expect(await tested(0, -2, 2)).toEqual([nan, nan, nan]);
  expect((await tested(0, 1, nan)).concat(await tested(nan, 1, 1), await tested(0, nan, 1))).toEqual(
    Array(9).fill(nan),
  );
  expect(await tested(infinity, 1, 1)).toEqual(Array(3).fill(-infinity));
  expect((await tested(0, infinity, 1)).map(Math.abs)).toEqual([0, 0, 0]);
  for (const value of await tested(0, -2e-6, 1)) expect(value).not.toBeNaN();
  near((await tested(5, 7, infinity))[2] ?? 0, 3 * 316.2278, 1e-5);
  const accuracy = 'layer { name: "layer" type: "Accuracy" bottom: "x" bottom: "t" top: "y" }';
  const inputs = { x: { shape: [2, 3], data: Array(6).fill(nan) }, t: { shape: [2], data: [0, 2] } };
  expect((await runLayer(accuracy, inputs))["y"]?.data).toEqual([1]);
}

async function takesTheBiasAway(): Promise<void> {
  const text = `layer { name: "layer" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
    layer { name: "bn" type: "BatchNorm" bottom: "y" top: "z" }
    layer { name: "loss" type: "EuclideanLoss" bottom: "z" bottom: "t" top: "loss" }`;
  const net = await layerNet(text, { x: [4, 3], t: [4, 2] });
  const inputs = { x: [1, 2, -1, 0, 3, 1, 2, 2, -2, 1, 0, 4], t: [1, 0, 0, 1, 1, 1, 0, 0] };
  const outputs: number[][] = [];
  for (const bias of [0, 1.5]) {
    net.params.get("layer")?.[1]?.data.fill(bias);
    net.clearParamDiffs();
    await net.forward(inputs);
    await net.backward();
    outputs.push([...(net.blobs.get("z")?.data ?? [])]);
    for (const value of net.params.get("layer")?.[1]?.diff ?? [1]) near(value, 0, 1e-5);
  }
  for (const [i, value] of (outputs[0] ?? []).entries()) near(outputs[1]?.[i] ?? Number.NaN, value, 1e-4);
  await net.dispose();
  // With M − b·s TEST computes without the bias what it computed with it.
  const [x, b, s] = [3, 1, 4];
  near((x + b - 10 / s) / Math.sqrt(2 / s + 1e-5), (x - (10 - b * s) / s) / Math.sqrt(2 / s + 1e-5), 1e-9);
}

async function addsTestImages(): Promise<void> {
  const net = `layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 1 } shape { dim: 2 dim: 1 }
      data_filler { type: "uniform" min: 1 max: 3 } data_filler { type: "constant" } } }
    layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { use_global_stats: false } }
    layer { name: "ip" type: "InnerProduct" bottom: "y" top: "z" inner_product_param { num_output: 1 weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "z" bottom: "t" top: "loss" }`;
  const solver = await Solver.load(
    `net_param { ${net} } base_lr: 0.1 lr_policy: "fixed" max_iter: 2 test_iter: 5 test_interval: 1 snapshot_after_train: false`,
    { engine: "reference" },
  );
  await solver.step(2);
  // Two forwards of the training, and two tests of five: before iteration 0 and before 1.
  near(solver.net.params.get("bn")?.[2]?.data[0] ?? 0, (1 - 0.999 ** 12) / (1 - 0.999), 1e-5);
  await solver.dispose();
}

function hasTheseNumbers(): void {
  const firstHalf = (n: number) => 0.999 ** (n / 2) / (1 + 0.999 ** (n / 2));
  for (const [n, part] of [
    [1000, 0.38],
    [2000, 0.27],
    [5000, 0.08],
    [10_000, 0.007],
  ] as const)
    near(firstHalf(n), part, 0.005);
  near(Math.sqrt(2 / 15), 0.37, 0.005);
  near(Math.sqrt(2), 1.41, 0.005);
  near(1 / Math.sqrt(1e-5), 316, 1e-3);
  near(Math.sqrt(1e-5), 0.0032, 1e-4);
  // A variance of eps/10000: the deviation of what comes out.
  expect(Math.sqrt(1e-9 / (1e-9 + 1e-5))).toBeLessThan(0.01);
}

export const normClaims: readonly Claims[] = [
  {
    held: "numbers that Caffe computed",
    by: movesItsAverages,
    claims: {
      "docs/batch-norm.md": [
        "| 0 | M, a value a channel | M ← f·M + mean |",
        "| 1 | V, a value a channel | V ← f·V + variance·m/(m − 1) |",
        "| 2 | s, the factor | s ← f·s + 1 |",
        "f is `moving_average_fraction`, 0.999 if not given; m is how many values of a channel a batch has, N·H·W.",
      ],
      "docs/lint/bn-shared.md": ["Each forward makes s ← f·s + 1, M ← f·M + mean"],
      "docs/lint/bn-iter-size.md": ["Each forward makes M ← f·M + mean."],
      "docs/lint/bn-batch-too-small.md": [
        "The averages correct the variance by m/(m − 1), training does not.",
        "For m = 1 it leaves the correction m/(m − 1) out instead of dividing by 0.",
      ],
      "bn-batch-too-small few": ["while TEST goes by averages; those correct it by m/(m − 1) = 1.33"],
    },
  },
  {
    held: "numbers that Caffe computed",
    by: followsThePhase,
    claims: {
      "docs/batch-norm.md": [
        "In phase TRAIN BatchNorm takes the statistics of the batch, in TEST those it has averaged while it trained.",
        "What TEST uses is M/s and V/s, never M and V themselves",
      ],
      "docs/fold.md": ["In phase TEST a BatchNorm is y = (x − M/s)/√(V/s + eps)"],
      "docs/lint/bn-negative-variance.md": ["In TEST the layer divides by √(V/s + eps)."],
      "docs/lint/bn-shared.md": ["TEST goes by M/s and V/s."],
      "docs/lint/global-stats-in-train.md": [
        "With global statistics a BatchNorm uses the averages in its blobs, and does not update them.",
        "Unset, the field follows the phase: batch statistics in TRAIN, averages in TEST.",
      ],
      "docs/lint/redundant-global-stats.md": ["Unset, the field follows the phase: `false` in TRAIN, `true` in TEST."],
      "global-stats-in-train": ["Left out, the phase decides: the batch in TRAIN, the averages in TEST."],
    },
  },
  {
    held: "numbers that Caffe computed",
    by: countsWithoutFactor,
    claims: {
      "docs/batch-norm.md": ["where s is 0 both count as 0."],
      "docs/fold.md": ["a BatchNorm whose factor s is 0 (then M/s and V/s count as 0)"],
      "docs/lint/bn-untrained.md": ["With s = 0 both count as 0, and y = x/√eps, 316·x for the default eps"],
      "docs/lint/global-stats-in-train.md": [
        "the layer subtracts nothing and divides by √eps = 0.0032, which multiplies its input by 316.",
      ],
      "bn-untrained": ["With s = 0, M/s and V/s are taken as 0 and y is x/√eps, here 316.2·x"],
      "global-stats-in-train": [
        "mean and variance count as 0, and it divides by √eps = 0.003162, which makes values 316.2 times as large.",
      ],
    },
  },
  {
    held: "numbers that Caffe computed",
    by: isZeroOfOneValue,
    claims: {
      "docs/lint/bn-batch-too-small.md": [
        "the mean is the value itself and the variance 0, so (x − mean)/√(0 + eps) is 0 whatever goes in, and no gradient comes back.",
      ],
      "bn-batch-too-small": [
        "so its output is always 0",
        "No gradient comes back either, and the averages for TEST collect variances of 0.",
      ],
    },
  },
  {
    held: "the factor in single precision, rounded as in the numbers that Caffe computed",
    by: saturates,
    claims: {
      "docs/batch-norm.md": [
        "After n updates s is (1 − fⁿ)/(1 − f)",
        "In single precision 0.999 ends at 999.982, after 10,277 updates",
        "factor 999.982: saturated, over 9205 updates",
      ],
    },
  },
  {
    held: "nets with shared averages",
    by: sharesInPart,
    claims: {
      "docs/lint/bn-shared.md": [
        "each forward moves the same averages, k times an iteration.",
        "After n iterations M/s is (1 − f^2n)/(1 − f^n) = 1 + f^n times the mean: twice at first, 1.37 times after 1000 iterations with 0.999",
        "With s shared and M not, it is 1/(1 + f^n) of the mean.",
      ],
      "bn-shared": ["are 1 + f^n times what they should be after n iterations: twice at first, 1.37 times after 1000"],
    },
  },
  {
    held: "runs with such averages",
    by: testsWithoutNumbers,
    claims: {
      "docs/lint/bn-negative-variance.md": [
        "A NaN among the averages makes the channel NaN, an infinite mean makes it infinite, and an infinite variance makes it 0.",
        "Between −eps and 0 the layer still computes a number",
        "An Accuracy layer even counts NaN as right",
      ],
      "bn-negative-variance": ["In TEST channel 0 comes out as infinity, whatever goes in."],
    },
  },
  {
    held: "forward and backward with two biases",
    by: takesTheBiasAway,
    claims: {
      "docs/lint/bias-before-bn.md": [
        "what comes out is the same for every bias, and its gradient is 0 but for rounding.",
        "M becomes M − b·s (s is the BatchNorm's factor), so that TEST computes what it did.",
      ],
    },
  },
  {
    held: "a training with tests",
    by: addsTestImages,
    claims: {
      "docs/lint/batch-stats-in-test.md": ["In TEST too it then adds each batch to the averages"],
    },
  },
  {
    held: "arithmetic",
    by: hasTheseNumbers,
    claims: {
      "docs/lint/bn-batch-too-small.md": ["√(2/(m − 1)) of itself, 37 % at m = 16 and 141 % at m = 2."],
      "docs/lint/bn-dead-channel.md": [
        "V/s below eps/10000: in training, (x − mean)/√(V/s + eps) had a standard deviation below 1 %",
        "it is multiplied by 1/√eps, 316 for the default.",
      ],
      "docs/lint/bn-average-too-slow.md": [
        "38 % at n = 1/(1 − f), 27 % at twice, 8 % at five times, 0.7 % at ten times that.",
      ],
    },
  },
];

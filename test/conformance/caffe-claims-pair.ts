// What the pages and the rules say of mistakes with BatchNorm and Scale: fields, fillers, order. Each with a run that holds it.
import { expect } from "vitest";
import { Solver } from "../../src/index.js";
import { layerNet, runLayer } from "../layers.js";
import { type Claims, moments, near } from "./claims.js";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

const norm = (from: string, to: string, fields = "") =>
  `layer { name: "${to}" type: "BatchNorm" bottom: "${from}" top: "${to}" batch_norm_param { ${fields} } }\n`;
const scale = (from: string, to: string, fields = "", specs = "") =>
  `layer { name: "${to}" type: "Scale" bottom: "${from}" top: "${to}" ${specs} scale_param { bias_term: true ${fields} } }\n`;
const product = (from: string, to: string) =>
  `layer { name: "${to}" type: "InnerProduct" bottom: "${from}" top: "${to}" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }\n`;
const loss = (from: string) =>
  `layer { name: "loss" type: "EuclideanLoss" bottom: "${from}" bottom: "t" top: "loss" }\n`;
const batch = { x: [1, 5, 2, 4, 4, 9, 3, -6], t: [1, 0, 0, 1, 1, 1, 0, 0] };

async function keepsTheSign(): Promise<void> {
  const text = `${norm("x", "once") + norm("once", "twice") + scale("once", "scaled") + norm("scaled", "third")}
    ${scale("x", "before") + norm("before", "fourth")}`;
  const net = await layerNet(text, { x: [4, 2] });
  for (const name of ["scaled", "before"]) {
    net.params.get(name)?.[0]?.data.set([3, -0.5]);
    net.params.get(name)?.[1]?.data.set([7, 2]);
  }
  await net.forward({ x: batch.x });
  const [once = [], twice = [], third = [], fourth = []] = ["once", "twice", "third", "fourth"].map((name) => [
    ...(net.blobs.get(name)?.data ?? []),
  ]);
  for (const [i, value] of once.entries()) {
    near(twice[i] ?? nan, value, 1e-4);
    near(third[i] ?? nan, i % 2 === 0 ? value : -value, 1e-4);
    near(fourth[i] ?? nan, i % 2 === 0 ? value : -value, 1e-4);
  }
  // The second one has averages of its own.
  expect(net.params.get("twice")?.[2]?.data[0]).toBe(1);
  await net.dispose();
}

async function learnsByAxes(): Promise<void> {
  const shapeOf = async (fields: string, x: readonly number[] = [2, 3, 4, 5]) => {
    const net = await layerNet(scale("x", "y", fields), { x });
    const shapes = net.params.get("y")?.map(({ shape }) => [...shape]);
    await net.dispose();
    expect(shapes?.[1]).toEqual(shapes?.[0]);
    return shapes?.[0];
  };
  for (const fields of ["", "axis: 1", "axis: -3"]) expect(await shapeOf(fields)).toEqual([3]);
  expect(await shapeOf("num_axes: 0")).toEqual([]);
  expect(await shapeOf("axis: 2")).toEqual([4]);
  for (const fields of ["axis: 3", "axis: -1"]) expect(await shapeOf(fields)).toEqual([5]);
  expect(await shapeOf("axis: 0")).toEqual([2]);
  for (const fields of ["num_axes: -1", "num_axes: 3"]) expect(await shapeOf(fields)).toEqual([3, 4, 5]);
  expect(await shapeOf("num_axes: -1", [2, 3])).toEqual([3]);
}

/** The first outputs of a training, from the same random numbers. */
async function losses(layers: string, iterations = 8): Promise<number[]> {
  const net = `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 4 dim: 2 } shape { dim: 4 dim: 2 }
      data_filler { type: "gaussian" mean: 3 } data_filler { type: "gaussian" } } } ${layers}`;
  const solver = await Solver.load(
    `net_param { ${net} } base_lr: 0.1 lr_policy: "fixed" max_iter: 9 random_seed: 5 snapshot_after_train: false`,
    { engine: "reference" },
  );
  const found: number[] = [];
  for (let i = 0; i < iterations; i++) {
    await solver.step(1);
    found.push(solver.loss);
  }
  await solver.dispose();
  return found;
}

async function learnsAsWithout(): Promise<void> {
  const head = product("x", "h") + norm("h", "n");
  const relu = (from: string) => `layer { name: "relu" type: "ReLU" bottom: "${from}" top: "r" }\n`;
  const tail = product("r", "z") + loss("z");
  const frozen = await losses(
    head + scale("n", "s", "", "param { lr_mult: 0 } param { lr_mult: 0 }") + relu("s") + tail,
  );
  const none = await losses(head + relu("n") + tail);
  const learning = await losses(head + scale("n", "s") + relu("s") + tail);
  for (const [i, value] of none.entries()) near(frozen[i] ?? nan, value, 1e-5);
  expect(Math.abs((learning.at(-1) ?? 0) - (none.at(-1) ?? 0))).toBeGreaterThan(1e-3);
  const diffs = await gradients(
    head + scale("n", "s", "", "param { lr_mult: 0 } param { lr_mult: 0 }") + relu("s") + tail,
  );
  expect([diffs.of("s", 0), diffs.of("s", 1), diffs.of("h", 0) > 0]).toEqual([0, 0, true]);
}

/** The size of the gradient of each parameter of a net in TRAIN. */
async function gradients(text: string) {
  const net = await layerNet(text, { x: [4, 2], t: [4, 2] }, { seed: 2 });
  net.clearParamDiffs();
  await net.forward(batch);
  await net.backward();
  const sizes = new Map(
    [...net.params].map(([name, blobs]) => [name, blobs.map(({ diff }) => Math.hypot(...(diff ?? [])))]),
  );
  await net.dispose();
  return { of: (name: string, index: number) => sizes.get(name)?.[index] ?? nan };
}

async function startsDead(): Promise<void> {
  const zero = "filler { type: 'constant' }";
  const relu = (from: string) => `layer { name: "r" type: "ReLU" bottom: "${from}" top: "r" }\n`;
  const head = product("x", "h") + norm("h", "n");
  const dead = await gradients(head + scale("n", "s", zero) + relu("s") + product("r", "z") + loss("z"));
  for (const [name, index] of [["h", 0] as const, ["s", 0] as const, ["s", 1] as const])
    expect(dead.of(name, index)).toBe(0);
  const open = await gradients(
    head + scale("n", "s", `${zero} bias_filler { value: 1 }`) + relu("s") + product("r", "z") + loss("z"),
  );
  expect(open.of("s", 0)).toBeGreaterThan(0);
  const read = await gradients(head + scale("n", "s", zero) + product("s", "z") + loss("z"));
  expect([read.of("h", 0), read.of("s", 0) > 0, read.of("s", 1) > 0]).toEqual([0, true, true]);
  const two = await gradients(
    head + scale("n", "s", zero) + product("s", "g") + norm("g", "n2") + scale("n2", "s2", zero) + loss("s2"),
  );
  expect([two.of("s", 0), two.of("s", 1), two.of("s2", 0), two.of("s2", 1) > 0]).toEqual([0, 0, 0, true]);
}

async function fillsScales(): Promise<void> {
  const gamma = async (fields: string) => {
    const net = await layerNet(scale("x", "y", fields), { x: [1, 4000] }, { seed: 1 });
    const values = [...(net.params.get("y")?.[0]?.data ?? [])];
    await net.dispose();
    return values;
  };
  expect(new Set(await gamma(""))).toEqual(new Set([1]));
  for (const fields of ["filler { }", "filler { type: 'constant' }"])
    expect(new Set(await gamma(fields))).toEqual(new Set([0]));
  for (const [type, deviation] of [
    ["xavier", 1],
    ["msra", 1.41],
  ] as const) {
    const values = await gamma(`filler { type: '${type}' }`);
    near(Math.sqrt(moments(values).variance), deviation, 0.05);
    near(values.filter((value) => value < 0).length / values.length, 0.5, 0.05);
  }
}

async function spreads(): Promise<void> {
  const [count, m, v] = [40_000, 1, 0.5];
  const data = Array.from({ length: count }, (_, i) => m + (i % 2 === 0 ? 1 : -1) * Math.sqrt(v));
  for (const p of [0.5, 0.2]) {
    const layer = `layer { name: "layer" type: "Dropout" bottom: "x" top: "y" dropout_param { dropout_ratio: ${p} } }`;
    const x = { shape: [count, 1], data };
    const { mean, variance } = moments((await runLayer(layer, { x }))["y"]?.data ?? []);
    near(mean, m, 0.03);
    near(variance, (v + p * m * m) / (1 - p), 0.03);
    expect((await runLayer(layer, { x }, [], "TEST"))["y"]?.data).toEqual([...Float32Array.from(data)]);
  }
  near(Math.sqrt(1 - 0.5), 0.71, 5e-3);
}

/** M, V and s after each of these batches of one channel, and what TEST then makes of the last one. */
async function averages(f: number, batches: readonly (readonly number[])[]) {
  const text = norm("x", "y", `moving_average_fraction: ${f}`);
  const shapes = { x: [batches[0]?.length ?? 0, 1] };
  const [net, test] = [await layerNet(text, shapes), await layerNet(text, shapes, { phase: "TEST" })];
  test.shareTrainedLayersWith(net);
  const after: { m: number; v: number; s: number; tested: number }[] = [];
  for (const data of batches) {
    await net.forward({ x: data });
    await test.forward({ x: data });
    const [m = nan, v = nan, s = nan] = net.params.get("y")?.map((blob) => blob.data[0] ?? nan) ?? [];
    after.push({ m, v, s, tested: test.blobs.get("y")?.data[0] ?? nan });
  }
  await net.dispose();
  await test.dispose();
  return after;
}

async function movesByFraction(): Promise<void> {
  const [wide, narrow, other] = [
    [-8, 8],
    [1, 2],
    [3, 7],
  ] as const;
  const turned = await averages(-1, [narrow, other, wide, narrow]);
  expect(turned.map(({ s }) => s)).toEqual([1, 0, 1, 0]);
  near(turned[1]?.tested ?? nan, 3 * 316.2278, 1e-5);
  const below = (await averages(-0.5, [wide, narrow]))[1];
  expect((below?.v ?? 0) / (below?.s ?? nan)).toBeLessThan(0);
  const [, , plain] = await averages(1, [wide, narrow, other]);
  near((plain?.m ?? nan) / (plain?.s ?? nan), (0 + 1.5 + 5) / 3, 1e-6);
  const last = (await averages(0.1, [wide, narrow, other])).at(-1);
  near((last?.m ?? nan) / (last?.s ?? nan), (5 + 0.15) / 1.11, 1e-5);

  const grown = await averages(1.1, Array(910).fill(other));
  expect(grown.findIndex(({ s }) => s === infinity)).toBe(906);
  expect(grown.at(-1)).toEqual({ m: infinity, v: infinity, s: infinity, tested: nan });
  expect(grown[800]?.tested).not.toBeNaN();

  const net = (f: number) =>
    product("x", "h") + norm("h", "n", `moving_average_fraction: ${f}`) + product("n", "z") + loss("z");
  expect(await losses(net(0.1), 4)).toEqual(await losses(net(0.999), 4));
}

async function dividesByEps(): Promise<void> {
  const out = async (eps: string, data: readonly number[]) =>
    (await runLayer(norm("x", "y", eps), { x: { shape: [data.length, 1], data } }))["y"]?.data ?? [];
  expect(await out("eps: 0", [2, 2])).toEqual([nan, nan]);
  expect((await out("", [2, 2])).map(Math.abs)).toEqual([0, 0]);
  expect(await out("eps: -0.2", [0, 2 * Math.sqrt(0.1)])).toEqual([nan, nan]);
  expect(await out("eps: -1e-5", [2, 2])).toEqual([nan, nan]);
  for (const value of await out("eps: -0.2", [0, 2])) expect(value).not.toBeNaN();
  for (const [deviation, result] of [
    [1, 0.71],
    [0.1, 0.1],
  ] as const)
    near((await out("eps: 1", [-deviation, deviation]))[1] ?? nan, result, 5e-3);
}

export const pairClaims: readonly Claims[] = [
  {
    held: "chains of BatchNorm and Scale",
    by: keepsTheSign,
    claims: {
      "docs/lint/bn-twice.md": [
        "So it takes away all that a layer before it has multiplied a channel by or added to it; only a sign is left.",
        "It changes them by no more than eps and rounding do, and has averages of its own to gather.",
        "the second one takes away what the Scale has learned.",
        "Scale → BatchNorm: γ and β have no effect.",
      ],
      "bn-twice": ["so the second one changes it by no more than eps and rounding do."],
      "bn-twice scale": ["and with them the β and γ before it: only the sign of γ is left."],
    },
  },
  {
    held: "the parameters of such layers",
    by: learnsByAxes,
    claims: {
      "docs/lint/scale-axis.md": [
        "| none, `axis: 1`, or `axis: -3` | C: by channel |",
        "| `num_axes: 0` | one for all |",
        "| `axis: 2` | H: by row |",
        "| `axis: 3` or `axis: -1` | W: by column |",
        "| `axis: 0` | N: by place in the batch |",
        "| `num_axes: -1` or `num_axes: 3` | C·H·W: one for every position |",
        "A bottom of two axes, as of an InnerProduct, is by channel with `num_axes: -1` too.",
      ],
      "scale-axis": ["with num_axes 0 it learns one γ and β for all channels", "Left out, axis and num_axes are 1"],
    },
  },
  {
    held: "trainings with and without such a Scale",
    by: learnsAsWithout,
    claims: {
      "docs/lint/scale-frozen.md": [
        "From scratch that is 1 and 0: the net learns as if there were no Scale.",
        "It computes no gradient for a parameter with `lr_mult: 0`, and logs nothing.",
      ],
      "scale-frozen": ["With the default of γ = 1 and β = 0 that is as if the Scale were not there."],
    },
  },
  {
    held: "gradients of such layers",
    by: startsDead,
    claims: {
      "docs/lint/scale-filler.md": [
        "the ReLU gets 0 everywhere, and its gradient at 0 is 0. γ, β and all layers before never learn",
        "the layers before get no gradient until γ has moved. Of two such Scales one behind the other, with β at 0, γ gets none: only β of the second one learns.",
      ],
      "scale-filler": ["where its gradient is 0 too: neither γ nor β nor any layer before ever learns."],
      "scale-filler read": ["two such Scales one behind the other, with β at 0, never learn γ."],
    },
  },
  {
    held: "what fillers draw for it",
    by: fillsScales,
    claims: {
      "docs/lint/scale-filler.md": [
        "Without `filler` γ starts at 1",
        "`xavier` and `msra` take γ, which has one axis, for weights with a fan-in of 1: standard deviations of 1 and 1.41.",
        "A filler's `type` is constant and its `value` 0 unless they are given; only a Scale without any `filler` takes 1.",
      ],
      "scale-filler random": ["About half of the γ are negative. Without filler all start at 1."],
    },
  },
  {
    held: "mean and variance behind a Dropout",
    by: spreads,
    claims: {
      "docs/lint/dropout-before-bn.md": [
        "In TRAIN Dropout sets a share p of the values to 0 and multiplies the others by 1/(1 − p). The mean stays, but the variance grows: from v to (v + p·m²)/(1 − p) for a channel of mean m, that is, to at least v/(1 − p).",
        "for p = 0.5 with at most 0.71 of their standard deviation.",
      ],
      "dropout-before-bn": [
        "it is at least 1/(1 − 0.5) = 2 times as large, so in TEST channels come out with at most √0.5 = 0.71 of the standard deviation they had in training.",
      ],
    },
  },
  {
    held: "forwards with such fractions",
    by: movesByFraction,
    claims: {
      "docs/lint/bn-fraction.md": [
        "Each forward in training makes M ← f·M + mean, V ← f·V + variance and s ← f·s + 1, and TEST goes by M/s and V/s.",
        "a variance can get below 0; with −1, s is 0 after every second forward, and TEST takes mean and variance as 0",
        "the sums grow until they are infinite: with 1.1 s at the 907th forward. TEST gives NaN when M and V are infinite too",
        "With 1 the averages are a plain mean of all forwards.",
        "The loss in training does not depend on f; only TEST does.",
      ],
      "bn-fraction": [
        "after 907 forwards s is more than a float can hold. TEST gives NaN when M and V are infinite too.",
      ],
      "bn-fraction low": ["their 0.1 is 0.9 in Caffe."],
    },
  },
  {
    held: "forwards with such an eps",
    by: dividesByEps,
    claims: {
      "docs/lint/bn-eps.md": [
        "With 0, a channel that is the same over a batch, as that of a filter of zeros, gives 0/0 = NaN; with the default it gives 0.",
        "With a negative one every channel whose variance is below its size gives NaN: with −0.2 one of variance 0.1.",
        "With 1, a channel of variance 1 comes out with 0.71 of the standard deviation that it should have, one of variance 0.01 with 0.1.",
      ],
      "bn-eps": ["gives 0/0 = NaN, and the loss with it; with the default 1e-5 it gives 0."],
      "bn-eps large": [
        "A channel of variance 1 comes out with a standard deviation of 0.71 instead of 1, one of variance 0.01 with 0.1",
      ],
    },
  },
];

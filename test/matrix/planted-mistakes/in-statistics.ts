// Mistakes in the fields and specs of a BatchNorm.
import { expect } from "vitest";
import { compares, expectClose, factorIs, onlyScales, refused, run, variance } from "./behaviour.js";
import { changeNorm, type Mistake, noStats, pick, setField } from "./mistake.js";
import type { DrawnNet, LayerText } from "./net-text.js";

const field = (name: string, value: string) => (norm: LayerText) => setField(norm, "batch_norm_param", name, value);
/** All but siamese nets, whose branches share their averages anyway. */
const notSiamese = ["convolutions", "inner", "residual", "inception", "depthwise", "pre-activation"] as const;

const single = { isNormTwice: false };
const plain = { normFields: {} };

function specs(
  kind: string,
  caffe: string,
  params: readonly string[],
  rule: string,
  shown?: Mistake["shown"],
): Mistake {
  return {
    ...{ kind, caffe, rule, ...(shown && { shown }) },
    plant: (net, dice) =>
      changeNorm(net, dice, (norm) => {
        norm.params = [...params];
      }),
  };
}

function fraction(value: string, caffe: string): Mistake {
  return {
    ...{ kind: `moving_average_fraction ${value}`, caffe, rule: "bn-fraction" },
    companions:
      Number(value) >= 1
        ? [
            {
              rule: "bn-average-too-slow",
              reason: "with a solver: nothing is ever forgotten, which is slower than any training",
            },
          ]
        : [],
    wish: { kind: "train_val", weights: false },
    plant: (net, dice) => changeNorm(net, dice, field("moving_average_fraction", value)),
    shown: factorIs((f) => 1 + f + f * f),
  };
}

function eps(value: string, caffe: string, shown: Mistake["shown"]): Mistake {
  return {
    ...{ kind: `eps ${value}`, caffe, rule: "bn-eps", ...(shown && { shown }) },
    plant: (net, dice) => changeNorm(net, dice, field("eps", value)),
  };
}

const noSpecsLearn: Mistake["shown"] = async ({ planted, layer }) => {
  expect((await run(planted)).rates.get(layer)?.every(({ lr }) => lr === 0)).toBe(true);
};

/** The variance of each channel behind a BatchNorm, and before it. */
async function variances(planted: DrawnNet, norm: LayerText | undefined) {
  const ran = await run(planted);
  return [norm?.top[0], norm?.bottom[0]].map((name) => ran.channels(name ?? "").map(variance));
}

export const inStatistics: readonly Mistake[] = [
  specs(
    "one spec, lr_mult 1",
    'It aborts: "Cannot configure batch normalization statistics as layer parameters".',
    ["lr_mult: 1 decay_mult: 1"],
    "bn-learnable-stats",
    refused(/statistics \(mean, variance, factor\) are computed, not learned/),
  ),
  specs(
    "two specs, copied from a Convolution",
    'It aborts: "Cannot configure batch normalization statistics as layer parameters".',
    ["lr_mult: 1 decay_mult: 1", "lr_mult: 2 decay_mult: 0"],
    "bn-learnable-stats",
    refused(/statistics \(mean, variance, factor\) are computed, not learned/),
  ),
  specs(
    "three specs, lr_mult 1",
    "It takes the layer for one of an old version, and sets the multipliers to 0.",
    ["lr_mult: 1", "lr_mult: 1", "lr_mult: 1"],
    "bn-learnable-stats",
    noSpecsLearn,
  ),
  specs(
    "three specs, all empty",
    "An empty spec has lr_mult 1; as there are three, the multipliers are set to 0.",
    ["", "", ""],
    "bn-learnable-stats",
    noSpecsLearn,
  ),
  specs(
    "three specs, one with lr_mult 1",
    "As there are three, the multipliers are set to 0.",
    [noStats, noStats, "lr_mult: 1 decay_mult: 0"],
    "bn-learnable-stats",
    noSpecsLearn,
  ),
  specs(
    "four specs",
    'It aborts: "Too many params specified for layer".',
    [noStats, noStats, noStats, noStats],
    "bn-param-specs",
    refused(/param specs, but three parameters/),
  ),
  specs(
    "five specs, copied from NVIDIA's",
    'It aborts: "Too many params specified for layer".',
    [noStats, noStats, noStats, "lr_mult: 0", "lr_mult: 0"],
    "bn-param-specs",
    refused(/param specs, but three parameters/),
  ),
  {
    ...specs(
      "decay_mult not 0",
      "Nothing: the rate of the decay is scaled by lr_mult, which is 0.",
      [],
      "bn-param-specs",
      noSpecsLearn,
    ),
    wish: { kind: "train_val" },
    plant: (net, dice) =>
      changeNorm(net, dice, (norm) => {
        norm.params = Array<string>(3).fill(dice.of(["lr_mult: 0", "lr_mult: 0 decay_mult: 1"]));
      }),
  },
  {
    kind: "use_global_stats: true for both phases",
    caffe: "TRAIN normalizes by empty averages, and never fills them: values are 1/√eps times as large.",
    rule: "global-stats-in-train",
    wish: { kind: "train_val", weights: false, habits: single },
    plant: (net, dice) => changeNorm(net, dice, field("use_global_stats", "true")),
    async shown(given) {
      await onlyScales("TRAIN")(given);
      const ran = await run(given.planted, { forwards: 2 });
      expect(ran.params(given.layer)[2]?.data).toEqual([0]);
    },
  },
  {
    kind: "use_global_stats: true in the layer for TRAIN",
    caffe: "TRAIN normalizes by empty averages, and never fills them.",
    rule: "global-stats-in-train",
    wish: { kind: "train_val", weights: false, habits: { isNormTwice: true } },
    plant(net, dice) {
      const [train] = pick(net, dice)?.norms ?? [];
      if (train) field("use_global_stats", "true")(train);
      return train?.name;
    },
    shown: onlyScales("TRAIN"),
  },
  {
    kind: "use_global_stats exchanged between TRAIN and TEST",
    caffe: "TRAIN goes by empty averages, and TEST by the batch.",
    rule: "global-stats-in-train",
    companions: [
      { rule: "batch-stats-in-test", reason: "both layers are wrong" },
      { rule: "bn-batch-too-small", reason: "the batch of TEST may have too few values for this" },
    ],
    wish: { kind: "train_val", weights: false, habits: { isNormTwice: true } },
    plant(net, dice) {
      const [train, test] = pick(net, dice)?.norms ?? [];
      if (!train || !test) return undefined;
      field("use_global_stats", "true")(train);
      field("use_global_stats", "false")(test);
      return train.name;
    },
    shown: onlyScales("TRAIN"),
  },
  {
    kind: "use_global_stats: false for both phases",
    caffe: "TEST normalizes by the batch; the averages are gathered and not used.",
    rule: "batch-stats-in-test",
    wish: { kind: "train_val", habits: single, families: ["convolutions", "residual", "inception", "depthwise"] },
    companions: [{ rule: "bn-batch-too-small", reason: "the batch of TEST may have too few values for this" }],
    plant: (net, dice) => changeNorm(net, dice, field("use_global_stats", "false")),
    async shown({ planted, block: { norms } }) {
      const ran = await run(planted, { phase: "TEST" });
      for (const channel of ran.channels(norms[0]?.top[0] ?? ""))
        expect(Math.abs(variance(channel) - 1)).toBeLessThan(1e-2);
    },
  },
  {
    kind: "use_global_stats: false in a deploy net",
    caffe: "What comes out for one image depends on the others of its batch.",
    rule: "batch-stats-in-test",
    wish: { kind: "deploy" },
    companions: [{ rule: "bn-batch-too-small", reason: "one image of one pixel has one value" }],
    plant: (net, dice) => changeNorm(net, dice, field("use_global_stats", "false")),
    async shown({ planted, block: { norms } }) {
      const ran = await run(planted, { phase: "TEST" });
      for (const channel of ran.channels(norms[0]?.top[0] ?? ""))
        expect(Math.abs(variance(channel) - 1)).toBeLessThan(1e-2);
    },
  },
  {
    kind: "use_global_stats: true in a deploy net",
    caffe: "Nothing: TEST goes by the averages anyway.",
    rule: "redundant-global-stats",
    wish: { kind: "deploy" },
    plant: (net, dice) => changeNorm(net, dice, field("use_global_stats", "true")),
    shown: compares(({ block: { norms } }) => norms[0]?.top[0] ?? "", true, { phase: "TEST" }),
  },
  fraction("0.1", "The averages are nine tenths of the last batch: after three forwards the factor is 1.11."),
  fraction("0.01", "The averages are 99 % of the last batch."),
  fraction("1", "Nothing is forgotten: the averages hold every forward, the first as much as the last."),
  fraction("1.1", "Older batches weigh more than newer ones, by 1.1 each: the sums grow without bound."),
  fraction("-0.5", "Every other batch is subtracted: a variance can come out below 0."),
  eps(
    "1",
    "A channel of variance v comes out with v/(v + 1): far below 1 where v is small.",
    async ({ planted, block }) => {
      const [after, before] = await variances(planted, block.norms[0]);
      expectClose(after ?? [], before?.map((v) => v / (v + 1)) ?? [], 1e-3);
    },
  ),
  eps("0", "A channel that is constant is divided by 0: NaN, from there on everywhere.", async ({ planted, block }) => {
    const ran = await run(planted, { set: { [block.before?.name ?? ""]: [0] } });
    expect(ran.blob(block.norms[0]?.top[0] ?? "").data.every(Number.isNaN)).toBe(true);
  }),
  eps(
    "-1",
    "A channel with a variance below 1 is divided by the root of a negative number: NaN.",
    async ({ planted, block }) => {
      const ran = await run(planted, { set: { [block.before?.name ?? ""]: [0.001] } });
      expect(ran.blob(block.norms[0]?.top[0] ?? "").data.every(Number.isNaN)).toBe(true);
    },
  ),
  {
    kind: "eps differs between TRAIN and TEST",
    caffe: "Each phase takes its own: TEST divides by another number than TRAIN did.",
    rule: "bn-phases-differ",
    wish: { kind: "train_val", habits: { isNormTwice: true, ...plain } },
    plant(net, dice) {
      const norms = pick(net, dice)?.norms ?? [];
      const changed = dice.of(norms);
      field("eps", "0.01")(changed);
      return changed.name;
    },
    async shown({ planted, block: { norms } }) {
      const [phase, norm] =
        "eps" in (norms[0]?.fields["batch_norm_param"] ?? {})
          ? (["TRAIN", norms[0]] as const)
          : (["TEST", norms[1]] as const);
      const set = { [norm?.name ?? ""]: [0, 1, 1] };
      const ran = await run(planted, { phase, set });
      if (phase === "TEST")
        expectClose(
          ran.blob(norm?.top[0] ?? "").data,
          ran.blob(norm?.bottom[0] ?? "").data.map((x) => x / Math.sqrt(1.01)),
        );
      else for (const channel of ran.channels(norm?.top[0] ?? "")) expect(variance(channel)).toBeLessThan(0.9999);
    },
  },
  {
    kind: "moving_average_fraction differs between TRAIN and TEST",
    caffe: "TRAIN alone moves the averages, so the one in TEST does nothing.",
    rule: "bn-phases-differ",
    wish: { kind: "train_val", habits: { isNormTwice: true, ...plain } },
    plant(net, dice) {
      const [, test] = pick(net, dice)?.norms ?? [];
      if (test) field("moving_average_fraction", "0.9")(test);
      return test?.name;
    },
    shown: compares(({ block: { norms } }) => norms[0]?.top[0] ?? "", true, { phase: "TEST" }),
  },
  {
    kind: "shared averages of two inputs",
    caffe: "Each forward moves the averages twice, and TEST goes by the mixture.",
    rule: "bn-shared",
    wish: { kind: "train_val", weights: false, families: notSiamese },
    plant: (net, dice) =>
      share(net, dice.below(1000), ["shared_m", "shared_v", "shared_f"], ["shared_m", "shared_v", "shared_f"]),
    async shown({ planted, layer }) {
      const ran = await run(planted);
      const fraction = Number(
        planted.blocks[0]?.norms[0]?.fields["batch_norm_param"]?.["moving_average_fraction"] ?? "0.999",
      );
      expectClose(ran.params(layer)[2]?.data ?? [], [1 + fraction]);
    },
  },
  {
    kind: "shared mean and variance, but not the factor",
    caffe: "Mean and variance are moved twice an iteration, and divided by a factor that moves once.",
    rule: "bn-shared",
    wish: { kind: "train_val", weights: false, families: notSiamese },
    plant: (net, dice) =>
      share(net, dice.below(1000), ["shared_m", "shared_v", ""], ["shared_m", "shared_v", ""], true),
    async shown({ planted, layer }) {
      expect((await run(planted)).params(layer)[2]?.data).toEqual([1]);
    },
  },
  {
    kind: "shared mean and variance exchanged",
    caffe: "One blob is the mean of one layer and the variance of the other.",
    rule: "bn-shared",
    wish: { kind: "train_val", weights: false, families: notSiamese },
    plant: (net, dice) =>
      share(net, dice.below(1000), ["shared_m", "shared_v", "shared_f"], ["shared_v", "shared_m", "shared_f"], true),
  },
];

/** Gives two BatchNorm layers of as many channels these names for their parameters; returns the first, or the second. */
function share(net: DrawnNet, draw: number, own: readonly string[], theirs: readonly string[], returnsSecond = false) {
  const pairs = net.blocks.flatMap((a, i) =>
    net.blocks
      .slice(i + 1)
      .filter((b) => b.channels === a.channels)
      .map((b) => [a, b] as const),
  );
  const pair = pairs[draw % Math.max(1, pairs.length)];
  if (!pair) return undefined;
  for (const [{ norms }, names] of [
    [pair[0], own],
    [pair[1], theirs],
  ] as const) {
    for (const norm of norms) norm.params = names.map((name) => (name === "" ? noStats : `name: "${name}" ${noStats}`));
  }
  return pair[returnsSecond ? 1 : 0].norms[0]?.name;
}

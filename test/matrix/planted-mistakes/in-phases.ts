// Mistakes between TRAIN and TEST, in names, and in the wires between layers.
import { expect } from "vitest";
import { mean, refused, run } from "./behaviour.js";
import { insertBefore, isAlone, isInPlace, type Mistake, pick, setField } from "./mistake.js";
import type { Block, DrawnNet, LayerText } from "./net-text.js";

const allInPlace = { normInPlace: true, scaleInPlace: true, activationInPlace: true };
const apart = { normInPlace: false, scaleInPlace: false, activationInPlace: false };
const single = { isNormTwice: false };

const onePhase = (kind: string, caffe: string, phase: "TRAIN" | "TEST", shown: Mistake["shown"]): Mistake => ({
  ...{ kind, caffe, rule: "bn-one-phase", ...(shown && { shown }) },
  wish: { kind: "train_val", weights: false, habits: { ...single, ...allInPlace } },
  plant(net, dice) {
    const [norm] = pick(net, dice, ({ norms }) => norms.every(isInPlace))?.norms ?? [];
    norm?.include.push(`phase: ${phase}`);
    return norm?.name;
  },
});

function otherBlock(net: DrawnNet, block: Block): Block | undefined {
  return net.blocks.find(
    (other) => other !== block && net.layers.indexOf(other.scale) < net.layers.indexOf(block.scale),
  );
}

export const inPhases: readonly Mistake[] = [
  onePhase(
    "BatchNorm in TRAIN only",
    "TEST goes past it: what is behind gets other values than it learned from.",
    "TRAIN",
    async ({ planted, layer }) => {
      expect((await run(planted, { phase: "TEST" })).layers).not.toContain(layer);
    },
  ),
  onePhase(
    "BatchNorm in TEST only",
    "Nothing fills its averages: TEST divides by √eps.",
    "TEST",
    async ({ planted, layer }) => {
      expect((await run(planted)).layers).not.toContain(layer);
      expect((await run(planted, { phase: "TEST" })).params(layer)[2]?.data).toEqual([0]);
    },
  ),
  {
    kind: "BatchNorm in TRAIN only, with a top of its own",
    caffe: 'It aborts for TEST: "Unknown bottom blob".',
    rule: "unknown-bottom",
    wish: { kind: "train_val", habits: { ...single, ...apart } },
    companions: [{ rule: "bn-one-phase", reason: "that is what is wrong; the unknown blob shows it" }],
    plant(net, dice) {
      const block = pick(net, dice);
      block?.norms[0]?.include.push("phase: TRAIN");
      return block?.scale.name;
    },
    shown: refused(/which no layer above produces/, "TEST"),
  },
  {
    kind: "Scale in TRAIN only",
    caffe: "TEST does without γ and β.",
    rule: "bn-one-phase",
    wish: { kind: "train_val", weights: false, habits: { ...single, ...allInPlace } },
    plant(net, dice) {
      const block = pick(net, dice, ({ scale }) => isInPlace(scale));
      block?.scale.include.push("phase: TRAIN");
      return block?.scale.name;
    },
    async shown({ planted, layer }) {
      expect((await run(planted, { phase: "TEST" })).layers).not.toContain(layer);
    },
  },
  {
    kind: "BatchNorm under two names",
    caffe: "The one for TEST has averages of its own, which nothing fills: it divides by √eps.",
    rule: "bn-names-differ",
    companions: [{ rule: "bn-one-phase", reason: "each of the two is in one phase" }],
    wish: { kind: "train_val", weights: false, habits: { isNormTwice: true } },
    plant(net, dice) {
      const [train, test] = pick(net, dice)?.norms ?? [];
      if (!train || !test) return undefined;
      const { name } = train;
      if (dice.chance(0.3)) train.name = `${name}_train`;
      test.name = `${name}${dice.of(["_test", "_TEST", "_inference", "b"])}`;
      return test.name;
    },
    async shown({ planted, layer }) {
      const trained = await run(planted);
      expect(trained.layers).not.toContain(layer);
    },
  },
  {
    kind: "the rule of one of two BatchNorm layers is missing",
    caffe: "TRAIN runs both, one behind the other in place; weights go to the first of the name.",
    rule: "duplicate-layer-name",
    wish: { kind: "train_val", weights: false, habits: { isNormTwice: true, ...allInPlace } },
    companions: [
      { rule: "global-stats-in-train", reason: "the layer for TEST is in TRAIN now, with use_global_stats: true" },
      { rule: "bn-twice", reason: "they are one behind the other" },
      { rule: "bn-without-scale", reason: "the first of the two has none behind" },
    ],
    plant(net, dice) {
      const [, test] = pick(net, dice, ({ norms }) => norms.every(isInPlace))?.norms ?? [];
      test?.include.splice(0);
      return test?.name;
    },
    async shown({ planted, layer }) {
      expect((await run(planted)).layers.filter((name) => name === layer)).toHaveLength(2);
    },
  },
  {
    kind: "both of two BatchNorm layers are for TRAIN",
    caffe: "TRAIN runs both, one behind the other in place, and TEST none.",
    rule: "bn-one-phase",
    wish: { kind: "train_val", weights: false, habits: { isNormTwice: true, ...allInPlace } },
    companions: [
      { rule: "global-stats-in-train", reason: "the layer for TEST is in TRAIN now, with use_global_stats: true" },
      { rule: "duplicate-layer-name", reason: "both are in TRAIN, with one name" },
      { rule: "bn-twice", reason: "they are one behind the other" },
      { rule: "bn-without-scale", reason: "the first of the two has none behind" },
    ],
    plant(net, dice) {
      const [, test] = pick(net, dice, ({ norms }) => norms.every(isInPlace))?.norms ?? [];
      test?.include.splice(0, 1, "phase: TRAIN");
      return test?.name;
    },
    async shown({ planted, layer }) {
      expect((await run(planted, { phase: "TEST" })).layers).not.toContain(layer);
    },
  },
  {
    kind: "both of two BatchNorm layers are in TRAIN, each with the same top",
    caffe: 'It aborts: "Top blob produced by multiple sources".',
    rule: "duplicate-top",
    wish: { kind: "train_val", weights: false, habits: { isNormTwice: true, ...apart } },
    companions: [
      { rule: "global-stats-in-train", reason: "the layer for TEST is in TRAIN now, with use_global_stats: true" },
      { rule: "duplicate-layer-name", reason: "both are in TRAIN, with one name" },
      { rule: "bn-without-scale", reason: "the first of the two has none behind" },
    ],
    plant(net, dice) {
      const [, test] = pick(net, dice)?.norms ?? [];
      test?.include.splice(0);
      return test?.name;
    },
    shown: refused(/already produced by another layer/),
  },
  {
    kind: "the name of another BatchNorm",
    caffe: "The second gets no weights from a file, nor from a snapshot: its averages stay empty.",
    rule: "duplicate-layer-name",
    wish: { weights: false, habits: single },
    plant(net, dice) {
      const block = pick(net, dice, (each) => otherBlock(net, each) !== undefined);
      const [norm] = block?.norms ?? [];
      const name = block && otherBlock(net, block)?.norms[0]?.name;
      if (!norm || name === undefined) return undefined;
      norm.name = name;
      return name;
    },
  },
  {
    kind: "the name of another Scale",
    caffe: "The second gets no weights from a file, nor from a snapshot: its γ and β stay as filled.",
    rule: "duplicate-layer-name",
    wish: { weights: false },
    plant(net, dice) {
      const block = pick(net, dice, (each) => otherBlock(net, each) !== undefined);
      const name = block && otherBlock(net, block)?.scale.name;
      if (!block || name === undefined) return undefined;
      block.scale.name = name;
      return name;
    },
  },
  {
    kind: "a bottom that is misspelled",
    caffe: 'It aborts: "Unknown bottom blob".',
    rule: "unknown-bottom",
    plant(net, dice) {
      const norms = pick(net, dice, ({ norms }) => !norms.some(isInPlace))?.norms ?? [];
      for (const norm of norms) norm.bottom = norm.bottom.map((name) => `${name}x`);
      return norms[0]?.name;
    },
    shown: refused(/which no layer above produces/),
  },
  {
    kind: "the top of a copied BatchNorm is new, its bottom is not",
    caffe: 'It aborts: "Top blob produced by multiple sources".',
    rule: "duplicate-top",
    wish: { families: ["convolutions", "inner", "depthwise"], weights: false, habits: { ...single, ...allInPlace } },
    plant(net, dice) {
      const block = pick(net, dice, (each) => each.norms.every(isInPlace) && otherBlock(net, each) !== undefined);
      const bottom = block && otherBlock(net, block)?.norms[0]?.top[0];
      const [norm] = block?.norms ?? [];
      if (!norm || bottom === undefined) return undefined;
      norm.bottom = [bottom];
      return norm.name;
    },
    shown: refused(/already produced by another layer/),
  },
  {
    kind: "a copied BatchNorm still reads and makes the blob of the block before",
    caffe: 'Another layer reads that blob too: it aborts with "Top blob produced by multiple sources".',
    rule: "layer-after-in-place",
    wish: { families: ["depthwise"], weights: false, habits: { ...single, ...allInPlace } },
    plant(net, dice) {
      const block = pick(net, dice, (each) => each.norms.every(isInPlace) && otherBlock(net, each) !== undefined);
      const [norm] = block?.norms ?? [];
      const before = block?.before?.bottom[0];
      if (!norm || before === undefined || before === "data") return undefined;
      norm.bottom = [before];
      norm.top = [before];
      return norm.name;
    },
    shown: refused(/already produced by another layer/),
  },
  {
    kind: "the Scale reads past the BatchNorm",
    caffe: "The BatchNorm is run and nothing reads it: the net trains without normalization.",
    rule: "unused-top",
    wish: { habits: { ...single, ...apart } },
    plant(net, dice) {
      const block = pick(net, dice, isAlone);
      const [norm] = block?.norms ?? [];
      if (!block || !norm) return undefined;
      block.scale.bottom = [...norm.bottom];
      return norm.name;
    },
    async shown({ planted, block: { scale, before } }) {
      const ran = await run(planted);
      expect(ran.blob(scale.top[0] ?? "").data).toEqual(ran.blob(before?.top[0] ?? "").data);
    },
  },
  {
    kind: "the top of a BatchNorm in place is misspelled",
    caffe:
      'The Scale works in place on a blob that the BatchNorm reads too: it aborts with "Top blob produced by multiple sources".',
    rule: "layer-after-in-place",
    wish: { habits: allInPlace },
    companions: [{ rule: "unused-top", reason: "nothing reads the misspelled top" }],
    plant(net, dice) {
      const block = pick(net, dice, (each) => isAlone(each) && each.norms.every(isInPlace));
      for (const norm of block?.norms ?? []) norm.top = norm.top.map((name) => name.replace(/.$/, "o"));
      return block?.norms[0]?.name;
    },
    shown: refused(/already produced by another layer/),
  },
  {
    kind: "the ReLU reads past the Scale",
    caffe: "The Scale is run and nothing reads it: what the ReLU gets has mean 0 and variance 1.",
    rule: "unused-top",
    wish: { habits: { ...single, ...apart } },
    plant(net, dice) {
      const block = pick(net, dice, ({ activation }) => activation !== undefined);
      if (!block?.activation) return undefined;
      block.activation.bottom = [...block.scale.bottom];
      return block.scale.name;
    },
    async shown({ planted, block: { activation } }) {
      const ran = await run(planted);
      for (const channel of ran.channels(activation?.bottom[0] ?? ""))
        expect(Math.abs(mean(channel))).toBeLessThan(1e-3);
    },
  },
  {
    kind: "Scale in TEST only",
    caffe: "TRAIN does without γ and β, and TEST has them as they are filled or loaded.",
    rule: "bn-one-phase",
    wish: { kind: "train_val", weights: false, habits: { ...single, ...allInPlace } },
    plant(net, dice) {
      const block = pick(net, dice, ({ scale }) => isInPlace(scale));
      block?.scale.include.push("phase: TEST");
      return block?.scale.name;
    },
    async shown({ planted, layer }) {
      expect((await run(planted)).layers).not.toContain(layer);
    },
  },
  {
    kind: "BatchNorm for TRAIN left in a deploy net",
    caffe: "A deploy net is run in TEST, which goes past it.",
    rule: "bn-one-phase",
    wish: { kind: "deploy", weights: false, habits: allInPlace },
    plant(net, dice) {
      const [norm] = pick(net, dice, ({ norms }) => norms.every(isInPlace))?.norms ?? [];
      norm?.include.push("phase: TRAIN");
      return norm?.name;
    },
    async shown({ planted, layer }) {
      expect((await run(planted, { phase: "TEST" })).layers).not.toContain(layer);
    },
  },
  {
    kind: "two phases in one include rule",
    caffe: 'Its reader gives up: "Non-repeated field is specified multiple times".',
    rule: "caffe-refuses",
    wish: { kind: "train_val", weights: false, habits: single },
    companions: [
      { rule: "bn-one-phase", reason: "Moka reads the last of the two" },
      { rule: "unknown-bottom", reason: "so that one phase lacks it" },
    ],
    plant(net, dice) {
      const [norm] = pick(net, dice)?.norms ?? [];
      norm?.include.push("phase: TRAIN phase: TEST");
      return norm?.name;
    },
    shown: refused(/./),
  },
  {
    kind: "batch_norm_param twice",
    caffe: 'Its reader gives up: "Non-repeated field is specified multiple times".',
    rule: "caffe-refuses",
    wish: { weights: false, habits: { ...single, normFields: {} } },
    plant(net, dice) {
      const [norm] = pick(net, dice)?.norms ?? [];
      if (norm) norm.fields["batch_norm_param"] = { eps: "1e-5 } batch_norm_param { moving_average_fraction: 0.99" };
      return norm?.name;
    },
    shown: refused(/./),
  },
  {
    kind: "another layer reads what a BatchNorm in place overwrites",
    caffe: 'It aborts: "Top blob produced by multiple sources".',
    rule: "layer-after-in-place",
    wish: { habits: { ...single, ...allInPlace } },
    plant(net, dice) {
      const block = pick(net, dice, (each) => isAlone(each) && each.norms.every(isInPlace));
      const [norm] = block?.norms ?? [];
      if (!norm) return undefined;
      const reader = insertBefore(net, norm, `${norm.name}_look`, "Silence");
      reader.top = [];
      return norm.name;
    },
    shown: refused(/already produced by another layer/),
  },
  ...(["ReLU", "TanH"] as const).map(
    (type): Mistake => ({
      kind: `BatchNorm in place on the top of a ${type}`,
      caffe: `The gradient of the ${type} is computed from what the BatchNorm made of its top: it is wrong, and nothing is logged.`,
      rule: "layer-after-in-place",
      wish: { kind: "train_val", weights: false, habits: { ...single, ...allInPlace } },
      plant(net, dice) {
        const block = pick(net, dice, (each) => isAlone(each) && each.norms.every(isInPlace));
        const [norm] = block?.norms ?? [];
        if (!norm) return undefined;
        insertBefore(net, norm, `${norm.name}_act`, type);
        return norm.name;
      },
      async shown({ planted, block }) {
        const apart = structuredClone(planted);
        const [norm] = apart.blocks.find(({ scale }) => scale.name === block.scale.name)?.norms ?? [];
        if (!norm) return;
        const old = norm.top[0] ?? "";
        renameBehind(apart, norm, old, `${old}_normalized`);
        const [wrong, right] = [await run(planted, { backward: true }), await run(apart, { backward: true })];
        const before = block.before?.name ?? "";
        expect(wrong.blob("loss").data).toEqual(right.blob("loss").data);
        expect(wrong.diffs(before)).not.toEqual(right.diffs(before));
      },
    }),
  ),
  {
    kind: "phase in quotes",
    caffe: "Its reader gives up, and loads nothing of the file.",
    rule: "caffe-refuses",
    wish: { kind: "train_val", weights: false, habits: { isNormTwice: true } },
    plant(net, dice) {
      const norm = pick(net, dice)?.norms[0];
      norm?.include.splice(0, 1, 'phase: "TRAIN"');
      return norm?.name;
    },
    shown: refused(/./),
  },
  {
    kind: "a bool that is none",
    caffe: "Its reader gives up, and loads nothing of the file.",
    rule: "caffe-refuses",
    companions: [
      { rule: "batch-stats-in-test", reason: "Moka reads the value that is meant, as false" },
      { rule: "global-stats-in-train", reason: "or as true, where that is meant" },
      { rule: "bn-batch-too-small", reason: "with false the batch of TEST may have too few values" },
    ],
    wish: { kind: "train_val", weights: false, habits: single },
    plant(net, dice) {
      const [norm] = pick(net, dice)?.norms ?? [];
      if (norm) setField(norm, "batch_norm_param", "use_global_stats", dice.of(["yes", '"false"', "FALSE"]));
      return norm?.name;
    },
    shown: refused(/./),
  },
];

/** Gives a layer in place a top of its own, which the layers behind it read. */
function renameBehind(net: DrawnNet, layer: LayerText, old: string, name: string): void {
  layer.top = [name];
  for (const each of net.layers.slice(net.layers.indexOf(layer) + 1)) {
    each.bottom = each.bottom.map((bottom) => (bottom === old ? name : bottom));
    each.top = each.top.map((top) => (top === old ? name : top));
  }
}

// Layers in an order that batch normalization does not suit.
import { expect } from "vitest";
import type { Dice } from "../../dice.js";
import { mean, run, variance } from "./behaviour.js";
import { type Given, insertBefore, isAlone, type Mistake, pick, setField } from "./mistake.js";
import type { DrawnNet, LayerText } from "./net-text.js";

const apart = { normInPlace: false, scaleInPlace: false, activationInPlace: false };
const single = { isNormTwice: false };
const orderWish = { habits: { ...single, ...apart } } as const;

/** Puts layers, each with a top of its own, between a block's convolution and its BatchNorm; returns the BatchNorm's name. */
function between(
  net: DrawnNet,
  dice: Dice,
  layers: readonly { readonly type: string; readonly more?: Partial<LayerText> }[],
  test = isAlone,
) {
  const [norm] = pick(net, dice, test)?.norms ?? [];
  if (!norm) return undefined;
  for (const [i, { type, more }] of layers.entries()) {
    const layer = insertBefore(net, norm, `${norm.name}_${type.toLowerCase()}${i}`, type, more);
    layer.top = [layer.name];
    norm.bottom = [layer.name];
  }
  return norm.name;
}

const dropout = { type: "Dropout", more: { fields: { dropout_param: { dropout_ratio: "0.5" } } } };
const samePool = {
  type: "Pooling",
  more: { fields: { pooling_param: { pool: "MAX", kernel_size: "3", stride: "1", pad: "1" } } },
};

/** Dropout, which TEST leaves out, makes the variance larger that a BatchNorm sees in TRAIN. */
async function shiftsVariance({ planted, block }: Given): Promise<void> {
  const bottom = block.norms[0]?.bottom[0] ?? "";
  const without = structuredClone(planted);
  for (const layer of without.layers.filter(({ type }) => type === "Dropout")) {
    setField(layer, "dropout_param", "dropout_ratio", "0.000001");
  }
  const total = (channels: readonly (readonly number[])[]) => mean(channels.map(variance));
  const [dropped, whole] = [await run(planted), await run(without)].map((ran) => total(ran.channels(bottom)));
  expect(dropped).toBeGreaterThan(1.05 * (whole ?? 0));
}

const spatial = ["convolutions", "residual", "inception", "depthwise"] as const;

export const inOrder: readonly Mistake[] = [
  {
    kind: "ReLU before BatchNorm",
    caffe: "It runs; means and variances are of values of which many are 0.",
    rule: "relu-before-bn",
    wish: orderWish,
    plant: (net, dice) => between(net, dice, [{ type: dice.of(["ReLU", "ELU"]) }]),
    async shown({ planted, block }) {
      const bottom = (await run(planted)).blob(block.norms[0]?.bottom[0] ?? "").data;
      expect(bottom.filter((value) => value <= 0).length).toBeGreaterThan(bottom.length / 10);
    },
  },
  ...(["Sigmoid", "TanH"] as const).map(
    (type): Mistake => ({
      kind: `BatchNorm behind a ${type}`,
      caffe: `It runs; where the ${type} is flat no gradient comes back.`,
      rule: "bn-after-activation",
      wish: orderWish,
      plant: (net, dice) => between(net, dice, [{ type }]),
      async shown({ planted, block }) {
        const bottom = (await run(planted)).blob(block.norms[0]?.bottom[0] ?? "").data;
        expect(bottom.every((value) => Math.abs(value) <= 1)).toBe(true);
      },
    }),
  ),
  {
    kind: "BatchNorm behind ReLU and pooling",
    caffe: "It runs; what is normalized was rectified before.",
    rule: "bn-after-activation",
    wish: { ...orderWish, families: spatial },
    plant: (net, dice) => between(net, dice, [{ type: "ReLU" }, samePool]),
    async shown({ planted, block }) {
      const bottom = (await run(planted)).blob(block.norms[0]?.bottom[0] ?? "").data;
      expect(bottom.every((value) => value >= 0)).toBe(true);
    },
  },
  {
    kind: "dropout right before BatchNorm",
    caffe: "In TRAIN the variance that is averaged contains the dropout's; TEST divides by it without dropout.",
    rule: "dropout-before-bn",
    wish: { ...orderWish, kind: "train_val" },
    plant: (net, dice) => between(net, dice, [dropout]),
    shown: shiftsVariance,
  },
  {
    kind: "dropout before BatchNorm, through ReLU or pooling",
    caffe: "The same: neither takes the larger variance away.",
    rule: "dropout-before-bn",
    wish: { ...orderWish, kind: "train_val", families: spatial },
    plant: (net, dice) => between(net, dice, [dropout, dice.of([{ type: "ReLU" }, samePool])]),
    shown: shiftsVariance,
  },
  {
    kind: "dropout before BatchNorm, through a convolution",
    caffe: "The same, less: the convolution sums what was dropped.",
    rule: "dropout-before-bn",
    wish: { ...orderWish, kind: "train_val", families: ["convolutions", "inner"] },
    plant(net, dice) {
      const block = pick(net, dice, ({ before }) => before !== undefined && before.bottom[0] !== "data");
      if (!block?.before) return undefined;
      const { before } = block;
      const layer = insertBefore(net, before, `${before.name}_drop`, dropout.type, dropout.more);
      layer.top = [layer.name];
      before.bottom = [layer.name];
      return block.norms[0]?.name;
    },
    shown: shiftsVariance,
  },
  {
    kind: "BatchNorm of the data, without three specs",
    caffe: "Missing specs are lr_mult 1, so that it needs backward: a pass down to the data is computed for nothing.",
    rule: "bn-needs-backward",
    wish: { kind: "train_val", weights: false, families: ["convolutions", "inner", "depthwise"] },
    companions: [{ rule: "bn-without-scale", reason: "none is behind; the convolution can do what it would" }],
    plant: (net) => normalizeData(net, []),
  },
  {
    kind: "BatchNorm without three specs behind a layer that has no backward",
    caffe:
      "The BatchNorm needs backward, and so its bottom a gradient: it aborts in the first backward, as the layer has none.",
    rule: "bn-needs-backward",
    wish: { kind: "train_val", weights: false, families: ["convolutions", "inner", "depthwise"] },
    companions: [{ rule: "bn-without-scale", reason: "none is behind; the convolution can do what it would" }],
    plant: (net) => normalizeData(net, ["Threshold"]),
  },
];

/** Puts a BatchNorm between the data and the first layer that reads them. */
function normalizeData(net: DrawnNet, types: readonly string[]): string | undefined {
  const reader = net.layers.find(({ bottom }) => bottom[0] === "data");
  if (!reader) return undefined;
  for (const type of [...types, "BatchNorm"]) {
    const layer = insertBefore(net, reader, `data_${type.toLowerCase()}`, type);
    layer.top = [layer.name];
    reader.bottom = [layer.name];
  }
  return "data_batchnorm";
}

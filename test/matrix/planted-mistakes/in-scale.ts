// Mistakes in the Scale behind a BatchNorm, and in the bias before it.
import { expect } from "vitest";
import { compares, expectClose, mean, run, variance } from "./behaviour.js";
import { changeScale, insertBefore, isAlone, isInPlace, type Mistake, pick, remove, setField } from "./mistake.js";
import type { DrawnNet, LayerText } from "./net-text.js";

const biasTerm = (scale: LayerText, value: string | undefined) => setField(scale, "scale_param", "bias_term", value);

function dropBlob({ weights }: DrawnNet, layer: string, index: number): void {
  weights?.[layer]?.splice(index, 1);
}

/** Gives the layer before a BatchNorm its bias, and weights a blob for it. */
function addBias(net: DrawnNet, before: LayerText, channels: number, field: string): void {
  setField(before, field, "bias_term", undefined);
  setField(before, field, "bias_filler", "{ value: 0.5 }");
  net.weights?.[before.name]?.push({ shape: [channels], data: Array<number>(channels).fill(0.5) });
}

export const inScale: readonly Mistake[] = [
  {
    kind: "no Scale",
    caffe: "What the ReLU gets has mean 0 and variance 1 in each channel, whatever the net learns.",
    rule: "bn-without-scale",
    plant(net, dice) {
      const block = pick(net, dice, isAlone);
      if (!block) return undefined;
      remove(net, block.scale);
      return block.norms[0]?.name;
    },
    async shown({ planted, block }) {
      const ran = await run(planted);
      for (const channel of ran.channels(block.activation?.bottom[0] ?? "")) {
        expect(Math.abs(mean(channel))).toBeLessThan(1e-3);
        expect(Math.abs(variance(channel) - 1)).toBeLessThan(1e-2);
      }
    },
  },
  {
    kind: "Scale behind the ReLU",
    caffe: "The ReLU gets mean 0 and variance 1 all the same; what comes out of it is scaled.",
    rule: "bn-without-scale",
    companions: [
      { rule: "layer-after-in-place", reason: "in place it overwrites what the gradient of the ReLU needs" },
    ],
    plant(net, dice) {
      const block = pick(net, dice, (each) => isAlone(each) && each.activation?.type === "ReLU");
      if (!block?.activation) return undefined;
      const { scale, activation, norms } = block;
      const end = isInPlace(activation) ? undefined : activation.top[0];
      remove(net, scale);
      const [last = ""] = activation.bottom;
      activation.top = [last];
      scale.bottom = [last];
      scale.top = [end ?? last];
      net.layers.splice(net.layers.indexOf(activation) + 1, 0, scale);
      return norms[0]?.name;
    },
  },
  {
    kind: "Scale without bias_term",
    caffe: "The mean of each channel stays 0, whatever γ is.",
    rule: "scale-without-bias",
    plant: (net, dice) =>
      changeScale(net, dice, (scale) => {
        biasTerm(scale, dice.of([undefined, "false"]));
        setField(scale, "scale_param", "bias_filler", undefined);
        scale.params.splice(1);
        dropBlob(net, scale.name, 1);
      }),
    async shown({ planted, block: { scale } }) {
      const ran = await run(planted, { set: { [scale.name]: [3] } });
      for (const channel of ran.channels(scale.top[0] ?? "")) expect(Math.abs(mean(channel))).toBeLessThan(1e-3);
    },
  },
  {
    kind: "Scale without bias_term, but with two specs",
    caffe: 'It aborts: "Too many params specified for layer".',
    rule: "lr-mult-count",
    companions: [{ rule: "scale-without-bias", reason: "that is what is wrong; the spec only shows it" }],
    plant: (net, dice) =>
      changeScale(net, dice, (scale) => {
        biasTerm(scale, undefined);
        setField(scale, "scale_param", "bias_filler", undefined);
        dropBlob(net, scale.name, 1);
      }),
    shown: ({ planted }) => expect(run(planted)).rejects.toThrow(/param specs? for|params? spec/),
  },
  {
    kind: "Scale with num_axes 0",
    caffe: "It learns one γ and one β for all channels.",
    rule: "scale-axis",
    wish: { weights: false },
    plant: (net, dice) => changeScale(net, dice, (scale) => setField(scale, "scale_param", "num_axes", "0")),
    async shown({ planted, block: { scale } }) {
      expect((await run(planted)).params(scale.name).map(({ data }) => data.length)).toEqual([1, 1]);
    },
  },
  {
    kind: "Scale with axis 2",
    caffe: "It learns a γ for each row of the image, the same in all channels.",
    rule: "scale-axis",
    wish: { weights: false, families: ["convolutions", "residual", "depthwise", "pre-activation"] },
    plant: (net, dice) =>
      changeScale(net, dice, (scale) => setField(scale, "scale_param", "axis", dice.of(["2", "-2"]))),
    async shown({ planted, block: { scale } }) {
      const ran = await run(planted);
      const rows = ran.blob(scale.top[0] ?? "").shape[2];
      expect(ran.params(scale.name).map(({ data }) => data.length)).toEqual([rows, rows]);
    },
  },
  {
    kind: "Scale with BatchNorm's lr_mult 0",
    caffe: "γ and β stay as they are filled: 1 and 0.",
    rule: "scale-frozen",
    wish: { kind: "train_val", weights: false },
    plant: (net, dice) =>
      changeScale(net, dice, (scale) => {
        scale.params = Array<string>(2).fill("lr_mult: 0 decay_mult: 0");
      }),
    async shown({ planted, block: { scale } }) {
      expect((await run(planted)).rates.get(scale.name)?.map(({ lr }) => lr)).toEqual([0, 0]);
    },
  },
  {
    kind: "Scale whose β has lr_mult 0",
    caffe: "γ learns, β stays 0.",
    rule: "scale-frozen",
    wish: { kind: "train_val", weights: false },
    plant: (net, dice) =>
      changeScale(net, dice, (scale) => {
        scale.params = ["lr_mult: 1 decay_mult: 0", "lr_mult: 0 decay_mult: 0"];
      }),
    async shown({ planted, block: { scale } }) {
      expect((await run(planted)).rates.get(scale.name)?.map(({ lr }) => lr)).toEqual([1, 0]);
    },
  },
  {
    kind: "γ filled with 0",
    caffe: "The Scale puts out 0, and no gradient comes to what is before it.",
    rule: "scale-filler",
    wish: { kind: "train_val", weights: false, families: ["convolutions", "inner", "inception", "depthwise"] },
    plant: (net, dice) =>
      changeScale(net, dice, (scale) =>
        setField(scale, "scale_param", "filler", dice.of(["{ value: 0 }", '{ type: "constant" }'])),
      ),
    async shown({ planted, block: { scale, before } }) {
      const ran = await run(planted, { backward: true });
      expect(ran.blob(scale.top[0] ?? "").data.every((value) => value === 0)).toBe(true);
      expect(
        ran
          .diffs(before?.name ?? "")
          .flat()
          .every((value) => Math.abs(value) === 0),
      ).toBe(true);
    },
  },
  {
    kind: "γ filled at random",
    caffe: "Some channels start turned around, others next to nothing.",
    rule: "scale-filler",
    wish: { kind: "train_val", weights: false },
    plant: (net, dice) =>
      changeScale(net, dice, (scale) =>
        setField(scale, "scale_param", "filler", dice.of(['{ type: "gaussian" std: 0.01 }', '{ type: "xavier" }'])),
      ),
    async shown({ planted, block: { scale } }) {
      const [gamma] = (await run(planted)).params(scale.name);
      expect(gamma?.data.some((value) => value < 0.5)).toBe(true);
    },
  },
  {
    kind: "γ and β decay",
    caffe: "weight_decay pulls γ and β to 0, as it does weights.",
    rule: "scale-decay",
    wish: { solver: true },
    plant: (net, dice) =>
      changeScale(net, dice, (scale) => {
        scale.params = dice.of([[], ["lr_mult: 1", "lr_mult: 1"], ["decay_mult: 1", "decay_mult: 0"]]);
      }),
    async shown({ planted, block: { scale } }) {
      expect((await run(planted)).rates.get(scale.name)?.[0]?.decay).toBe(1);
    },
  },
  {
    kind: "Scale before the BatchNorm",
    caffe: "The BatchNorm takes γ and β away again.",
    rule: "bn-twice",
    wish: { kind: "train_val" },
    companions: [{ rule: "bn-without-scale", reason: "where the Scale was moved, none is behind" }],
    plant(net, dice) {
      const block = pick(net, dice, isAlone);
      if (!block) return undefined;
      const [first] = block.norms;
      if (!first) return undefined;
      remove(net, block.scale);
      block.scale.bottom = [...first.bottom];
      block.scale.top = [...first.bottom];
      net.layers.splice(net.layers.indexOf(first), 0, block.scale);
      return block.scale.name;
    },
    async shown({ planted, block: { scale, norms } }) {
      const [norm] = norms;
      const [plain, scaled] = [await run(planted), await run(planted, { set: { [scale.name]: [3, 2] } })];
      expectClose(scaled.blob(norm?.top[0] ?? "").data, plain.blob(norm?.top[0] ?? "").data, 1e-3);
    },
  },
  {
    kind: "a Bias layer before BatchNorm",
    caffe: "The BatchNorm takes its bias away again.",
    rule: "bn-twice",
    wish: { kind: "train_val", weights: false },
    plant(net, dice) {
      const [first] = pick(net, dice, isAlone)?.norms ?? [];
      return first && insertBefore(net, first, `${first.name}_bias`, "Bias").name;
    },
    async shown({ planted, layer, block: { norms } }) {
      const top = norms[0]?.top[0] ?? "";
      const [plain, moved] = [await run(planted), await run(planted, { set: { [layer]: [2] } })];
      expectClose(moved.blob(top).data, plain.blob(top).data, 1e-3);
    },
  },
  {
    kind: "BatchNorm, Scale, and BatchNorm again",
    caffe: "The second BatchNorm takes the γ and β of the Scale away.",
    rule: "bn-twice",
    wish: { weights: false },
    companions: [{ rule: "bn-without-scale", reason: "the second has none behind" }],
    plant(net, dice) {
      const block = pick(net, dice, isAlone);
      if (!block) return undefined;
      const [blob = ""] = block.scale.top;
      const again = {
        ...structuredClone(block.scale),
        name: `${block.scale.name}_bn`,
        type: "BatchNorm",
        params: [],
        fields: {},
      };
      net.layers.splice(net.layers.indexOf(block.scale) + 1, 0, { ...again, bottom: [blob], top: [blob] });
      return again.name;
    },
    async shown({ planted, layer }) {
      const scale = planted.layers[planted.layers.findIndex(({ name }) => name === layer) - 1];
      if (!scale) return;
      const name = scale.top[0] ?? "";
      const [plain, scaled] = [await run(planted), await run(planted, { set: { [scale.name]: [3, 2] } })];
      expectClose(scaled.blob(name).data, plain.blob(name).data, 1e-3);
    },
  },
  {
    kind: "bias of a convolution before BatchNorm",
    caffe: "In TRAIN the net computes the same with any bias.",
    rule: "bias-before-bn",
    wish: { families: ["convolutions", "residual", "inception", "depthwise", "pre-activation"] },
    plant(net, dice) {
      const block = pick(net, dice, isAlone);
      if (!block?.before) return undefined;
      addBias(net, block.before, block.channels, "convolution_param");
      return block.before.name;
    },
    shown: compares(({ block: { norms } }) => norms[0]?.top[0] ?? "", true),
  },
  {
    kind: "bias of an inner product before BatchNorm",
    caffe: "In TRAIN the net computes the same with any bias.",
    rule: "bias-before-bn",
    wish: { families: ["inner"] },
    plant(net, dice) {
      const block = pick(net, dice, isAlone);
      if (!block?.before) return undefined;
      addBias(net, block.before, block.channels, "inner_product_param");
      return block.before.name;
    },
    shown: compares(({ block: { norms } }) => norms[0]?.top[0] ?? "", true),
  },
  {
    kind: "BatchNorm behind BatchNorm",
    caffe: "The second changes next to nothing: what it gets has mean 0 and variance 1 already.",
    rule: "bn-twice",
    wish: { weights: false },
    companions: [{ rule: "bn-without-scale", reason: "the first of the two has none behind" }],
    plant(net, dice) {
      const block = pick(net, dice, isAlone);
      const [first] = block?.norms ?? [];
      if (!block || !first) return undefined;
      insertBefore(net, first, `${first.name}_again`, "BatchNorm");
      return first.name;
    },
    shown: compares(({ block: { norms } }) => norms[0]?.top[0] ?? "", true),
  },
];

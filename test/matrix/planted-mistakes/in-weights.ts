// Mistakes in trained weights, which lint sees with `weights`.
import { expect } from "vitest";
import { onlyScales, run } from "./behaviour.js";
import { type Given, type Mistake, pick } from "./mistake.js";
import type { DrawnNet } from "./net-text.js";

const trained = { weights: true } as const;
const inTest = { weights: true, kind: "deploy" } as const;

type Values = NonNullable<DrawnNet["weights"]>[string];

/** Changes the blobs of one BatchNorm, which TEST uses. */
function changed(change: (values: Values, net: DrawnNet, layer: string) => void): Mistake["plant"] {
  return (net, dice) => {
    const name = pick(net, dice)?.norms[0]?.name;
    const values = name === undefined ? undefined : net.weights?.[name];
    if (name === undefined || !values) return undefined;
    change(values, net, name);
    return name;
  };
}

function topOf({ block }: Given): string {
  return block.norms[0]?.top[0] ?? "";
}

const aborts = 'It aborts when it copies them: "Incompatible number of blobs for layer".';

function blobs(kind: string, make: (channels: number) => Values): Mistake {
  return {
    ...{ kind, caffe: aborts, rule: "bn-fork-blobs", wish: trained },
    plant: changed((values) => {
      const made = make(values[0]?.data.length ?? 0);
      values.splice(0, values.length, ...made);
    }),
    shown: ({ planted }) =>
      expect(run(planted, { phase: "TEST" })).rejects.toThrow(/has 3 parameters, but in the weights it has/),
  };
}

const blob = (count: number, value: number) => ({ shape: [count], data: Array<number>(count).fill(value) });

export const inWeights: readonly Mistake[] = [
  blobs("five blobs, as NVIDIA's", (c) => [blob(c, 0.3), blob(c, 2), blob(1, 1), blob(c, 1), blob(c, 0)]),
  blobs("two blobs, as of a Scale", (c) => [blob(c, 1), blob(c, 0)]),
  blobs("four blobs, as PSPNet's", (c) => {
    return [1, 0, 0.3, 2].map((value) => ({ shape: [1, c, 1, 1], data: Array<number>(c).fill(value) }));
  }),
  {
    kind: "averages of 0 with a factor of 0",
    caffe: "They count as 0: it divides by √eps.",
    rule: "bn-untrained",
    wish: trained,
    plant: changed((values) => {
      for (const { data } of values) data.fill(0);
    }),
    shown: onlyScales("TEST"),
  },
  {
    kind: "averages with a factor of 0",
    caffe: "They count as 0, though they are not: it divides by √eps.",
    rule: "bn-untrained",
    wish: trained,
    plant: changed((values) => values[2]?.data.fill(0)),
    shown: onlyScales("TEST"),
  },
  {
    kind: "a BatchNorm that the weights do not have",
    caffe: "It stays as it was made: averages of 0, a factor of 0, and it divides by √eps.",
    rule: "bn-untrained",
    wish: inTest,
    plant: changed((_, net, layer) => {
      delete net.weights?.[layer];
    }),
    shown: onlyScales("TEST"),
  },
  {
    kind: "a Scale that has another name in the weights",
    caffe: "It stays as it was made: γ 1 and β 0.",
    rule: "missing-weights",
    wish: inTest,
    plant(net, dice) {
      const name = pick(net, dice)?.scale.name ?? "";
      const values = net.weights?.[name];
      if (!net.weights || !values) return undefined;
      delete net.weights[name];
      net.weights[`${name}_old`] = values;
      return name;
    },
    async shown({ planted, layer }) {
      const [gamma, beta] = (await run(planted, { phase: "TEST" })).params(layer);
      expect([...new Set(gamma?.data), ...new Set(beta?.data)]).toEqual([1, 0]);
    },
  },
  {
    kind: "a Scale whose weights have no β",
    caffe: 'It aborts: "Incompatible number of blobs for layer".',
    rule: "shape-mismatch",
    wish: trained,
    plant(net, dice) {
      const name = pick(net, dice)?.scale.name ?? "";
      net.weights?.[name]?.splice(1);
      return name;
    },
    shown: ({ planted }) => expect(run(planted, { phase: "TEST" })).rejects.toThrow(/in the weights it has 1/),
  },
  {
    kind: "weights with the bias that the net has left out",
    caffe: 'It aborts: "Incompatible number of blobs for layer".',
    rule: "shape-mismatch",
    wish: trained,
    plant(net, dice) {
      const block = pick(net, dice, ({ before }) => before !== undefined);
      net.weights?.[block?.before?.name ?? ""]?.push(blob(block?.channels ?? 0, 0.1));
      return block?.before?.name;
    },
    shown: ({ planted }) => expect(run(planted, { phase: "TEST" })).rejects.toThrow(/in the weights it has 2/),
  },
  {
    kind: "averages of another number of channels",
    caffe: 'It aborts: "Cannot copy param 0 weights from layer; shape mismatch".',
    rule: "shape-mismatch",
    wish: trained,
    plant: changed((values) => {
      for (const each of values.slice(0, 2)) {
        each.data = Array<number>(3).fill(1500);
        each.shape = [3];
      }
    }),
    shown: ({ planted }) => expect(run(planted, { phase: "TEST" })).rejects.toThrow(/shape/),
  },
  {
    kind: "a variance below 0",
    caffe: "TEST takes the root of a negative number: NaN.",
    rule: "bn-negative-variance",
    wish: trained,
    plant: changed((values) => values[1]?.data.splice(0, 1, -500)),
    async shown(given) {
      const [first] = (await run(given.planted, { phase: "TEST" })).channels(topOf(given));
      expect(first?.every(Number.isNaN)).toBe(true);
    },
  },
  {
    kind: "a variance that is no number",
    caffe: "All of the channel is NaN in TEST, and so is what comes behind.",
    rule: "bn-negative-variance",
    wish: trained,
    plant: changed((values) => values[1]?.data.splice(0, 1, Number.NaN)),
    async shown(given) {
      const [first] = (await run(given.planted, { phase: "TEST" })).channels(topOf(given));
      expect(first?.every(Number.isNaN)).toBe(true);
    },
  },
  {
    kind: "an infinite mean",
    caffe: "All of the channel is infinite in TEST, and NaN behind it.",
    rule: "bn-negative-variance",
    wish: trained,
    plant: changed((values) => values[0]?.data.splice(0, 1, Number.POSITIVE_INFINITY)),
    async shown(given) {
      const [first] = (await run(given.planted, { phase: "TEST" })).channels(topOf(given));
      expect(first?.some(Number.isFinite)).toBe(false);
    },
  },
  {
    kind: "a factor below 0",
    caffe: "Variances come out negative: NaN.",
    rule: "bn-negative-variance",
    wish: trained,
    plant: changed((values) => values[2]?.data.fill(-999.98)),
    async shown(given) {
      const top = (await run(given.planted, { phase: "TEST" })).blob(topOf(given)).data;
      expect(top.every(Number.isNaN)).toBe(true);
    },
  },
  {
    kind: "a channel that never varied",
    caffe: "In TEST whatever differs from its mean is multiplied by 1/√eps.",
    rule: "bn-dead-channel",
    wish: trained,
    plant: changed((values) => values[1]?.data.splice(1, 1, 0)),
  },
  {
    kind: "channels that never varied",
    caffe: "In TEST whatever differs from the mean is multiplied by 1/√eps.",
    rule: "bn-dead-channel",
    wish: trained,
    plant: changed((values) => values[1]?.data.fill(0)),
  },
  {
    kind: "γ of 0 in a channel",
    caffe: "Only β comes out of the channel.",
    rule: "bn-dead-channel",
    wish: trained,
    plant(net, dice) {
      const scale = pick(net, dice)?.scale.name ?? "";
      net.weights?.[scale]?.[0]?.data.splice(0, 1, 0);
      return scale;
    },
    async shown({ planted, block: { scale } }) {
      const [first = []] = (await run(planted, { phase: "TEST" })).channels(scale.top[0] ?? "");
      expect(new Set(first).size).toBe(1);
    },
  },
];

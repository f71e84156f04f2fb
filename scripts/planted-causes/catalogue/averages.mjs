// Averages in the file that are not what Caffe means by them, or that are damaged.
import { withBlobs } from "../base.mjs";
import { all, both, own } from "../forms.mjs";
import { expectation } from "../judge.mjs";
import { permutation } from "../moka.mjs";

/** All of the averages read otherwise. A deploy net shows it too: under one reading, they fit the images in every layer. */
const readings = {
  "factor 1, not divided": ([mean, variance]) => [mean, variance, [1]],
  "divided, factor left": ([mean, variance, [factor]]) => [
    mean.map((value) => value / factor),
    variance.map((value) => value / factor),
    [factor],
  ],
  "σ for variance": ([mean, variance, [factor]]) => [
    mean,
    variance.map((value) => Math.sqrt(value / factor) * factor),
    [factor],
  ],
  "mean and variance exchanged": ([mean, variance, factor]) => [variance, mean, factor],
  "mean negated": ([mean, variance, factor]) => [mean.map((value) => -value), variance, factor],
};

/** Words of what each is: another reading, stated as fact, would be wrong. */
const words = {
  "factor 1, not divided": /divided by/,
  "divided, factor left": /already|factor/,
  "σ for variance": /(?<!1.?\/.?)σ|deviation/,
  "mean and variance exchanged": /variance first, and the mean second/,
  "mean negated": /sign|negat/,
};

const reading = (title) => ({
  kind: `reading: ${title}`,
  nets: all,
  plant: (base) => {
    const weights = withBlobs(base.weights, base.norms, readings[title]);
    // An exchanged mean has negative values: the net's results are not numbers.
    const mayShow = ["reading", ...(title === "mean and variance exchanged" ? ["damaged"] : [])];
    return both(base, title, { weights }, expectation("batch-norm", mayShow, { reading: words[title] }));
  },
});

const readingOfOne = (title) => ({
  kind: `reading of one layer: ${title}`,
  nets: own,
  plant: (base) => {
    const layer = base.middle.norm;
    const weights = withBlobs(base.weights, [layer], readings[title]);
    const first = ["reading", "damaged"];
    const expect = expectation("batch-norm", first, { layer, reading: words[title] });
    return both(base, title, { weights }, expect).slice(0, 1);
  },
});

/** One middle layer's averages are others. */
const damages = {
  random: (base) => {
    const random = base.random("damage");
    return ([mean, variance, [factor]]) => {
      const size = Math.sqrt(variance.reduce((sum, value) => sum + value, 0) / variance.length / factor);
      return [
        mean.map(() => 2 * size * (2 * random() - 1) * factor),
        variance.map(() => (size * (0.1 + 2 * random())) ** 2 * factor),
        [factor],
      ];
    };
  },
  "channels in another order": (base) => {
    const random = base.random("order");
    return ([mean, variance, factor]) => {
      const order = permutation(mean.length, random);
      return [order.map((i) => mean[i]), order.map((i) => variance[i]), factor];
    };
  },
  "variance zeroed":
    () =>
    ([mean, variance, factor]) => [mean, variance.map(() => 0), factor],
  "variance a tenth":
    () =>
    ([mean, variance, factor]) => [mean, variance.map((value) => value / 10), factor],
  "mean zeroed":
    () =>
    ([mean, variance, factor]) => [mean.map(() => 0), variance, factor],
};

const damage = (title) => ({
  kind: `one layer's averages: ${title}`,
  nets: title === "mean zeroed" || title === "variance a tenth" ? own : all,
  plant: (base) => {
    const layer = base.middle.norm;
    const weights = withBlobs(base.weights, [layer], damages[title](base));
    // Averages of zero can be called empty, and a constant factor a wrong reading.
    const too =
      { "variance zeroed": ["empty"], "mean zeroed": ["empty"], "variance a tenth": ["reading"] }[title] ?? [];
    const expect = expectation("batch-norm", ["damaged", ...too], { layer });
    // One bad layer among good ones is seen without labels too; that it can be other data as well, only where it is the first.
    const isFirst = base.norms[0] === layer;
    const deploy = isFirst
      ? { ...expect, verdicts: ["batch-norm", "cannot-tell"], first: undefined, listed: ["damaged", ...too] }
      : expect;
    return both(base, title, { weights }, expect, deploy);
  },
});

const snapshot = {
  kind: "one layer's averages: of an early snapshot",
  nets: own,
  plant: async (base) => {
    const layer = base.middle.norm;
    const early = await base.train(base.text(), { iterations: 8, rate: base.rate / 5, seed: 30 });
    let taken;
    withBlobs(early, [layer], (blobs) => {
      taken = blobs;
      return blobs;
    });
    const weights = withBlobs(base.weights, [layer], () => taken);
    const expect = expectation("batch-norm", ["damaged"], { layer, mayShow: ["damaged", "stale"] });
    return both(base, "snapshot", { weights }, expect).slice(0, 1);
  },
};

const zeroed = ([mean, variance]) => [mean.map(() => 0), variance.map(() => 0), [0]];

const empties = [
  {
    kind: "empty: all layers",
    nets: all,
    plant: (base) => {
      const weights = withBlobs(base.weights, base.norms, zeroed);
      return both(base, "zeros", { weights }, expectation("batch-norm", ["empty"]));
    },
  },
  {
    kind: "empty: one layer",
    nets: own,
    plant: (base) => {
      const layer = base.middle.norm;
      const weights = withBlobs(base.weights, [layer], zeroed);
      return both(base, "zeros", { weights }, expectation("batch-norm", ["empty"], { layer }));
    },
  },
  {
    kind: "empty: factor 0, averages there",
    nets: all,
    plant: (base) => {
      const weights = withBlobs(base.weights, base.norms, ([mean, variance, [factor]]) => [
        mean.map((value) => value / factor),
        variance.map((value) => value / factor),
        [0],
      ]);
      return both(base, "factor 0", { weights }, expectation("batch-norm", ["empty", "reading"]));
    },
  },
];

const notFinite = [
  {
    kind: "not finite: a weight is NaN",
    nets: own,
    plant: (base) => {
      const layer = base.middle.before;
      const weights = withBlobs(base.weights, [layer], ([kernel, ...bias]) => [
        kernel.map((value, i) => (i === 3 ? Number.NaN : value)),
        ...bias,
      ]);
      return both(base, "NaN", { weights }, expectation(["elsewhere", "batch-norm"], ["not finite"]));
    },
  },
  {
    kind: "not finite: negative variance",
    nets: all,
    plant: (base) => {
      const layer = base.middle.norm;
      const weights = withBlobs(base.weights, [layer], ([mean, variance, factor]) => [
        mean,
        variance.map((value, i) => (i === 1 ? -value : value)),
        factor,
      ]);
      const mayShow = ["not finite", "damaged", "reading"];
      return both(base, "negative", { weights }, expectation("batch-norm", mayShow, { layer })).slice(-1);
    },
  },
  {
    kind: "not finite: the factor is NaN",
    nets: ["conv", "siamese"],
    plant: (base) => {
      const layer = base.middle.norm;
      const weights = withBlobs(base.weights, [layer], ([mean, variance]) => [mean, variance, [Number.NaN]]);
      const mayShow = ["not finite", "damaged", "reading"];
      return both(base, "factor", { weights }, expectation("batch-norm", mayShow, { layer })).slice(0, 1);
    },
  },
];

export const averages = [
  ...Object.keys(readings).map(reading),
  ...["σ for variance", "mean and variance exchanged", "mean negated"].map(readingOfOne),
  ...Object.keys(damages).map(damage),
  snapshot,
  ...empties,
  ...notFinite,
];

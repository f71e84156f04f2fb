// What went wrong in the training: averages that are too slow, weights that moved on, statistics of other inputs, batches, images.
import { edited, fraction, setNorms, withBlobs } from "../base.mjs";
import { chosen, relabelings, sorted } from "../data.mjs";
import { asDeployed, asTrained, classifiers, own } from "../forms.mjs";
import { expectation } from "../judge.mjs";
import { generator } from "../moka.mjs";

// A loss that is a little higher may be said to come from it.
const stale = expectation("batch-norm", ["stale"], { harmless: ["well", "batch-norm"] });
/** Without training data, other images than those of the training look the same. */
const staleDeployed = expectation(["batch-norm", "cannot-tell"], undefined, { listed: ["stale"], mayShow: ["stale"] });

/** Weights with saturated averages of a fraction of 0.999, as after a long training. */
const saturated = (base) => ({
  weights: base.weights,
  text: edited(base.text(), (layers) => fraction(layers, 0.999)),
});

/** The same weights with averages as they should be. */
const refreshed = async (base, weights) => ({ model: base.text(), weights: await base.refreshed(weights) });

async function staleCases(base, variant, weights) {
  const right = await refreshed(base, weights);
  const deployed = { right: { weights: right.weights } };
  return [
    asTrained(base, variant, stale, { weights, right }),
    asDeployed(base, variant, staleDeployed, { weights, ...deployed }),
  ];
}

const slow = [
  {
    kind: "stale: weights moved on",
    nets: own,
    plant: async (base) => {
      const { text } = saturated(base);
      // The averages of 0.95 saturate at a factor of 20; that of 0.999 at 1000.
      const start = withBlobs(base.weights, base.norms, ([mean, variance, [factor]]) => [
        mean.map((value) => (value / factor) * 999.98),
        variance.map((value) => (value / factor) * 999.98),
        [999.98],
      ]);
      const weights = await base.train(text, { weights: start, iterations: 60, rate: 5 * base.rate, policy: "fixed" });
      return staleCases(base, "five times the rate", weights);
    },
  },
  {
    kind: "stale: slow average",
    nets: own,
    plant: async (base) => {
      const text = edited(base.text(), (layers) => fraction(layers, 0.9999));
      const weights = await base.train(text, { iterations: 60, rate: 8 * base.rate, policy: "fixed" });
      return staleCases(base, "0.9999", weights);
    },
  },
  {
    kind: "stale: averages not updated after fine-tuning",
    nets: own,
    plant: async (base) => {
      const moved = await base.train(base.text(), {
        weights: base.weights,
        iterations: 80,
        rate: 0.1,
        policy: "fixed",
      });
      const before = new Map();
      withBlobs(base.weights, base.norms, (blobs, name) => {
        before.set(name, blobs);
        return blobs;
      });
      return staleCases(
        base,
        "kept",
        withBlobs(moved, base.norms, (_, name) => before.get(name)),
      );
    },
  },
];

/** Dropout in place before the BatchNorm in the middle. */
const dropout = {
  kind: "dropout before BatchNorm",
  nets: own,
  plant: async (base) => {
    const { before } = base.middle;
    const place = new RegExp(`(?=layer \\{ name: "${base.middle.norm}")`);
    const drop = `layer { name: "drop" type: "Dropout" bottom: "${before}" top: "${before}" dropout_param { dropout_ratio: ${base.name === "conv" ? 0.7 : 0.85} } }\n`;
    const body = base.body.replace(place, drop);
    const weights = await base.train(base.text({ body }));
    const right = { model: base.text({ body }), weights: await base.refreshed(weights) };
    // A loss that is a little higher may be said to come from it.
    const expect = expectation("batch-norm", ["dropout"], { harmless: ["well", "batch-norm"] });
    return [asTrained(base, base.middle.norm, expect, { body, weights, right })];
  },
};

const share = (body, pairs) =>
  pairs.reduce(
    (text, [one, other]) =>
      [one, other].reduce(
        (each, name) =>
          each.replace(
            new RegExp(
              `(name: "${name}" type: "BatchNorm" bottom: "\\w+" top: "\\w+") (?:param \\{ lr_mult: 0 \\} ?){3}`,
            ),
            `$1 ${["m", "v", "s"].map((blob) => `param { name: "${one}_${blob}" lr_mult: 0 }`).join(" ")} `,
          ),
        text,
      ),
    body,
  );

const shared = [
  {
    kind: "shared: two different inputs",
    nets: ["siamese"],
    plant: async (base) => {
      // The right picture is inverted, as of another camera.
      const inverted = base.body
        .replaceAll('"right"', '"other"')
        .replace('top: "other" slice_param', 'top: "right" slice_param')
        .replace(
          /(?=layer \{ name: "c1_p")/,
          'layer { name: "camera" type: "Power" bottom: "right" top: "other" power_param { scale: -3 shift: 2 } }\n',
        );
      const body = share(inverted, [
        ["bn_1", "bn_1_p"],
        ["bn_2", "bn_2_p"],
      ]);
      const weights = await base.train(base.text({ body }));
      const right = { model: base.text({ body: inverted }), weights: await base.train(base.text({ body: inverted })) };
      const expect = expectation("batch-norm", ["shared"]);
      return [
        asTrained(base, "branches", expect, { body, weights, right }),
        asDeployed(base, "branches", expect, {
          body,
          weights,
          right: {
            model: base.deploy({ body: inverted }),
            weights: await base.refreshed(weights, base.text({ body: inverted })),
          },
        }),
      ];
    },
  },
  {
    kind: "shared: two different inputs",
    nets: ["conv", "detector"],
    plant: async (base) => {
      // A second branch beside the first convolution, which reads the picture inverted.
      const first = base.body.slice(0, base.body.indexOf('layer { name: "c2"'));
      const rest = base.body.slice(first.length);
      const second = first.replaceAll("_1", "_1_o").replaceAll('"c1"', '"c1o"').replaceAll('"data"', '"inverse"');
      const inverse =
        'layer { name: "inverse" type: "Power" bottom: "data" top: "inverse" power_param { scale: -3 shift: 2 } }\n';
      const concat = 'layer { name: "cc" type: "Concat" bottom: "c1" bottom: "c1o" top: "cc" }\n';
      const apart = first + inverse + second + concat + rest.replace('bottom: "c1"', 'bottom: "cc"');
      const body = share(apart, [["bn_1", "bn_1_o"]]);
      const weights = await base.train(base.text({ body }));
      const right = { model: base.text({ body: apart }), weights: await base.train(base.text({ body: apart })) };
      return [asTrained(base, "beside", expectation("batch-norm", ["shared"]), { body, weights, right })];
    },
  },
  {
    kind: "shared: two inputs alike",
    nets: ["siamese"],
    plant: async (base) => {
      const body = share(base.body, [
        ["bn_1", "bn_1_p"],
        ["bn_2", "bn_2_p"],
      ]);
      const weights = await base.train(base.text({ body }));
      const right = { model: base.text({ body }), weights };
      return [{ ...asTrained(base, "alike", expectation("well", undefined), { body, weights, right }), isFixed: true }];
    },
  },
];

const overfitting = {
  kind: "overfitting",
  nets: own,
  plant: async (base) => {
    const count = base.name === "detector" ? 6 : 60;
    const few = chosen(
      base.trainSet,
      Array.from({ length: 320 }, (_, i) => i % count),
    );
    const train = await base.write(few);
    const weights = await base.train(base.text({ train }), { iterations: 200 });
    return [asTrained(base, `${count} images`, expectation("elsewhere", ["overfitting"]), { train, weights })];
  },
};

/** What the training saw: its own batches, normalized by themselves. */
const inTraining = (base, train, batch, weights) => ({
  model: base.text({ test: train, batch, edit: (layers) => setNorms(layers, { useGlobalStats: false }) }),
  weights,
  iterations: 100,
});

const batches = [
  {
    kind: "small batches without harm",
    nets: ["conv", "ip", "detector"],
    plant: async (base) => {
      const text = base.text({ trainBatch: 4 });
      const weights = await base.train(text, { iterations: 400, rate: base.rate / 2 });
      const right = await refreshed(base, weights);
      return [asTrained(base, "batch 4", expectation("well", undefined), { trainBatch: 4, weights, right })];
    },
  },
  {
    kind: "small batches: 2, sorted by class",
    nets: ["conv", "residual"],
    plant: async (base) => {
      // Pairs of one class each, the pairs in random order.
      const bySort = sorted(base.trainSet);
      const random = generator(base.seed + 5);
      const starts = Array.from({ length: 1000 }, (_, i) => 2 * i).filter(
        (i) => bySort.labels[i] === bySort.labels[i + 1],
      );
      for (let i = starts.length - 1; i > 0; i--) {
        const j = Math.floor(random() * (i + 1));
        [starts[i], starts[j]] = [starts[j], starts[i]];
      }
      const train = await base.write(
        chosen(
          bySort,
          starts.flatMap((i) => [i, i + 1]),
        ),
      );
      const change = { train, trainBatch: 2 };
      const weights = await base.train(base.text(change), { iterations: 800, rate: base.rate / 2 });
      const expect = expectation("batch-norm", ["small batches"]);
      return [asTrained(base, "batch 2", expect, { ...change, weights, right: inTraining(base, train, 2, weights) })];
    },
  },
  {
    kind: "small batches: 2",
    nets: ["conv", "ip", "residual"],
    plant: async (base) => {
      const change = { trainBatch: 2 };
      const weights = await base.train(base.text(change), { iterations: 800, rate: base.rate / 2 });
      const right = inTraining(base, base.trainSource, 2, weights);
      // Two values a channel leave only a sign: the net learns little, with either statistics.
      const harmless = ["well", "elsewhere", "cannot-tell"];
      // That larger batches train better shows only in another training; a note says so.
      const expect = expectation(["batch-norm", "well"], undefined, { mayShow: ["small batches"], harmless });
      return [asTrained(base, "batch 2", expect, { ...change, weights, right })];
    },
  },
  {
    kind: "small batches: 16, each of one class",
    nets: ["conv", "residual"],
    plant: async (base) => {
      const bySort = sorted(base.trainSet);
      const groups = Array.from({ length: 10 }, (_, label) =>
        bySort.labels.flatMap((each, i) => (each === label ? [i] : [])),
      );
      const order = Array.from({ length: 12 }, (_, turn) =>
        [3, 0, 8, 5, 1, 9, 4, 7, 2, 6].flatMap((label) => groups[label].slice(16 * (turn % 10), 16 * (turn % 10) + 16)),
      ).flat();
      const train = await base.write(chosen(bySort, order));
      const change = { train, trainBatch: 16 };
      const weights = await base.train(base.text(change), { iterations: 300, rate: base.rate / 2 });
      const expect = expectation("batch-norm", ["small batches"]);
      return [asTrained(base, "batch 16", expect, { ...change, weights, right: inTraining(base, train, 16, weights) })];
    },
  },
];

const untrained = {
  kind: "untrained",
  nets: own,
  plant: async (base) => {
    const quick = edited(base.text(), (layers) => fraction(layers, 0.9));
    const weights = await base.train(quick, { iterations: 80, rate: 0, policy: "fixed" });
    return [asTrained(base, "fillers", expectation("elsewhere", ["untrained"]), { weights })];
  },
};

const randomLabels = {
  kind: "untrained: trained on shuffled labels",
  nets: classifiers.filter((name) => name !== "detector"),
  plant: async (base) => {
    const train = await base.write(relabelings.shuffled(base.trainSet, base.classes, base.random("labels")));
    const weights = await base.train(base.text({ train }), { iterations: 100 });
    const expect = expectation("elsewhere", ["untrained", "labels"]);
    return [asTrained(base, "shuffled", expect, { train, weights })];
  },
};

export const training = [...slow, dropout, ...shared, overfitting, ...batches, untrained, randomLabels];

// The net is not that of the training: layers missing, other layers, other fields; weights that no file filled.
import { bare, edited, fraction, setNorms, withBlobs, withLayers } from "../base.mjs";
import { all, asDeployed, asTrained, both, classifiers, own } from "../forms.mjs";
import { expectation } from "../judge.mjs";
import { generator } from "../moka.mjs";

const without = (layers, name) => {
  const at = layers.findIndex((layer) => layer.name === name);
  layers.splice(at, 1);
};

/** What is another net than the trained one may be said even where it does no harm. */
const harmless = ["well", "elsewhere"];
const structure = expectation("elsewhere", ["structure"], { harmless });
/** A deploy net and bare weights: nothing tells what was between the layers in training. */
const structureDeployed = expectation(["elsewhere", "cannot-tell"], undefined, {
  listed: ["structure"],
  mayShow: ["structure"],
  harmless,
});

const reluMissing = {
  kind: "structure: a ReLU missing",
  nets: own,
  plant: (base) => {
    const edit = (layers) => without(layers, base.middle.relu);
    return [
      ...both(base, "ReLU", { edit }, structure, structureDeployed),
      asTrained(base, "ReLU, weights without layers", structure, { edit, weights: bare(base.weights) }),
    ];
  },
};

/** MAX for AVE or AVE for MAX, in the last Pooling. */
const otherPooling = {
  kind: "structure: other pooling",
  nets: ["conv", "residual", "siamese"],
  plant: (base) => {
    const edit = (layers) => {
      for (const { type, poolingParam } of layers)
        if (type === "Pooling") poolingParam.pool = poolingParam.pool === 0 ? 1 : 0;
    };
    return both(base, "MAX and AVE", { edit }, structure, structureDeployed);
  },
};

const addedRelu = {
  kind: "structure: a ReLU too many",
  nets: ["conv", "detector"],
  plant: (base) => {
    const { before, norm } = base.middle;
    const place = new RegExp(`(?=layer \\{ name: "${norm}")`);
    const relu = `layer { name: "more" type: "ReLU" bottom: "${before}" top: "${before}" }\n`;
    return both(base, "before BatchNorm", { body: base.body.replace(place, relu) }, structure, structureDeployed).slice(
      0,
      1,
    );
  },
};

/** A layer with the weights of the same net trained from another seed: its averages and those behind it do not fit. */
const foreign = {
  kind: "structure: foreign weights of one layer",
  nets: all,
  plant: async (base) => {
    const layer = base.middle.before;
    const weights = base.isDeployOnly ? base.foreign(layer) : await foreignWeights(base, layer);
    const listed = ["structure", "unfilled"];
    // That such a net knows no more than chance is so too, and may be said first.
    const expect = expectation("elsewhere", [...listed, "untrained"], { listed, mayShow: ["structure", "untrained"] });
    const unknown = { verdicts: ["elsewhere", "cannot-tell"], mayShow: ["structure"], listed };
    return both(base, layer, { weights }, expect, unknown);
  },
};

async function foreignWeights(base, layer) {
  const other = await base.train(base.text(), { seed: 77 });
  let taken;
  withBlobs(other, [layer], (blobs) => {
    taken = blobs;
    return blobs;
  });
  return withBlobs(base.weights, [layer, `${layer}_p`], () => taken);
}

const unfilled = expectation(["elsewhere", "batch-norm"], ["unfilled"], {
  harmless: ["well", "elsewhere", "batch-norm"],
});

const renamed = {
  kind: "unfilled: a layer by another name",
  nets: own,
  plant: (base) => {
    const { before } = base.middle;
    const edit = (layers) => {
      for (const layer of layers) if ([before, `${before}_p`].includes(layer.name)) layer.name += "_new";
    };
    return both(base, "renamed", { edit }, unfilled);
  },
};

/** The same, saved again after that, so that the file has the weights of the filler. */
const partial = {
  kind: "unfilled: random weights in the file",
  nets: own,
  plant: (base) => {
    const layer = base.middle.before;
    const random = generator(base.seed + 11);
    const weights = withBlobs(base.weights, [layer, `${layer}_p`], ([kernel, ...bias]) => [
      kernel.map(() => (random() + random() + random() - 1.5) * 2 * spread(kernel)),
      ...bias,
    ]);
    const first = ["unfilled", "structure", "untrained"];
    const expect = expectation("elsewhere", first, { mayShow: first });
    return [asTrained(base, "random", expect, { weights })];
  },
};

const spread = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

const scaleNotInFile = {
  kind: "unfilled: Scale not in the file",
  nets: all,
  plant: (base) => {
    const weights = withLayers(base.weights, (layers) => layers.filter(({ name }) => name !== base.middle.scale));
    return both(base, "missing", { weights }, unfilled);
  },
};

const normNotInFile = {
  kind: "empty: BatchNorm not in the file",
  nets: all,
  plant: (base) => {
    const weights = withLayers(base.weights, (layers) => layers.filter(({ name }) => name !== base.middle.norm));
    return both(base, "missing", { weights }, expectation("batch-norm", ["empty", "unfilled"]));
  },
};

const otherNameInTest = {
  kind: "empty: BatchNorm by another name in TEST",
  nets: own,
  plant: (base) => {
    const { norm } = base.middle;
    const [line] = base.body.match(new RegExp(`layer \\{ name: "${norm}".*\n`));
    const only = (text, phase) => text.replace(/ \}\n$/, ` include { phase: ${phase} } }\n`);
    const test = only(line.replace(`"${norm}"`, `"${norm}_test"`), "TEST");
    const body = base.body.replace(line, only(line, "TRAIN") + test);
    return [asTrained(base, "test", expectation("batch-norm", ["empty", "unfilled"]), { body })];
  },
};

const scaleNotInNet = {
  kind: "structure: Scale missing in the deploy net",
  nets: all,
  plant: (base) => {
    const edit = (layers) => without(layers, base.middle.scale);
    // The record in the weights says that it is missing; without labels nobody knows that it does no harm.
    const harmless = ["well", "elsewhere"];
    const expect = expectation(["elsewhere", "batch-norm"], ["structure"], { harmless });
    return [asDeployed(base, "no Scale", expect, { edit })];
  },
};

const zeroScale = {
  kind: "zero scale",
  nets: all,
  plant: (base) => {
    const weights = withBlobs(base.weights, [base.middle.scale], ([gamma, beta]) => [gamma.map(() => 0), beta]);
    const expect = expectation(["elsewhere", "batch-norm"], ["zero-scale"]);
    // Without labels, that it is why the net does badly remains to be seen.
    const deployed = expectation(["elsewhere", "batch-norm", "cannot-tell"], ["zero-scale"]);
    return both(base, "γ 0", { weights }, expect, deployed);
  },
};

const eps = (layers, value) => setNorms(layers, { eps: value });

/** A .caffemodel says with which eps it was trained. Without that, only a guess is left. */
const epsCases = [2, 0.01].map((value) => ({
  kind: `eps ${value}, trained with 1e-5`,
  nets: value === 2 ? all : own,
  plant: (base) => {
    const edit = (layers) => eps(layers, value);
    const expect = expectation("batch-norm", ["eps"], { harmless: ["well", "batch-norm"] });
    return [
      ...both(base, "eps", { edit }, expect),
      ...(base.isDeployOnly || value !== 2
        ? []
        : [asTrained(base, "eps, weights without layers", expect, { edit, weights: bare(base.weights) })]),
    ];
  },
}));

const epsSmall = {
  kind: "eps 1e-5, trained with 2",
  nets: own,
  plant: async (base) => {
    const right = edited(base.text(), (layers) => eps(layers, 2));
    const weights = await base.train(right);
    return [
      asTrained(base, "eps", expectation("batch-norm", ["eps"], { harmless: ["well", "batch-norm"] }), {
        weights,
        right: { model: right, weights },
      }),
    ];
  },
};

const frozen = (layers, useGlobalStats) => setNorms(layers, { useGlobalStats });

const hardCoded = [
  {
    kind: "hard-coded: averages in TRAIN, from scratch",
    nets: own,
    plant: async (base) => {
      const edit = (layers) => frozen(layers, true);
      // With empty averages the net multiplies by 1 / √eps in each layer; with eps 1 it trains as if BatchNorm were not there.
      const text = edited(base.text({ edit }), (layers) => eps(layers, 1));
      const weights = await base.train(text, { iterations: 120, rate: base.rate / 2 });
      const expect = expectation("batch-norm", ["hard-coded", "empty"]);
      return [{ ...asTrained(base, "eps 1", expect, { weights }), model: text }];
    },
  },
  {
    kind: "hard-coded: averages in TRAIN, of an older training",
    nets: ["conv", "ip", "detector"],
    plant: async (base) => {
      const edit = (layers) => frozen(layers, true);
      const start = await base.train(base.text(), { iterations: 10, seed: 50 });
      const weights = await base.train(base.text({ edit }), { weights: start, iterations: 150, rate: base.rate / 2 });
      // The net was trained with these averages: they are not wrong for it, but do not follow.
      const expect = expectation(["well", "batch-norm"], undefined, { mayShow: ["hard-coded", "stale"] });
      return [
        {
          ...asTrained(base, "frozen", expect, { edit, weights, right: { model: base.text({ edit }), weights } }),
          isFixed: true,
        },
      ];
    },
  },
  {
    kind: "hard-coded: batch statistics in TEST",
    nets: classifiers,
    plant: (base) => {
      const edit = (layers) => frozen(layers, false);
      const expect = expectation(["batch-norm", "well"], ["hard-coded"]);
      return both(base, "false", { edit }, expect).map((each) => ({ ...each, isFixed: true }));
    },
  },
];

const quickly = {
  kind: "healthy: a fraction of 0.5",
  nets: ["conv", "ip"],
  plant: async (base) => {
    const text = edited(base.text(), (layers) => fraction(layers, 0.5));
    const weights = await base.train(text);
    const right = { model: base.text(), weights };
    return [
      { ...asTrained(base, "0.5", expectation("well", undefined), { weights, right }), model: text, isFixed: true },
    ];
  },
};

const trainedEps = {
  kind: "healthy: trained with eps 2",
  nets: ["conv", "ip", "detector"],
  plant: async (base) => {
    const text = edited(base.text(), (layers) => eps(layers, 2));
    const weights = await base.train(text);
    const right = { model: text, weights };
    return [
      { ...asTrained(base, "eps 2", expectation("well", undefined), { weights, right }), model: text, isFixed: true },
    ];
  },
};

export const structures = [
  reluMissing,
  addedRelu,
  otherPooling,
  foreign,
  renamed,
  partial,
  scaleNotInFile,
  normNotInFile,
  otherNameInTest,
  scaleNotInNet,
  zeroScale,
  ...epsCases,
  epsSmall,
  ...hardCoded,
  quickly,
  trainedEps,
];

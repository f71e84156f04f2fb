// The data are not those of the training, or too few; and nets that nothing is wrong with.
import { bare, withBlobs } from "../base.mjs";
import { domains, makers, relabelings, swappedChannels } from "../data.mjs";
import { all, asDeployed, asTrained, classifiers, own } from "../forms.mjs";
import { expectation } from "../judge.mjs";

/** Whether the averages, or the data, are to be others is a matter of words where the data differ. */
const either = ["elsewhere", "batch-norm"];

/** Images of a deploy net, transformed otherwise. */
const otherInputs = [
  { title: "× 255", change: ({ scale, means }) => ({ scale: scale * 255, means: means.map((mean) => mean / 255) }) },
  { title: "÷ 256", change: ({ scale, means }) => ({ scale: scale / 256, means }) },
  {
    title: "not centered, or by another mean",
    change: ({ scale, means }) => ({ scale, means: means.map((mean) => (mean === 0 ? 120 : 0)) }),
  },
];

const inputs = otherInputs.map(({ title, change }) => ({
  kind: `input: ${title}`,
  nets: all,
  plant: async (base) => {
    const transform = change(base.transform);
    const deployed = asDeployed(
      base,
      title,
      expectation([...either, "cannot-tell"], undefined, { listed: ["input"], mayShow: ["input"] }),
      { images: base.images(undefined, base.testSet, transform) },
    );
    if (base.isDeployOnly) return [deployed];
    const test = base.isArrays ? await base.write(base.testSet, transform) : undefined;
    return [asTrained(base, title, expectation(either, ["input"]), { transform, ...(test && { test }) }), deployed];
  },
}));

const channels = {
  kind: "input: RGB for BGR",
  nets: ["residual", "real"],
  plant: async (base) => {
    const set = swappedChannels(base.testSet);
    // In real pictures the channels are so alike that the averages may fit as well.
    const deployed = base.isDeployOnly
      ? expectation([...either, "cannot-tell", "well"], undefined, { mayShow: ["input"] })
      : expectation([...either, "cannot-tell"], undefined, { listed: ["input"], mayShow: ["input"] });
    return [
      ...(base.isDeployOnly
        ? []
        : [asTrained(base, "channels", expectation(either, ["input"]), { test: await base.write(set) })]),
      asDeployed(base, "channels", deployed, { images: base.images(undefined, set) }),
    ];
  },
};

const elsewhere = Object.entries(domains).map(([title, change]) => ({
  kind: `other data: ${title}`,
  nets: own,
  plant: async (base) => {
    const set = change(base.testSet, base.random(title));
    // Inverted is a transformation of values. Rotated images have the same statistics: nothing tells them from harder ones.
    const too = { inverted: ["input"], rotated: ["overfitting", "labels"] }[title] ?? [];
    const mayShow = ["other data", ...(title === "inverted" ? ["input"] : [])];
    const expect = expectation(either, ["other data", ...too], { mayShow });
    const listed = [...mayShow, ...too];
    // Without labels, "well" says of other data that the averages fit them, which may be so.
    const deployed = expectation([...either, "cannot-tell", "well"], undefined, {
      mayShow,
      ...(title !== "rotated" && { listed }),
    });
    return [
      asTrained(base, title, expect, { test: await base.write(set) }),
      asDeployed(base, title, deployed, { images: base.images(undefined, set) }),
    ];
  },
}));

const otherColors = {
  kind: "other data: pictures of other colors",
  nets: ["real"],
  plant: (base) => {
    const expect = expectation([...either, "cannot-tell", "well"], undefined, { mayShow: ["other data"] });
    return [asDeployed(base, "as found", expect, { images: base.images(undefined, base.asFound) })];
  },
};

const labels = Object.entries(relabelings).map(([title, change]) => ({
  kind: `labels: ${title}`,
  nets: title === "permuted" ? classifiers : own,
  plant: async (base) => {
    const set = change(base.testSet, base.classes, base.random(title));
    // The loss of a siamese net alone cannot tell wrong labels from overfitting.
    const expect =
      base.data === "pairs"
        ? expectation("elsewhere", undefined, { listed: ["labels"], mayShow: ["labels"] })
        : expectation("elsewhere", ["labels"]);
    return [asTrained(base, title, expect, { test: await base.write(set) })];
  },
}));

const well = expectation("well", undefined);

const healthy = {
  kind: "healthy",
  nets: all,
  plant: async (base) => {
    // The pictures are not those the real model was trained for: how near they are is not known.
    const deployed = base.isDeployOnly ? expectation(["well", "cannot-tell"], undefined) : well;
    const cases = [asDeployed(base, "its images", deployed, {})];
    if (!base.isDeployOnly) {
      const fresh = makers[base.data](500, 300 + base.seed);
      cases.push(
        asTrained(base, "its data", well, {}),
        { ...asTrained(base, "data of TRAIN", well, {}), options: { phase: "TRAIN" } },
        asTrained(base, "other images of the same kind", well, { test: await base.write(fresh) }),
        asTrained(base, "weights without layers", well, { weights: bare(base.weights) }),
        asTrained(base, "factor of 1", well, {
          weights: withBlobs(base.weights, base.norms, ([mean, variance, [factor]]) => [
            mean.map((value) => value / factor),
            variance.map((value) => value / factor),
            [1],
          ]),
        }),
      );
    }
    // The batch of the caller says nothing of the training.
    const one = asDeployed(base, "images one by one", deployed, {});
    const images = base.images(100);
    cases.push({ ...one, options: { data: images, batch: 1 }, right: { ...one.right, data: images } });
    return cases.map((each) => ({ ...each, isFixed: true }));
  },
};

const few = [1, 4].map((count) => ({
  kind: `too few: ${count === 1 ? "one image" : `${count} images`}`,
  nets: all,
  plant: (base) => {
    const images = base.images(count);
    const expect =
      count === 1
        ? expectation("cannot-tell", ["too few"])
        : expectation(["cannot-tell", "well"], undefined, { mayShow: ["too few"] });
    return [{ ...asDeployed(base, `${count}`, expect, { images, right: { data: images } }), isFixed: true }];
  },
}));

/** What needs no images to be seen is seen with one. */
const fewButClear = {
  kind: "one image, empty averages",
  nets: ["conv", "residual", "real"],
  plant: (base) => {
    const weights = withBlobs(base.weights, base.norms, ([mean, variance]) => [
      mean.map(() => 0),
      variance.map(() => 0),
      [0],
    ]);
    const images = base.images(1);
    const expect = expectation("batch-norm", ["empty"], { mayShow: ["empty", "too few"] });
    return [{ ...asDeployed(base, "1", expect, { weights, images, right: { data: images } }), isFixed: true }];
  },
};

export const data = [healthy, ...inputs, channels, ...elsewhere, otherColors, ...labels, ...few, fewButClear];

import { create } from "@bufbuild/protobuf";
import { afterEach, describe, expect, test } from "vitest";
import { localRanks } from "../../test/local-ranks.js";
import { createFiles, lintTraining, MokaError, Solver, type SolverOptions } from "../index.js";
import { makeBlob } from "../proto/binary/blob.js";
import { LayerParameterSchema, type NetParameter, NetParameterSchema } from "../proto/gen/caffe_pb.js";

/** Two BatchNorms one behind the other: their places are in the lines 4 and 6. */
const net = ({
  bn = "",
  loss = "",
} = {}) => `layer { name: "data" type: "DummyData" top: "x" top: "t" dummy_data_param {
  shape { dim: 8 dim: 3 } shape { dim: 8 } data_filler { type: "gaussian" } data_filler { value: 1 } } }
layer { name: "fc1" type: "InnerProduct" bottom: "x" top: "h" inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
layer { name: "bn1" type: "BatchNorm" bottom: "h" top: "h" batch_norm_param { ${bn} } }
layer { name: "fc2" type: "InnerProduct" bottom: "h" top: "y" inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
layer { name: "bn2" type: "BatchNorm" bottom: "y" top: "y" batch_norm_param { ${bn} } }
layer { name: "fc3" type: "InnerProduct" bottom: "y" top: "z" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "z" bottom: "t" top: "loss" ${loss} }
`;
const frozen = "use_global_stats: true";
/** Weight decay times this rate makes all weights 1e30 times as large in every update. */
const diverging = "base_lr: 1e30 weight_decay: 1";

const solvers: Solver[] = [];
afterEach(async () => {
  for (const solver of solvers.splice(0)) await solver.dispose();
});

interface Training extends SolverOptions {
  readonly fields?: string;
  readonly text?: string;
  /** The number of iterations of each call. */
  readonly size?: number;
  readonly policy?: string;
}

/** Trains, and returns the solver, what it logs, and the error that ends it. */
async function train({ fields = "", text = net(), size = 60, policy = '"fixed"', ...options }: Training) {
  const solver = `net: "net.prototxt" lr_policy: ${policy} max_iter: 60 random_seed: 1 snapshot_after_train: false\n${fields}\n`;
  const files = createFiles({ "net.prototxt": text, "solver.prototxt": solver });
  const warnings: string[] = [];
  const log: SolverOptions["log"] = (severity, _, line) => void (severity === "info" || warnings.push(line));
  const trained = await Solver.load("solver.prototxt", {
    engine: "reference",
    files,
    log,
    lint: lintTraining,
    ...options,
  });
  solvers.push(trained);
  const atStart = warnings.length;
  const error: unknown = await stepped(trained, size).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, message: error instanceof MokaError ? error.reason : "", warnings, atStart };
}

async function stepped(solver: Solver, size: number): Promise<void> {
  while (solver.iter < 60) await solver.step(size);
}

/** A BatchNorm's blobs for both layers. */
function averages(variance: number, factor: number): NetParameter {
  const layer = ["bn1", "bn2"].map((name) => {
    const blobs = [0, variance, factor].map((value, i) => {
      const data = new Float32Array(i === 2 ? 1 : 4).fill(value);
      return makeBlob([data.length], { data });
    });
    return create(LayerParameterSchema, { name, type: "BatchNorm", blobs });
  });
  return create(NetParameterSchema, { layer });
}

describe("the error of a loss that is no number names", () => {
  test("BatchNorm by averages that are empty, with the place in the net's file", async () => {
    const { error, message } = await train({ text: net({ bn: frozen }), fields: "base_lr: 1" });
    expect(error).toMatchObject({
      code: "MOKA_NAN",
      findings: [
        { rule: "global-stats-in-train", severity: "error", file: "net.prototxt", line: 4 },
        { rule: "global-stats-in-train", line: 6, why: expect.stringContaining("316.2") },
      ],
    });
    expect(message).toMatch(
      /what lint finds is the most likely cause: net\.prototxt:4:\d+: layer "bn1" \(BatchNorm\) normalizes by .* \[global-stats-in-train\]\. moka lint solver\.prototxt shows all/,
    );
    expect(message).not.toMatch(/may help/);
  });

  test.each([
    ["base_lr: -5", /solver\.prototxt:2:1: base_lr is -5: .* \[solver-parameters\]/],
    ["base_lr: 1 momentum: 20", /solver\.prototxt:2:12: momentum is 20: .* \[solver-parameters\]/],
    ["base_lr: 1 weight_decay: -100", /solver\.prototxt:2:12: weight_decay is -100: .* \[solver-parameters\]/],
  ])("%s", async (fields, cause) => {
    expect((await train({ fields, text: net().replace(/.*BatchNorm.*\n/g, "") })).message).toMatch(cause);
  });

  test("a loss that is made larger", async () => {
    const text = net({ loss: "loss_weight: -1e6" }).replace(/.*BatchNorm.*\n/g, "");
    expect((await train({ text, fields: "base_lr: 10" })).message).toMatch(/\[negative-loss-weight\]/);
  });

  test("a variance below 0, of averages that training goes by", async () => {
    const weights = averages(-5, 1);
    const { message } = await train({ text: net({ bn: frozen }), fields: "base_lr: 0.1", weights });
    expect(message).toMatch(/in iteration 0 .*variance below 0 .* \[bn-negative-variance\]/);
  });

  test("the net as it was when it was read", async () => {
    const files = createFiles({
      "net.prototxt": net({ bn: frozen }),
      "solver.prototxt": 'net: "net.prototxt" lr_policy: "fixed" base_lr: 1 max_iter: 60 snapshot_after_train: false',
    });
    const solver = await Solver.load("solver.prototxt", { engine: "reference", seed: 1, files, lint: lintTraining });
    solvers.push(solver);
    await files.write("net.prototxt", new TextEncoder().encode(`\n\n${net()}`));
    await expect(solver.solve()).rejects.toMatchObject({ findings: [{ line: 4 }, { line: 6 }] });
  });
});

describe("it names no cause that is none", () => {
  test.each([
    ["averages that weights bring", { bn: frozen }, { weights: averages(1, 1) }],
    ["an eps of 1, with which nothing grows", { bn: `${frozen} eps: 1` }, {}],
    ["a variance below 0 that training does not read", {}, { weights: averages(-5, 1) }],
  ] as const)("%s", async (_, options, more) => {
    const { error, message } = await train({ text: net(options), fields: diverging, ...more });
    expect(error).toMatchObject({ code: "MOKA_NAN", findings: [] });
    expect(message).toMatch(
      /lint knows no cause in solver, net and weights; a lower base_lr, or clip_gradients, may help$/,
    );
  });

  test.each([
    ["a rate that has not grown yet", `${diverging} gamma: 2 stepsize: 100`, '"step"', net()],
    [
      "what updates do, before the first one",
      "base_lr: -1 momentum: 2 weight_decay: -1",
      '"fixed"',
      net()
        .replace('data_filler { type: "gaussian" }', "data_filler { value: 1e30 }")
        .replace('weight_filler { type: "xavier" }', "weight_filler { value: 1e30 }")
        .replace(/.*BatchNorm.*\n/g, ""),
    ],
  ])("%s", async (_, fields, policy, text) => {
    const { error, message } = await train({ text, fields, policy });
    expect(error).toMatchObject({ code: "MOKA_NAN", findings: [] });
    expect(message).toMatch(/lint knows no cause|no update was made before it/);
  });

  test("without lint it says how to ask it", async () => {
    const { error, message } = await train({ text: net({ bn: frozen }), fields: "base_lr: 1", lint: undefined });
    expect(error).toMatchObject({ findings: [] });
    expect(message).toMatch(/may help; so may what moka lint solver\.prototxt finds$/);
  });
});

test("what lint cannot do is said, and hides no error", async () => {
  const lint = () => Promise.reject(new Error("no memory"));
  const { error, warnings, message } = await train({ fields: diverging, lint });
  expect(error).toMatchObject({ code: "MOKA_NAN" });
  expect(warnings).toContain("lint could not look at this training: no memory");
  expect(message).toContain("may help");
});

test("a training on several ranks is looked at with their number", async () => {
  const text = `layer { name: "data" type: "DummyData" top: "x" dummy_data_param { shape { dim: 1 dim: 3 } } }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "h" inner_product_param { num_output: 4 } }
layer { name: "bn" type: "BatchNorm" bottom: "h" top: "y" }
layer { name: "loss" type: "Reduction" bottom: "y" top: "loss" loss_weight: 1 }`;
  const warningsOf = async (syncBatchNorm: boolean) => {
    const trained = localRanks(2).map((communicator) =>
      train({ text, size: 60, fields: "base_lr: 0", communicator, syncBatchNorm }),
    );
    return (await Promise.all(trained))[0]?.warnings.filter((line) => line.startsWith("lint finds"));
  };
  expect(await warningsOf(false)).toEqual([
    expect.stringMatching(/on each of 2 ranks, .* m = 1 value.*moka lint solver\.prototxt --ranks 2 shows all/),
  ]);
  expect(await warningsOf(true)).toEqual([]);
});

test("errors are logged before the training starts, others are not", async () => {
  const bad = await train({ text: net({ bn: frozen }), fields: "base_lr: 1e-7" });
  expect([bad.error, bad.atStart]).toEqual([undefined, 1]);
  expect(bad.warnings[0]).toMatch(
    /^lint finds 2 errors, one of them at net\.prototxt:4:\d+: layer "bn1" .* \[global-stats-in-train\]\. moka lint solver\.prototxt shows all/,
  );
  // Empty averages are no error where TRAIN fills them, nor are those that weights bring.
  const good = { fields: "base_lr: 1e-7 test_iter: 1 test_interval: 100" };
  expect((await train(good)).warnings).toEqual([]);
  expect((await train({ ...good, weights: averages(0, 0) })).warnings).toEqual([]);
  expect((await train({ ...good, text: net({ bn: frozen }), weights: averages(1, 1) })).warnings).toEqual([]);
});

test.each([60, 1])("a loss that sticks at its highest is told once, with its cause, in steps of %d", async (size) => {
  const text = net().replace(/.*BatchNorm.*\n/g, "");
  const { warnings } = await train({ text, fields: "base_lr: -1e3 clip_gradients: 1", size });
  const told = warnings.filter((line) => line.includes("near its highest value"));
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^"loss" has been near its highest value, 87\.3365, for 20 iterations.*base_lr is -1000/);
});

test.each([
  ["the batch", "normalization: NONE", "dim: 100 dim: 3 dim: 1 dim: 1", "dim: 100"],
  ["the places of an image", "normalize: false", "dim: 2 dim: 3 dim: 10 dim: 10", "dim: 2 dim: 10 dim: 10"],
])("a loss that is a sum over %s is held against the highest of the sum", async (_, normalization, x, t) => {
  const text = net({ loss: `loss_param { ${normalization} }` })
    .replace("dim: 8 dim: 3", x)
    .replace("dim: 8 ", `${t} `)
    .replaceAll(/.*BatchNorm.*\n/g, "")
    .replaceAll('"InnerProduct"', '"Convolution"')
    .replaceAll("inner_product_param {", "convolution_param { kernel_size: 1");
  const highestIn = async (fields: string) => {
    const { warnings } = await train({ text, fields });
    return warnings.flatMap((line) => /near its highest value, ([\d.]+),/.exec(line)?.[1] ?? []);
  };
  // Each sum has 100 predictions, or 100 for each image, and is more than 43 at the beginning.
  expect(await highestIn("base_lr: 0")).toEqual([]);
  expect(await highestIn("base_lr: -1e3 clip_gradients: 1")).toEqual(["8733.65"]);
});

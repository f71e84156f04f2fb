// What the pages and the rules say of nets whose phases, or whose weights, have other layers, each with a run that holds it.
import { create } from "@bufbuild/protobuf";
import { expect } from "vitest";
import { Solver } from "../../src/index.js";
import { NetParameterSchema } from "../../src/proto/gen/caffe_pb.js";
import { layerNet, runLayer } from "../layers.js";
import { weightsOf } from "../lint-weights.js";
import { type Claims, near } from "./claims.js";

/** A solver for a net of these layers from x to y, with a loss on y. */
function solverOf(layers: string): Promise<Solver> {
  const net = `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 4 dim: 2 } shape { dim: 4 dim: 2 }
      data_filler { type: "gaussian" mean: 3 } data_filler { type: "constant" } } }
    layer { name: "ip" type: "InnerProduct" bottom: "x" top: "h" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
    ${layers}
    layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }`;
  return Solver.load(
    `net_param { ${net} } base_lr: 0.1 lr_policy: "fixed" max_iter: 9 test_iter: 1 test_interval: 1 random_seed: 1 snapshot_after_train: false`,
    { engine: "reference" },
  );
}

async function staysEmpty(): Promise<void> {
  const pair = (phase: string, name: string) =>
    `layer { name: "bn${name}" type: "BatchNorm" bottom: "h" top: "n" include { phase: ${phase} } }
     layer { name: "s${name}" type: "Scale" bottom: "n" top: "y" include { phase: ${phase} } scale_param { bias_term: true } }`;
  const solver = await solverOf(pair("TRAIN", "") + pair("TEST", "_test"));
  await solver.step(3);
  const [tested] = solver.testNets;
  const valuesOf = (name: string) => tested?.params.get(name)?.map(({ data }) => [...data]);
  expect(valuesOf("bn_test")).toEqual([[0, 0], [0, 0], [0]]);
  expect(valuesOf("s_test")).toEqual([
    [1, 1],
    [0, 0],
  ]);
  expect(valuesOf("ip")).toEqual(solver.net.params.get("ip")?.map(({ data }) => [...data]));
  const [h, n] = ["h", "n"].map((name) => [...(tested?.blobs.get(name)?.data ?? [])]);
  for (const [i, value] of (n ?? []).entries()) near(value, (h?.[i] ?? Number.NaN) * 316.2278, 1e-5);
  await solver.dispose();

  const layer = (phase: string, name: string) =>
    `layer { name: "${name}" type: "InnerProduct" bottom: "h" top: "y" include { phase: ${phase} }
       inner_product_param { num_output: 2 weight_filler { value: 0.25 } } }`;
  const other = await solverOf(layer("TRAIN", "b") + layer("TEST", "b_test"));
  await other.step(3);
  expect([...(other.testNets[0]?.params.get("b_test")?.[0]?.data ?? [])]).toEqual([0.25, 0.25, 0.25, 0.25]);
  await other.dispose();
}

async function needsEqualShapes(): Promise<void> {
  const scale = (phase: string, fields: string) =>
    `layer { name: "s" type: "Scale" bottom: "h" top: "y" include { phase: ${phase} } scale_param { ${fields} } }`;
  for (const fields of ["", "bias_term: true num_axes: 0", "bias_term: true axis: 0"]) {
    const solver = solverOf(scale("TRAIN", "bias_term: true") + scale("TEST", fields));
    await expect(solver).rejects.toThrow(/layer "s"/);
  }
}

const bn = (fields: string) =>
  `layer { name: "layer" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { ${fields} } }`;
const x = { shape: [2, 1], data: [1, 3] };

async function changesByEps(): Promise<void> {
  const [mean, variance, factor] = [[2], [4], [2]];
  const out = async (eps: number, phase: "TRAIN" | "TEST") =>
    (await runLayer(bn(`eps: ${eps}`), { x }, [mean, variance, factor], phase))["y"]?.data[1] ?? Number.NaN;
  for (const [a, b] of [
    [1e-5, 0.3],
    [0.3, 1e-5],
    [1e-5, 0.01],
  ] as const)
    near((await out(b, "TEST")) / (await out(a, "TEST")), Math.sqrt((2 + a) / (2 + b)), 1e-5);
  near(await out(0.3, "TRAIN"), 1 / Math.sqrt(1.3), 1e-5);
}

async function readsTheFractionToMove(): Promise<void> {
  const after = async (phase: "TRAIN" | "TEST", fields: string) => {
    const net = await layerNet(bn(fields), { x: [2, 1] }, { phase });
    net.params.get("layer")?.[2]?.data.fill(1);
    await net.forward({ x: x.data });
    const s = net.params.get("layer")?.[2]?.data[0] ?? Number.NaN;
    await net.dispose();
    return s;
  };
  for (const f of [0.5, 0.9]) {
    expect(await after("TEST", `moving_average_fraction: ${f}`)).toBe(1);
    near(await after("TRAIN", `moving_average_fraction: ${f}`), f + 1, 1e-6);
    near(await after("TEST", `use_global_stats: false moving_average_fraction: ${f}`), f + 1, 1e-6);
  }
}

async function keepsTheLater(): Promise<void> {
  const names = ["m", "v", "s"].map((name) => `param { name: "${name}" lr_mult: 0 }`).join(" ");
  const layer = (name: string) => `layer { name: "${name}" type: "BatchNorm" bottom: "x" top: "y${name}" ${names} }`;
  const net = await layerNet(layer("a") + layer("b"), { x: [2, 1] }, { phase: "TEST" });
  net.copyTrainedLayers(weightsOf({ a: [[1], [2], [3]], b: [[4], [5], [6]] }), "weights");
  for (const name of ["a", "b"]) expect(net.params.get(name)?.map(({ data }) => data[0])).toEqual([4, 5, 6]);
  await net.dispose();
}

async function drawsAgain(): Promise<void> {
  const weights = async (type: string, seed: number) => {
    const text = `layer { name: "layer" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 weight_filler { ${type} } } }`;
    const net = await layerNet(text, { x: [1, 2] }, { seed });
    net.copyTrainedLayers(create(NetParameterSchema), "weights");
    const values = [...(net.params.get("layer")?.[0]?.data ?? [])];
    await net.dispose();
    return values;
  };
  expect(await weights('type: "xavier"', 1)).not.toEqual(await weights('type: "xavier"', 2));
  expect(await weights('type: "xavier"', 1)).toEqual(await weights('type: "xavier"', 1));
  expect(await weights("value: 2", 1)).toEqual(await weights("value: 2", 2));
}

export const phaseClaims: readonly Claims[] = [
  {
    held: "a training whose test net has other names",
    by: staysEmpty,
    claims: {
      "docs/lint/bn-names-differ.md": [
        "Parameters go from the training net to the test net, and from a caffemodel into a net, by the names of layers.",
        "keeps a mean, a variance and a factor of 0: in TEST it is x/√eps, 316·x for the default eps.",
        "A Scale keeps what it is filled with, 1 and 0.",
      ],
      "docs/lint/phase-names-differ.md": ["One whose name is not there computes with what its filler drew"],
      "docs/lint/bn-one-phase.md": [
        "nothing gathers its averages. They count as 0, and it multiplies by 1/√eps, 316 for the default eps",
      ],
      "bn-names-differ": [
        'A test net gets its parameters from the training net by the names of layers, so "q" gets nothing of "p".',
        "Its averages and its factor stay 0: in TEST y is x/√eps, here 316.2·x, and nothing is normalized.",
      ],
      "bn-names-differ scale": ["Its γ and β stay as they are filled, 1 and 0 if no filler is given"],
      "phase-names-differ": ["so it computes with what its filler made"],
    },
  },
  {
    held: "solvers that are refused",
    by: needsEqualShapes,
    claims: {
      "docs/lint/bn-phases-differ.md": [
        "A Scale takes its γ and β by its name. If their number or shape is another, it cannot.",
        "Moka compares before it starts.",
      ],
      "bn-phases-differ": ["and they differ in number.", "and Moka does not start."],
    },
  },
  {
    held: "outputs with another eps",
    by: changesByEps,
    claims: {
      "docs/lint/bn-phases-differ.md": [
        "TRAIN divides by √(v + eps). With another eps, TEST makes √((v + eps of TRAIN)/(v + eps of TEST)) times what the layers behind have learned from, least where the variance v is large.",
      ],
      "docs/lint/bn-eps.md": ["BatchNorm divides by √(variance + eps)."],
      "bn-phases-differ eps": [
        "In TEST it makes √((v + 1e-05)/(v + 0.3)) times that: 0.8771 times for a variance v of 1",
      ],
    },
  },
  {
    held: "the factor after a forward",
    by: readsTheFractionToMove,
    claims: {
      "docs/lint/bn-phases-differ.md": [
        "TEST does not read it; warning where TEST goes by the batch, and moves the averages",
        "The averages move where a layer goes by the batch, in TRAIN. With `use_global_stats: false` in TEST each test moves them too.",
      ],
    },
  },
  {
    held: "a net that loads both",
    by: keepsTheLater,
    claims: {
      "docs/lint/bn-phases-differ.md": ["A net for TEST that loads it keeps the later one for both."],
      "bn-phases-differ shared": ["A net for TEST that loads it keeps one set for both layers, that of the later one."],
    },
  },
  {
    held: "layers that weights leave out",
    by: drawsAgain,
    claims: {
      "docs/lint/missing-weights.md": [
        "With a random filler and no seed, the net may give another answer at every run.",
      ],
      "missing-weights": ["This one stays as its filler made it, which may differ from run to run."],
    },
  },
];

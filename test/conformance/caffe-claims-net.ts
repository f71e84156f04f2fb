// What the pages and the rules say of Caffe's other layers and of nets, each with a run that holds it.
import { expect } from "vitest";
import { Solver } from "../../src/index.js";
import { moka } from "../cli.js";
import { layerNet, runLayer } from "../layers.js";
import { weightsOf } from "../lint-weights.js";
import { digitsFolder, normNet } from "../norm-nets.js";
import type { Claims } from "./claims.js";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

const lossOf = async (scores: readonly (readonly number[])[], labels: readonly number[]) => {
  const x = { shape: [scores.length, scores[0]?.length ?? 0], data: scores.flat() };
  const layer = 'layer { name: "layer" type: "SoftmaxWithLoss" bottom: "x" bottom: "t" top: "y" }';
  return (await runLayer(layer, { x, t: { shape: [labels.length], data: labels } }))["y"]?.data[0] ?? nan;
};

async function costsFltMin(): Promise<void> {
  expect(-Math.log(2 ** -126)).toBeCloseTo(87.3365, 4);
  expect(await lossOf([[1000, 0]], [1])).toBeCloseTo(87.3365, 4);
  // The scores say class 0 of ten classes that are there equally often.
  const certain = Array.from({ length: 10 }, () => [1000, ...Array<number>(9).fill(0)]);
  expect(await lossOf(certain, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])).toBeCloseTo(78.6029, 4);
  expect(await lossOf([[infinity, 0]], [0])).toBeNaN();
}

async function overflows(): Promise<void> {
  const layers = (count: number) =>
    Array.from({ length: count }, (_, i) => {
      return `layer { name: "bn${i}" type: "BatchNorm" bottom: "${i ? "y" : "x"}" top: "y" batch_norm_param { use_global_stats: true } }`;
    }).join("\n");
  const x = { shape: [1, 1], data: [1] };
  expect((await runLayer(layers(15), { x }))["y"]?.data[0]).toBeLessThan(infinity);
  expect((await runLayer(layers(16), { x }))["y"]?.data).toEqual([infinity]);
}

async function endsInNaNOrDead(): Promise<void> {
  const digits = await digitsFolder(320, 100);
  const run = async (rate: string) => {
    const solver = await Solver.load(
      `net_param { ${normNet(digits.path, { norm: "use_global_stats: true" })} } ${rate} momentum: 0.9 weight_decay: 0.0005
       lr_policy: "fixed" max_iter: 60 random_seed: 7 snapshot_after_train: false`,
      { engine: "wasm", threads: 1 },
    );
    try {
      await solver.step(60);
      return solver.net.blobs.get("loss")?.data[0] ?? nan;
    } catch (error) {
      expect((error as Error).message).toContain("the loss became NaN");
      return nan;
    } finally {
      await solver.dispose();
    }
  };
  expect(await run("base_lr: 0.01")).toBeNaN();
  // Dead: no better than a guess.
  expect(await run("base_lr: 0.01 clip_gradients: 1")).toBeGreaterThan(Math.log(10) - 0.1);
  expect(await run("base_lr: 0.0000001")).toBeGreaterThan(Math.log(10) - 0.1);
  digits.remove();
}

async function takesTheSoftmaxTwice(): Promise<void> {
  const softmax = (scores: readonly number[]) => {
    const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
    return scores.map((score) => Math.exp(score) / sum);
  };
  const right = [1, ...Array<number>(999).fill(0)];
  expect(await lossOf([Array<number>(1000).fill(0.001)], [0])).toBeCloseTo(6.908, 3);
  expect(await lossOf([right], [0])).toBeCloseTo(5.909, 3);
  expect(softmax(right)[0]).toBeCloseTo(0.0027, 4);
}

async function fillsParameters(): Promise<void> {
  const param = async (layer: string, index = 0) => {
    const net = await layerNet(layer, { x: [1, 2, 3] });
    const values = [...(net.params.get("layer")?.[index]?.data ?? [])];
    await net.dispose();
    return values;
  };
  const scale = 'layer { name: "layer" type: "Scale" bottom: "x" top: "y" scale_param { bias_term: true } }';
  expect([await param(scale), await param(scale, 1)]).toEqual([
    [1, 1],
    [0, 0],
  ]);
  expect(await param('layer { name: "layer" type: "PReLU" bottom: "x" top: "y" }')).toEqual([0.25, 0.25]);
  const layer =
    'layer { name: "layer" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 } }';
  expect(await param(layer)).toEqual(Array(6).fill(0));
  const noBias = 'layer { name: "layer" type: "Scale" bottom: "x" top: "y" }';
  expect(await param(noBias, 1)).toEqual([]);
}

async function scalesInTrainOnly(): Promise<void> {
  const x = { shape: [1, 4000], data: Array<number>(4000).fill(1) };
  const layer = 'layer { name: "layer" type: "Dropout" bottom: "x" top: "y" }';
  const train = (await runLayer(layer, { x }))["y"]?.data ?? [];
  expect(new Set(train)).toEqual(new Set([0, 2]));
  expect((await runLayer(layer, { x }, [], "TEST"))["y"]?.data).toEqual(x.data);
}

async function poolsUp(): Promise<void> {
  const shape = async (layer: string) => {
    return (
      await runLayer(`layer { name: "layer" bottom: "x" top: "y" ${layer} }`, {
        x: { shape: [1, 1, 6, 6], data: Array(36).fill(0) },
      })
    )["y"]?.shape;
  };
  expect(await shape('type: "Pooling" pooling_param { kernel_size: 3 stride: 2 }')).toEqual([1, 1, 3, 3]);
  expect(await shape('type: "Convolution" convolution_param { num_output: 1 kernel_size: 3 stride: 2 }')).toEqual([
    1, 1, 2, 2,
  ]);
}

async function passesEverywhere(): Promise<void> {
  const layer = (type: string) => `layer { name: "p" type: "Power" bottom: "x" top: "a" power_param { scale: 1 } }
    layer { name: "layer" bottom: "a" top: "a" ${type} }
    layer { name: "loss" type: "EuclideanLoss" bottom: "a" bottom: "t" top: "loss" }`;
  const net = await layerNet(
    layer('type: "Clip" clip_param { min: 0 max: 1 }'),
    { x: [1, 2], t: [1, 2] },
    { header: "force_backward: true" },
  );
  await net.forward({ x: [5, 0.5], t: [0, 0] });
  await net.backward();
  expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual([1, 0.5]);
  await net.dispose();
}

async function loadsIntoTheFirst(): Promise<void> {
  const layer = (bottom: string, top: string) =>
    `layer { name: "layer" type: "InnerProduct" bottom: "${bottom}" top: "${top}" inner_product_param { num_output: 2 bias_term: false } }`;
  const net = await layerNet(layer("x", "a") + layer("a", "b"), { x: [1, 2] });
  const both = weightsOf({ layer: [{ shape: [2, 2], data: [1, 1, 1, 1] }] });
  both.layer.push(...weightsOf({ layer: [{ shape: [2, 2], data: [2, 2, 2, 2] }] }).layer);
  net.copyTrainedLayers(both, "weights");
  await net.forward({ x: [1, 1] });
  expect([...(net.blobs.get("a")?.data ?? [])]).toEqual([4, 4]);
  expect([...(net.blobs.get("b")?.data ?? [])]).toEqual([0, 0]);
  await net.dispose();
}

async function hasNoGradient(): Promise<void> {
  const layer = (bottom: string, top: string, filler = "") =>
    `layer { name: "${top}" type: "InnerProduct" bottom: "${bottom}" top: "${top}" inner_product_param { num_output: 2 ${filler} } }`;
  const loss = 'layer { name: "loss" type: "EuclideanLoss" bottom: "c" bottom: "t" top: "loss" }';
  const xavier = 'weight_filler { type: "xavier" }';
  const net = await layerNet(layer("x", "a", xavier) + layer("a", "b") + layer("b", "c") + loss, {
    x: [1, 2],
    t: [1, 2],
  });
  await net.forward({ x: [1, 2], t: [3, 4] });
  await net.backward();
  const sizeOf = (name: string, index: number) => Math.hypot(...(net.params.get(name)?.[index]?.diff ?? [1]));
  // The weights of all, also of the layer before; of the biases only that of the last one learns.
  for (const name of ["a", "b", "c"]) expect(sizeOf(name, 0), name).toBe(0);
  expect([sizeOf("a", 1), sizeOf("b", 1), sizeOf("c", 1) > 0]).toEqual([0, 0, true]);
  net.params.get("b")?.[1]?.data.fill(1);
  await net.forward({ x: [1, 2], t: [3, 4] });
  await net.backward();
  expect(sizeOf("c", 0)).toBeGreaterThan(0);
  await net.dispose();
}

async function takesThatManySteps(): Promise<void> {
  const { out } = await moka("explain", "bench/nets/resnet20_b64.prototxt", "--phase", "TEST");
  const [, steps, read, written] = /^total +(\d+) steps +([\d.]+) MiB ([\d.]+) MiB/m.exec(out) ?? [];
  expect([Number(steps), Math.round(Number(read) + Number(written))]).toEqual([78, 166]);
}

export const netClaims: readonly Claims[] = [
  {
    held: "losses of such scores",
    by: costsFltMin,
    claims: {
      "docs/lint/global-stats-in-train.md": [
        "each image of another class costs 87.3365, the −ln of FLT_MIN, which is the least probability that the loss takes: with ten classes alike the loss is 78.6029.",
      ],
      "global-stats-in-train": [
        "a softmax is certain of one class, and each image of another costs 87.3365, the −ln of FLT_MIN.",
      ],
      "global-stats-in-train many": ["they overflow, and a softmax loss is NaN"],
      "README.md": ["each image of another costs 87.3365, the −ln of FLT_MIN."],
      "docs/lint.md": ["each image of another costs 87.3365, the −ln of FLT_MIN."],
    },
  },
  {
    held: "sixteen layers",
    by: overflows,
    claims: { "docs/lint/global-stats-in-train.md": ["Sixteen such layers in a row overflow single precision."] },
  },
  {
    held: "trainings with use_global_stats: true",
    by: endsInNaNOrDead,
    claims: {
      "docs/lint/global-stats-in-train.md": [
        "Training from there ends in NaN; with a much lower `base_lr`, or with `clip_gradients`, it ends in a dead net, whose loss stays at the logarithm of the number of classes.",
      ],
    },
  },
  {
    held: "losses of such scores",
    by: takesTheSoftmaxTwice,
    claims: {
      "docs/lint/softmax-then-softmaxloss.md": [
        "of 1000 classes the right one gets no more than e/(e + 999) = 0.27 %.",
        "The loss starts at ln 1000 = 6.908 and cannot fall below 5.909",
      ],
    },
  },
  {
    held: "the parameters of new layers",
    by: fillsParameters,
    claims: {
      "docs/lint/bn-without-scale.md": ["It starts at γ = 1 and β = 0"],
      "docs/lint/scale-without-bias.md": ["`scale_param.bias_term` is false unless it is set."],
      "docs/lint/zero-weight-filler.md": [
        "Scale starts at 1 and PReLU at 0.25.",
        'The default of `weight_filler` is `type: "constant"` with `value: 0`.',
      ],
    },
  },
  {
    held: "Dropout in TRAIN and TEST",
    by: scalesInTrainOnly,
    claims: {
      "docs/lint/bn-after-activation.md": ["behind a dropout, scaled in TRAIN only, so that TEST has another variance"],
    },
  },
  {
    held: "shapes",
    by: poolsUp,
    claims: { "docs/lint/shape-mismatch.md": ["pooling rounds up, convolution down"] },
  },
  {
    held: "the gradient of a Clip in place",
    by: passesEverywhere,
    claims: {
      "docs/lint/layer-after-in-place.md": ["In place all do by then, and the gradient passes everywhere."],
    },
  },
  {
    held: "weights with two layers of one name",
    by: loadsIntoTheFirst,
    claims: {
      "docs/lint/duplicate-layer-name.md": [
        "when it is loaded, the blobs of both go into the first layer, those of the second last",
        "Of two layers with one name the first gets them and the second keeps what its fillers made",
      ],
    },
  },
  {
    held: "the gradients of two such layers",
    by: hasNoGradient,
    claims: {
      "docs/lint/zero-weight-filler.md": [
        "Where two such layers follow each other and their biases start at 0, as they do by default, their weights get no gradient: only the bias of the second one learns.",
      ],
      "zero-weight-filler": [
        "The weights of two such layers one behind the other, whose biases start at 0, get none at all.",
      ],
    },
  },
  {
    held: "the program of that net",
    by: takesThatManySteps,
    claims: { "docs/fold.md": ["| fused: steps, MiB read and written | 78, 166 |"] },
  },
];

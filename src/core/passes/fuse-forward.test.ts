import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { netFromText } from "../../../test/nets.js";
import { rewritten } from "../../../test/passes.js";
import { ReferenceEngine } from "../../engines/reference/index.js";
import { WasmEngine } from "../../engines/wasm/index.js";
import type { Engine } from "../engine.js";
import type { Phase } from "../layer.js";
import type { Net } from "../net.js";
import { fuseForward } from "./fuse-forward.js";

/** A layer's text; blobs hold 2 images of 4 channels. */
type Part = (name: string, bottom: string, top: string) => string;

const layer = (type: string, fields = "", more = ""): Part => {
  return (name, bottom, top) =>
    `layer { name: "${name}" type: "${type}" bottom: "${bottom}" ${more} top: "${top}" ${fields} }`;
};

const filler = 'filler { type: "uniform" min: -1 max: 1 }';
const parts = {
  conv: layer(
    "Convolution",
    `convolution_param { num_output: 4 kernel_size: 3 pad: 1 weight_${filler} bias_${filler} }`,
  ),
  thin: layer(
    "Convolution",
    `convolution_param { num_output: 4 kernel_size: 3 pad: 1 group: 4 bias_term: false weight_${filler} }`,
  ),
  depthwise: layer(
    "DepthwiseConvolution",
    `convolution_param { num_output: 4 kernel_size: 3 pad: 1 group: 4 weight_${filler} }`,
  ),
  apart: layer("ConvolutionDepthwise", `convolution_param { num_output: 4 kernel_size: 1 weight_${filler} }`),
  point: layer("Convolution", `convolution_param { num_output: 4 kernel_size: 1 bias_term: false weight_${filler} }`),
  norm: layer("BatchNorm", "batch_norm_param { use_global_stats: true eps: 0.01 }"),
  scale: layer("Scale", `scale_param { ${filler} bias_term: true bias_${filler} }`),
  factor: layer("Scale", `scale_param { ${filler} }`),
  bias: layer("Bias", `bias_param { ${filler} }`),
  relu: layer("ReLU"),
  leaky: layer("ReLU", "relu_param { negative_slope: 0.3 }"),
  sum: layer("Eltwise", "eltwise_param { coeff: 1 coeff: -0.5 }", 'bottom: "x"'),
  inner: layer("InnerProduct", `inner_product_param { axis: 3 num_output: 3 weight_${filler} bias_${filler} }`),
} as const;

type PartName = keyof typeof parts;

/** Layers after the input: each of a kind, in place or not; those that cannot work in place never do. */
type Described = readonly (readonly [kind: PartName, inPlace: boolean])[];

const outOfPlace: ReadonlySet<PartName> = new Set(["conv", "thin", "depthwise", "apart", "point", "sum", "inner"]);

function textOf(described: Described): string {
  const input = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 4 dim: 5 dim: 3 } } }';
  const lines = ["force_backward: true", input];
  let blob = "x";
  described.forEach(([kind, inPlace], i) => {
    // The input stays as it is, as sums read it again.
    const top = inPlace && blob !== "x" && !outOfPlace.has(kind) ? blob : `b${i}`;
    lines.push(parts[kind](`l${i}`, blob, top));
    blob = top;
  });
  return lines.join("\n");
}

interface Setup {
  readonly fuse: boolean;
  readonly phase: Phase;
  readonly engine: Engine;
  readonly keep?: "all" | "outputs";
}

/** With statistics that are not those of a new net. */
async function build(described: Described, { fuse, phase, engine, keep = "all" }: Setup): Promise<Net> {
  const net = await netFromText(textOf(described), { engine, fuse, phase, seed: 5, keep });
  for (const { type, blobs } of net.layers) {
    if (type !== "BatchNorm") continue;
    blobs[0]?.data.set([0.3, -0.2, 0.1, 0.5]);
    blobs[1]?.data.set([2, 1, 0.5, 3]);
    blobs[2]?.data.set([2]);
  }
  return net;
}

const image = Float32Array.from({ length: 120 }, (_, i) => Math.sin(i * i) + 0.1);

async function forward(net: Net): Promise<void> {
  await net.forward({ x: image });
}

async function backward(net: Net): Promise<void> {
  const [output = ""] = net.outputs;
  const diff = net.blobs.get(output)?.diff;
  diff?.set(Float32Array.from({ length: diff.length }, (_, i) => Math.cos(3 * i * i)));
  net.clearParamDiffs();
  await net.backward();
}

/** All that can be seen of a net. */
function seen(net: Net): [string, number[]][] {
  const pairs = [
    ...[...net.blobs].map(([name, blob]) => [name, blob] as const),
    ...[...net.params].flatMap(([name, blobs]) => blobs.map((blob, i) => [`${name}/${i}`, blob] as const)),
  ];
  return pairs.flatMap(([name, { data, diff }]): [string, number[]][] => [
    [name, [...data]],
    [`${name}'`, [...diff]],
  ]);
}

function expectSame(actual: Net, expected: Net): void {
  const wanted = new Map(seen(expected));
  for (const [name, values] of seen(actual)) {
    const others = wanted.get(name) ?? [];
    const distance = Math.hypot(...values.map((value, i) => value - (others[i] ?? Number.NaN)));
    expect(distance / Math.max(1e-3, Math.hypot(...others)), name).toBeLessThan(3e-5);
  }
}

/** Runs a net in all ways, and expects what unfused steps compute. */
async function check(described: Described, engine: Engine, phase: Phase): Promise<void> {
  for (const fuse of [true, false]) {
    const net = await build(described, { fuse, phase, engine });
    const plain = await build(described, { fuse: false, phase, engine: new ReferenceEngine() });
    const both = async (run: (net: Net) => Promise<void>) => {
      for (const each of [net, plain]) await run(each);
      expectSame(net, plain);
    };
    for (const run of [forward, forward, backward, forward, backward]) await both(run);
    await both(async (each) => {
      for (const { blobs } of each.layers) for (const { data } of blobs) data.set(data.map((value) => 1.1 * value));
      await forward(each);
    });
    const middle = net.layers[Math.ceil(described.length / 2)]?.name;
    await both((each) => each.backward({ to: middle }));
    await both(async (each) => {
      await each.forward({ x: image }, { to: middle });
      await each.forward({}, { from: middle });
      await backward(each);
    });
    await net.dispose();
    await plain.dispose();
  }
}

const engine = await WasmEngine.create();
const nets = fc.array(fc.tuple(fc.constantFrom(...(Object.keys(parts) as PartName[])), fc.boolean()), {
  minLength: 1,
  maxLength: 7,
});

describe("any net computes what its single steps compute, whole and in parts", () => {
  test.each(["TEST", "TRAIN"] as const)("%s", async (phase) => {
    await fc.assert(
      fc.asyncProperty(nets, (described) => check(described, engine, phase)),
      { numRuns: 60 },
    );
  });
});

test("parameters learn the same where blobs share memory", async () => {
  await fc.assert(
    fc.asyncProperty(nets, async (described) => {
      const both = [
        await build(described, { fuse: true, phase: "TEST", engine, keep: "outputs" }),
        await build(described, { fuse: false, phase: "TEST", engine: new ReferenceEngine() }),
      ];
      const results: number[][] = [];
      for (const net of both) {
        for (const run of [forward, backward, forward, forward, backward]) await run(net);
        const tops = net.outputs.map((name) => [...(net.blobs.get(name)?.data ?? [])]);
        results.push([...tops, ...net.layers.flatMap(({ blobs }) => blobs.map(({ diff }) => [...diff]))].flat());
        await net.dispose();
      }
      const [actual = [], wanted = []] = results;
      const distance = Math.hypot(...actual.map((value, i) => value - (wanted[i] ?? Number.NaN)));
      expect(distance / Math.max(1e-3, Math.hypot(...wanted))).toBeLessThan(3e-5);
    }),
    { numRuns: 60 },
  );
});

/** The kernels that are left of layers in place, and how many steps backward takes again. */
const chains: readonly [Described, Phase, string[], number][] = [
  [all("conv", "norm", "scale", "relu"), "TEST", ["batchNormGlobal", "normToAffine", "convFused"], 2],
  [
    all("conv", "norm", "scale", "relu"),
    "TRAIN",
    ["batchNormGlobal", "normToAffine", "convFused", "copy", "normalizeFused"],
    0,
  ],
  [all("thin", "norm", "leaky"), "TRAIN", ["batchNormGlobal", "normToAffine", "convFused"], 0],
  [all("depthwise", "norm", "scale", "relu"), "TEST", ["batchNormGlobal", "normToAffine", "convFused"], 2],
  [all("apart", "norm", "scale", "relu"), "TEST", ["batchNormGlobal", "normToAffine", "convFused"], 2],
  [all("conv", "scale"), "TEST", ["normToAffine", "convFused"], 1],
  [all("conv", "relu"), "TRAIN", ["convFused"], 0],
  [all("sum", "relu"), "TRAIN", ["sumFused"], 0],
  [all("inner", "relu"), "TRAIN", ["gemm", "normalizeFused"], 0],
  [all("sum", "norm", "scale", "relu"), "TEST", ["sum", "batchNormGlobal", "normalize", "copy", "normalizeFused"], 0],
  [
    [
      ["norm", false],
      ["scale", true],
      ["relu", true],
    ],
    "TEST",
    ["batchNormGlobal", "normalizeFused"],
    1,
  ],
  [
    [
      ["conv", false],
      ["norm", false],
      ["relu", false],
    ],
    "TEST",
    ["conv", "batchNormGlobal", "normalize", "relu"],
    0,
  ],
  [all("conv", "bias", "relu"), "TEST", ["conv", "normalizeFused"], 0],
];

function all(...kinds: PartName[]): Described {
  return kinds.map((kind) => [kind, true] as const);
}

test.each(chains)("%j in %s becomes %j", async (described, phase, kernels, again) => {
  const net = await build(described, { fuse: false, phase, engine: new ReferenceEngine() });
  const plan = { forward: net.program("forward").steps, backward: net.program("backward").steps };
  const fused = rewritten(fuseForward, plan, { engine: net.engine, inference: phase === "TEST" });
  expect(fused.forward.map((step) => step.kind === "kernel" && step.kernel)).toEqual(kernels);
  expect((fused.backward?.length ?? 0) - plan.backward.length).toBe(again);
  expect(fused.groups.flatMap(({ unfuse }) => unfuse)).toHaveLength(again);
  await net.dispose();
});

test("what backward will never need is not set aside", async () => {
  const described = all("conv", "norm", "scale", "relu");
  const net = await netFromText(textOf(described), { phase: "TEST", fuse: false, backward: false });
  const fused = rewritten(
    fuseForward,
    { forward: net.program("forward").steps, backward: undefined },
    { engine: net.engine },
  );
  const names = fused.forward.map((step) => step.kind === "kernel" && step.kernel);
  expect(names).toEqual(["batchNormGlobal", "normToAffine", "convFused"]);
  await net.dispose();
});

/** Chains whose ReLU has a top of its own, with the kernels of forward when only outputs are kept. */
const apart: readonly [Described, string[]][] = [
  [
    [
      ["conv", false],
      ["relu", false],
      ["point", false],
    ],
    ["convFused", "conv"],
  ],
  [
    [
      ["conv", false],
      ["norm", true],
      ["scale", true],
      ["leaky", false],
      ["point", false],
    ],
    ["batchNormGlobal", "normToAffine", "convFused", "conv"],
  ],
  [
    [
      ["sum", false],
      ["relu", false],
      ["point", false],
    ],
    ["sumFused", "conv"],
  ],
  // The top changes later, so backward needs the bottom.
  [
    [
      ["conv", false],
      ["relu", false],
      ["scale", true],
      ["point", false],
    ],
    ["conv", "relu", "copy", "scale", "conv"],
  ],
];

test.each(apart)("%j, with only outputs kept, becomes %j", async (described, kernels) => {
  const settings = { phase: "TEST", keep: "outputs" } as const;
  const net = await build(described, { fuse: true, engine: await WasmEngine.create(), ...settings });
  const plain = await build(described, { fuse: false, engine: new ReferenceEngine(), ...settings, keep: "all" });
  expect(net.execution.plan.forward.map((step) => step.kind === "kernel" && step.kernel)).toEqual(kernels);
  const gradients = (each: Net) => [...each.params].flatMap(([, blobs]) => blobs.map(({ diff }) => [...diff]));
  const expectEqual = () => {
    const [output = ""] = net.outputs;
    const values = (each: Net) => [[...(each.blobs.get(output)?.data ?? [])], ...gradients(each)].flat();
    const [own, others] = [values(net), values(plain)];
    const distance = Math.hypot(...own.map((value, i) => value - (others[i] ?? Number.NaN)));
    expect(distance / Math.hypot(...others)).toBeLessThan(3e-5);
  };
  for (const run of [forward, backward, forward, backward]) {
    for (const each of [net, plain]) await run(each);
    expectEqual();
  }
  // A run that ends between the fused layers computes the blob between them.
  for (const each of [net, plain]) {
    await each.forward({ x: image }, { to: "l0" });
    await each.forward({}, { from: "l1" });
    await backward(each);
  }
  expectEqual();
  await net.dispose();
  await plain.dispose();
});

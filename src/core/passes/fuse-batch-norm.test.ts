import { describe, expect, test } from "vitest";
import { netFromText } from "../../../test/nets.js";
import { rewritten } from "../../../test/passes.js";
import { ReferenceEngine } from "../../engines/reference/index.js";
import { WasmEngine } from "../../engines/wasm/index.js";
import type { Net } from "../net.js";
import type { Step } from "../program.js";
import { fuseBatchNorm } from "./fuse-batch-norm.js";

const input = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 3 dim: 2 dim: 5 dim: 4 } } }';
const conv =
  'layer { name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }';
const norm = (bottom: string, top: string) =>
  `layer { name: "bn" type: "BatchNorm" bottom: "${bottom}" top: "${top}" }`;
const scale = (blob: string, bias = true, top = blob) =>
  `layer { name: "scale" type: "Scale" bottom: "${blob}" top: "${top}" scale_param { filler { type: "uniform" min: 0.5 max: 2 } bias_term: ${bias} bias_filler { type: "uniform" min: -1 } } }`;
const bnOf = (filler: string) =>
  `layer { name: "bn" type: "BN" bottom: "c" top: "c" bn_param { ${filler}_filler { type: "uniform" min: 0.5 max: 2 } } }`;
const relu = (blob: string, slope = 0) =>
  `layer { name: "relu" type: "ReLU" bottom: "${blob}" top: "${blob}" relu_param { negative_slope: ${slope} } }`;

/** Layers after the inputs, the blob they end in, and the names of the kernels that fusing must leave. */
const nets: Readonly<Record<string, { layers: string[]; end: string; fuses: boolean }>> = {
  "all in place": { layers: [conv, norm("c", "c"), scale("c"), relu("c")], end: "c", fuses: true },
  "leaky, without bias": { layers: [conv, norm("c", "c"), scale("c", false), relu("c", 0.1)], end: "c", fuses: true },
  "without ReLU": { layers: [conv, norm("c", "c"), scale("c")], end: "c", fuses: true },
  "without Scale": { layers: [conv, norm("c", "c"), relu("c")], end: "c", fuses: true },
  "BatchNorm to a blob of its own": { layers: [conv, norm("c", "y"), scale("y"), relu("y")], end: "y", fuses: true },
  "Scale to a blob of its own": {
    layers: [conv, norm("c", "c"), scale("c", true, "y"), relu("y")],
    end: "y",
    fuses: false,
  },
  "BatchNorm alone": { layers: [conv, norm("c", "c")], end: "c", fuses: false },
  "a ReLU in place first": {
    layers: [conv, relu("c").replace('"relu"', '"first"'), norm("c", "c"), scale("c"), relu("c")],
    end: "c",
    fuses: true,
  },
  "a layer that changes the ReLU's top in place": {
    layers: [conv, norm("c", "c"), scale("c"), relu("c"), scale("c").replace('"scale"', '"last"')],
    end: "c",
    fuses: false,
  },
  "BN of PSPNet": { layers: [conv, bnOf("slope"), relu("c")], end: "c", fuses: true },
  "BN of SegNet": { layers: [conv, bnOf("scale"), relu("c")], end: "c", fuses: true },
  "BN of PSPNet alone": { layers: [conv, bnOf("slope")], end: "c", fuses: true },
  "a Dropout in place last": {
    layers: [conv, norm("c", "c"), scale("c"), relu("c"), 'layer { name: "d" type: "Dropout" bottom: "c" top: "c" }'],
    end: "c",
    fuses: true,
  },
  "an input in place": { layers: [norm("x", "x"), scale("x"), conv], end: "c", fuses: false },
  "a Scale that does not learn": {
    layers: [
      conv,
      norm("c", "c"),
      scale("c").replace("scale_param", "param { lr_mult: 0 } param { lr_mult: 0 } scale_param"),
      relu("c"),
    ],
    end: "c",
    fuses: true,
  },
  "two in a row": {
    layers: [
      ...[conv, norm("c", "c"), scale("c"), relu("c")],
      ...[norm("c", "y"), scale("y"), relu("y")].map((text) => text.replace(/name: "(\w+)"/, 'name: "$12"')),
    ],
    end: "y",
    fuses: true,
  },
};

const text = ({ layers }: { layers: string[] }) => ["force_backward: true", input, ...layers].join("\n");

async function build(name: string, fuse: boolean, engine = new ReferenceEngine()): Promise<Net> {
  return netFromText(text(nets[name] as { layers: string[] }), {
    engine,
    fuse,
    seed: 3,
    keep: "outputs",
    shareMemory: false,
  });
}

const image = Float32Array.from({ length: 120 }, (_, i) => Math.sin(i * i) + 0.3);

/** One whole training step, or, with names of layers, backward to the one and forward to it again. */
async function step(net: Net, end: string, to?: string): Promise<void> {
  await net.forward({ x: image });
  net.blobs
    .get(end)
    ?.diff.set(Float32Array.from({ length: 72 }, (_, i) => Math.cos(3 * i * i)).subarray(0, net.blobs.get(end)?.count));
  await net.backward({ to });
  if (to) await net.forward({}, { to });
}

/** All that can be seen of a net after running. */
function seen(net: Net): Record<string, number[]> {
  const blobs = [...net.blobs].flatMap(([name, { data, diff }]) => [
    [name, [...data]],
    [`${name}'`, [...diff]],
  ]);
  const params = [...net.params].flatMap(([name, list]) =>
    list.flatMap(({ data, diff }, i) => [
      [`${name}/${i}`, [...data]],
      [`${name}/${i}'`, [...diff]],
    ]),
  );
  return Object.fromEntries([...blobs, ...params]);
}

function expectSame(actual: Net, expected: Net): void {
  const wanted = seen(expected);
  for (const [name, values] of Object.entries(seen(actual))) {
    // Of a blob in the middle, nobody asked to keep the gradient.
    if (name === "y'") continue;
    // At least 1: the gradient of a bias before BatchNorm is nothing but rounding.
    const scale = Math.max(1, Math.hypot(...(wanted[name] ?? [])));
    const distance = Math.hypot(...values.map((value, i) => value - (wanted[name]?.[i] ?? Number.NaN)));
    expect(distance / scale, name).toBeLessThan(2e-6);
  }
}

describe.each(Object.keys(nets))("%s", (name) => {
  const end = nets[name]?.end ?? "";
  test("computes what the single steps compute, twice", async () => {
    for (const engine of [new ReferenceEngine(), await WasmEngine.create()]) {
      const [fused, plain] = [await build(name, true, engine as ReferenceEngine), await build(name, false)];
      for (let i = 0; i < 2; i++) {
        for (const net of [fused, plain]) await step(net, end);
        expectSame(fused, plain);
      }
      await fused.dispose();
      await plain.dispose();
    }
  });

  test("becomes one kernel exactly where it can", async () => {
    const net = await build(name, false);
    const plan = { forward: net.program("forward").steps, backward: net.program("backward").steps };
    const { forward, backward, groups } = rewritten(fuseBatchNorm, plan, { engine: net.engine });
    const count = (steps: readonly Step[] | undefined, kernel: string) =>
      steps?.filter((step) => step.kind === "kernel" && step.kernel === kernel).length;
    expect(groups.length > 0).toBe(nets[name]?.fuses);
    expect(count(forward, "batchNormFused")).toBe(groups.length);
    expect(count(backward, "batchNormFusedBackward")).toBe(groups.length);
    expect(forward.length).toBeLessThanOrEqual(plan.forward.length - groups.length);
    await net.dispose();
  });

  test("can still be run in parts, also after a whole run", async () => {
    const [fused, plain] = [await build(name, true), await build(name, false)];
    for (const net of [fused, plain]) await step(net, end, "bn");
    expectSame(fused, plain);
    for (const net of [fused, plain]) await step(net, end);
    expectSame(fused, plain);
    await fused.dispose();
    await plain.dispose();
  });
});

test("a deployed net in TRAIN, which nothing comes back through, fuses its forward", async () => {
  const net = await netFromText([input, conv, norm("c", "c"), scale("c"), relu("c")].join("\n"), { fuse: false });
  const plan = { forward: net.program("forward").steps, backward: net.program("backward").steps };
  const { forward, backward, groups } = rewritten(fuseBatchNorm, plan, { engine: net.engine, keep: "all" });
  expect(groups).toHaveLength(1);
  expect(forward.flatMap((step) => (step.kind === "kernel" ? step.kernel : []))).toContain("batchNormFused");
  expect(backward).toEqual(plan.backward);
  await net.dispose();
});

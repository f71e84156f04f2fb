import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { netFromText } from "../../../test/nets.js";
import { poisonSharedMemory } from "../../../test/poison.js";
import { ReferenceEngine } from "../../engines/reference/index.js";
import { WasmEngine } from "../../engines/wasm/index.js";
import type { Engine } from "../engine.js";
import type { Phase } from "../layer.js";
import type { Net } from "../net.js";

interface Block {
  /** Whether BatchNorm works in place on the convolution's top. */
  readonly inPlace: boolean;
  readonly scale: boolean;
  /** `negative_slope`; no ReLU without. */
  readonly slope: number | undefined;
  /** Fields of `pooling_param`. */
  readonly pool: string;
}

const blockText = (name: string, bottom: string, { inPlace, scale, slope, pool }: Block) => {
  const top = inPlace ? name : `n_${name}`;
  return `
  layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" convolution_param { num_output: 4 kernel_size: 3 pad: 1 bias_term: false weight_filler { type: "msra" } } }
  layer { name: "bn_${name}" type: "BatchNorm" bottom: "${name}" top: "${top}" }
  ${scale ? `layer { name: "scale_${name}" type: "Scale" bottom: "${top}" top: "${top}" scale_param { filler { type: "uniform" min: -2 max: 2 } bias_term: true bias_filler { type: "uniform" min: -1 } } }` : ""}
  ${slope === undefined ? "" : `layer { name: "relu_${name}" type: "ReLU" bottom: "${top}" top: "${top}" relu_param { negative_slope: ${slope} } }`}
  layer { name: "pool_${name}" type: "Pooling" bottom: "${top}" top: "p_${name}" pooling_param { ${pool} } }`;
};

const head = `layer { name: "x" type: "Input" top: "x" top: "label" input_param { shape { dim: 3 dim: 2 dim: 12 dim: 11 } shape { dim: 3 } } }`;
const tail = (bottom: string) => `
  layer { name: "ip" type: "InnerProduct" bottom: "${bottom}" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;

function textOf(blocks: readonly Block[]): string {
  const layers = blocks.map((block, i) => blockText(`c${i}`, i === 0 ? "x" : `p_c${i - 1}`, block));
  return [head, ...layers, tail(`p_c${blocks.length - 1}`)].join("");
}

const halves = "pool: MAX kernel_size: 2 stride: 2";
const plain: Block = { inPlace: true, scale: true, slope: 0, pool: halves };
const inputs = {
  x: Float32Array.from({ length: 3 * 2 * 12 * 11 }, (_, i) => Math.sin(i * i)),
  label: Float32Array.of(0, 1, 2),
};

interface Setup {
  readonly fuse?: boolean;
  readonly shareMemory?: boolean;
  readonly keep?: "all" | "outputs";
  readonly engine?: Engine;
  readonly phase?: Phase;
}

const load = (text: string, { engine = new ReferenceEngine(), keep = "outputs", ...options }: Setup = {}) =>
  netFromText(text, { engine, keep, seed: 5, phase: "TRAIN", ...options });

const kernelsOf = (net: Net) => {
  const { forward, backward = [] } = net.execution.plan;
  return [...forward, ...backward].flatMap((step) => (step.kind === "kernel" ? step.kernel : []));
};
const pools = async (text: string, setup?: Setup) => {
  const net = await load(text, setup);
  const found = kernelsOf(net).filter((kernel) => /pool/i.test(kernel));
  await net.dispose();
  return found;
};

async function step(net: Net): Promise<void> {
  net.clearParamDiffs();
  await net.forward(inputs);
  await net.backward();
}

function expectSame(actual: Net, expected: Net): void {
  for (const [name, blobs] of expected.params) {
    blobs.forEach((blob, i) => {
      const own = net(actual, name, i);
      for (const part of ["data", "diff"] as const) {
        const distance = Math.hypot(...own[part].map((value, at) => value - (blob[part][at] ?? Number.NaN)));
        expect(distance / Math.max(1e-2, Math.hypot(...blob[part])), `${name}/${i} ${part}`).toBeLessThan(2e-5);
      }
    });
  }
  expect(actual.blobs.get("loss")?.data[0]).toBeCloseTo(expected.blobs.get("loss")?.data[0] ?? Number.NaN, 5);
}

function net(of: Net, name: string, i: number) {
  const blob = of.params.get(name)?.[i];
  if (!blob) throw new Error(`no ${name}/${i}`);
  return blob;
}

const blocks: fc.Arbitrary<Block> = fc
  .record({
    inPlace: fc.boolean(),
    scale: fc.boolean(),
    slope: fc.constantFrom(0, 0.1, undefined),
    method: fc.constantFrom("MAX", "AVE"),
    window: fc.constantFrom(
      ...["kernel_size: 2 stride: 2", "kernel_size: 3 stride: 2", "kernel_size: 3 stride: 2 pad: 1"],
      ...["kernel_size: 3 stride: 1 pad: 1", "kernel_size: 2 stride: 1"],
    ),
  })
  .map(({ method, window, ...rest }) => ({ ...rest, pool: `pool: ${method} ${window}` }));

const engines = [new ReferenceEngine(), await WasmEngine.create(), await WasmEngine.create({ threads: 2 })];

test("random nets compute what the steps as they were recorded compute", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(blocks, { minLength: 1, maxLength: 3 }), async (described) => {
      const text = textOf(described);
      const recorded = await load(text, { fuse: false, shareMemory: false });
      await step(recorded);
      await step(recorded);
      for (const engine of engines) {
        const fused = await load(text, { engine });
        poisonSharedMemory(fused);
        await step(fused);
        await step(fused);
        expectSame(fused, recorded);
        await fused.dispose();
      }
      await recorded.dispose();
    }),
    { numRuns: 30 },
  );
});

test("gradients are those that differences show, in double precision", async () => {
  for (const pool of [halves, "pool: MAX kernel_size: 3 stride: 2 pad: 1", "pool: AVE kernel_size: 3 stride: 2"]) {
    const each = await load(textOf([{ ...plain, slope: 0.1, pool }]), { engine: new ReferenceEngine(64) });
    await step(each);
    expect(kernelsOf(each)).toContain("batchNormPoolBackward");
    const loss = each.nodes.at(-1)?.top[0]?.data.array ?? [];
    for (const { tensor } of each.learnables) {
      for (let i = 0; i < tensor.count; i += Math.ceil(tensor.count / 7)) {
        const [value = 0, gradient] = [tensor.data.array[i], tensor.diff.array[i]];
        const losses: number[] = [];
        for (const at of [value + 1e-6, value - 1e-6, value]) {
          tensor.data.array[i] = at;
          await each.forward(inputs);
          losses.push(loss[0] ?? Number.NaN);
        }
        expect(((losses[0] ?? 0) - (losses[1] ?? 0)) / 2e-6).toBeCloseTo(gradient ?? Number.NaN, 5);
      }
    }
    await each.dispose();
  }
});

describe("pooling becomes part of", () => {
  test("batch normalization forward and backward, where only it reads what comes out", async () => {
    const found = await pools(textOf([plain, { ...plain, inPlace: false, pool: halves.replace("MAX", "AVE") }]));
    // The first is computed again for the gradient of the second convolution's weights.
    expect(found).toEqual([
      ...["batchNormPool", "batchNormPool"],
      ...["batchNormPoolBackward", "normalizePool", "batchNormPoolBackward"],
    ]);
  });

  test("forward alone, where nothing comes back", async () => {
    const deployed = textOf([plain]).slice(0, textOf([plain]).indexOf('layer { name: "ip"'));
    expect(await pools(deployed)).toEqual(["batchNormPool"]);
    const given = deployed.replace(
      'type: "BatchNorm"',
      'type: "BatchNorm" batch_norm_param { use_global_stats: true }',
    );
    const net = await load(given);
    const step = net.execution.plan.forward.find((each) => each.kind === "kernel" && each.kernel === "maxPool");
    expect(step, "without a mask").toMatchObject({ args: { mask: undefined } });
    await net.dispose();
  });

  test("nothing, where others need what lies between", async () => {
    const text = textOf([plain]);
    const unfused = ["maxPool", "maxPoolBackward"];
    expect(await pools(text, { keep: "all" }), "all blobs are kept").toEqual(unfused);
    expect(await pools(text, { fuse: false })).toEqual(unfused);
    const read = 'layer { name: "other" type: "Silence" bottom: "c0" }';
    expect(await pools(text.replace('layer { name: "ip"', `${read} layer { name: "ip"`)), "another reader").toEqual(
      unfused,
    );
    const masked = text.replace('top: "p_c0"', 'top: "p_c0" top: "mask"');
    expect(await pools(masked), "the mask is an output").toEqual(unfused);
  });
});

test("what is never there says so, and is there again when parts of the net are run", async () => {
  const text = textOf([plain, plain]);
  const recorded = await load(text, { fuse: false, shareMemory: false });
  const fused = await load(text);
  for (const each of [fused, recorded]) await step(each);
  expect(() => fused.blobs.get("c0")?.data).toThrow(expect.objectContaining({ code: "MOKA_USAGE" }));
  for (const each of [fused, recorded]) {
    each.clearParamDiffs();
    await each.forward(inputs);
    // From the middle of what was one kernel.
    await each.backward({ to: "relu_c1" });
    await each.backward({ from: "scale_c1" });
  }
  expectSame(fused, recorded);
  for (const each of [fused, recorded]) await each.forward({}, { to: "relu_c0" });
  const [own = [], wanted = []] = [fused, recorded].map((each) => [...(each.blobs.get("c0")?.data ?? [])]);
  expect(Math.hypot(...own.map((value, i) => value - (wanted[i] ?? Number.NaN)))).toBeLessThan(1e-4);
  for (const each of [fused, recorded]) {
    await step(each);
    await each.dispose();
  }
});

test("it saves the blob, its diff and where the maxima were", async () => {
  const sizes: number[] = [];
  for (const text of [textOf([plain]), textOf([plain]).replace('top: "p_c0"', 'top: "p_c0" top: "mask"')]) {
    const each = await load(text);
    sizes.push(each.execution.memory?.size ?? 0);
    await each.dispose();
  }
  const blob = 3 * 4 * 12 * 11;
  // One is left: what comes in, which becomes its gradient.
  expect(sizes[0]).toBeLessThan(2 * blob);
  expect(sizes[1]).toBeGreaterThan(2 * blob);
});

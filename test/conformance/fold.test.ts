// What is folded computes the same: random nets of every case there is, on two engines; real models against what the
// reference computed of them.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { parse } from "npyjs";
import { describe, expect, test } from "vitest";
import { WasmEngine } from "../../src/engines/wasm/index.js";
import { fold, Net } from "../../src/index.js";
import { folding, input, layer, worst } from "../folding.js";
import { relativeError } from "../golden/engines.js";

// ---- random nets

/** A layer that scales and shifts by channel, in place or not. */
interface AffineSpec {
  readonly kind: "BatchNorm" | "Scale" | "Scale with bias" | "Bias" | "scalar Scale";
  readonly inPlace: boolean;
}

interface LinearSpec {
  readonly type: "Convolution" | "Deconvolution";
  readonly bias: boolean;
  readonly outputs: 1 | 2 | 4;
  readonly group: "one" | "two" | "depthwise";
  readonly kernel: 1 | 2 | 3;
  readonly pad: 0 | 1;
  readonly stride: 1 | 2;
}

interface BlockSpec {
  readonly before: readonly AffineSpec[];
  readonly linear: LinearSpec;
  readonly after: readonly AffineSpec[];
  readonly activation: "ReLU" | "ReLU in place" | "nothing";
  /** What else reads: what goes into the layer, what is before it, or what comes out of it; or who shares its weights. */
  readonly fork: "none" | "bottom" | "affine bottom" | "top" | "shared" | "shared, other statistics";
}

interface NetSpec {
  readonly axes: 1 | 2 | 3;
  readonly blocks: readonly BlockSpec[];
  readonly end: "nothing" | "InnerProduct" | "InnerProduct, transposed";
  readonly endAffine: readonly AffineSpec[];
}

const affine: fc.Arbitrary<AffineSpec> = fc.record({
  kind: fc.constantFrom("BatchNorm", "BatchNorm", "Scale", "Scale with bias", "Bias", "scalar Scale"),
  inPlace: fc.boolean(),
});

const chain = fc.oneof(
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 3, arbitrary: fc.array(affine, { minLength: 1, maxLength: 3 }) },
);

const block: fc.Arbitrary<BlockSpec> = fc.record({
  before: chain,
  linear: fc.record({
    type: fc.constantFrom("Convolution", "Convolution", "Deconvolution"),
    bias: fc.boolean(),
    outputs: fc.constantFrom(1, 2, 4),
    group: fc.constantFrom("one", "two", "depthwise"),
    kernel: fc.constantFrom(1, 2, 3),
    pad: fc.constantFrom(0, 1),
    stride: fc.constantFrom(1, 2),
  }),
  after: chain,
  activation: fc.constantFrom("ReLU", "ReLU in place", "nothing"),
  fork: fc.constantFrom("none", "none", "bottom", "affine bottom", "top", "shared", "shared, other statistics"),
});

const net: fc.Arbitrary<NetSpec> = fc.record({
  axes: fc.constantFrom(1, 2, 2, 3),
  blocks: fc.array(block, { minLength: 1, maxLength: 3 }),
  end: fc.constantFrom("nothing", "InnerProduct", "InnerProduct, transposed"),
  endAffine: chain,
});

/** Writes the layers of a net, one after another. */
class Writer {
  text: string;
  #count = 0;
  #channels = 4;
  #sizes: readonly number[];

  constructor(axes: number) {
    this.#sizes = [6, 5, 4].slice(0, axes);
    this.text = input([2, 4, ...this.#sizes]);
  }

  net({ blocks, end, endAffine }: NetSpec): string {
    let blob = "data";
    for (const spec of blocks) blob = this.#block(spec, blob);
    if (end !== "nothing") {
      const transpose = end === "InnerProduct" ? "" : "transpose: true";
      blob = this.#add("InnerProduct", blob, `inner_product_param { num_output: 3 ${transpose} bias_term: false }`);
    }
    this.#affines(endAffine, blob, true);
    return this.text;
  }

  #block(spec: BlockSpec, bottom: string): string {
    const { before, linear, after, activation, fork } = spec;
    const own = fork === "bottom";
    const x = this.#affines(before, bottom, !own);
    const shared = fork.startsWith("shared") ? `param { name: "w${this.#count}" }` : "";
    const prefix = shared ? `s${this.#count}` : "";
    const [channels, sizes] = [this.#channels, this.#sizes];
    const message = this.#linear(linear);
    const y = this.#add(linear.type, x, message + shared);
    const [twinBottom, readsTwice] = own ? [bottom, true] : [x, fork === "affine bottom"];
    let twin = "";
    if (shared || readsTwice) {
      [this.#channels, this.#sizes] = [channels, sizes];
      twin = this.#add(linear.type, twinBottom, this.#linear(linear) + shared);
    }
    const isSame = fork === "shared";
    let z = this.#affines(after, y, fork !== "top", isSame ? prefix : "");
    if (twin) twin = this.#affines(after, twin, true, isSame ? prefix : "");
    if (fork === "top") twin = y;
    if (twin && twin !== z) z = this.#add("Eltwise", z, `bottom: "${twin}"`);
    if (activation === "nothing") return z;
    return this.#add("ReLU", z, "", activation === "ReLU in place" ? z : undefined);
  }

  /** Its `convolution_param`; the kernel is 1 where another would leave nothing. */
  #linear({ type, bias, outputs, group, ...window }: LinearSpec): string {
    const groups = group === "depthwise" ? this.#channels : group === "two" && this.#channels % 2 === 0 ? 2 : 1;
    const numOutput = Math.max(groups, outputs);
    const resized = ({ kernel, pad, stride }: Pick<LinearSpec, "kernel" | "pad" | "stride">) =>
      this.#sizes.map((size) =>
        type === "Convolution"
          ? Math.floor((size + 2 * pad - kernel) / stride) + 1
          : stride * (size - 1) + kernel - 2 * pad,
      );
    const fits = resized(window).every((size) => size > 0 && size < 15);
    const { kernel, pad, stride } = fits ? window : ({ kernel: 1, pad: 0, stride: 1 } as const);
    [this.#channels, this.#sizes] = [numOutput, resized({ kernel, pad, stride })];
    const sizes = `kernel_size: ${kernel} pad: ${pad} stride: ${stride}`;
    return `convolution_param { num_output: ${numOutput} group: ${groups} ${sizes} bias_term: ${bias} } `;
  }

  /** With a `prefix` their parameters are shared by all chains that have it. */
  #affines(specs: readonly AffineSpec[], bottom: string, mayOverwrite: boolean, prefix = ""): string {
    let blob = bottom;
    for (const [index, { kind, inPlace }] of specs.entries()) {
      const isFirst = blob === bottom;
      const top = inPlace && (mayOverwrite || !isFirst) ? blob : undefined;
      const type = kind.includes("Scale") ? "Scale" : kind;
      const param =
        kind === "Scale with bias"
          ? "scale_param { bias_term: true }"
          : kind === "scalar Scale"
            ? "scale_param { num_axes: 0 bias_term: true }"
            : "";
      const count = kind === "BatchNorm" ? 3 : kind === "Scale" || kind === "Bias" ? 1 : 2;
      const fixed = kind === "BatchNorm" ? "lr_mult: 0" : "";
      const specsOf = Array.from(
        { length: prefix ? count : 0 },
        (_, i) => `param { name: "${prefix}.${index}.${i}" ${fixed} }`,
      );
      blob = this.#add(type, blob, `${param} ${specsOf.join(" ")}`, top);
    }
    return blob;
  }

  #add(type: string, bottom: string, rest: string, top?: string): string {
    const name = `l${this.#count++}`;
    this.text += layer(type, name, bottom, rest, top ?? name);
    return top ?? name;
  }
}

test("random nets of all cases give the same to 1e-5, every layer within its bound", { timeout: 60_000 }, async () => {
  const seen = { folded: 0, kept: 0, before: 0, behind: 0 };
  const wasm = await WasmEngine.create({ threads: 1 });
  await fc.assert(
    fc.asyncProperty(net, fc.nat(1000), async (spec, seed) => {
      const text = new Writer(spec.axes).net(spec);
      const folded = await folding(text, { seed });
      // Where values nearly cancel, no two orders of computing agree.
      fc.pre((await folded.precision()) < 1e-6);
      seen.folded += folded.folded.length;
      seen.kept += folded.kept.length;
      for (const { kind } of folded.folded) seen[kind]++;
      expect(folded.net.layer.length).toBe(folded.before.layers - folded.folded.length);
      for (const comparison of [await folded.compare(), await folded.compare(wasm)]) {
        const { relative, share } = worst(comparison);
        expect(relative, text).toBeLessThanOrEqual(1e-5);
        expect(share, text).toBeLessThan(1);
      }
      // What is kept cannot be folded: to fold the folded net changes nothing.
      expect((await folding(folded.text, { weights: folded.weights, seed })).folded).toEqual([]);
    }),
    { numRuns: 80 },
  );
  await wasm.dispose();
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(10);
});

// ---- real models

const corpus = fileURLToPath(new URL("../../../shared/corpus/models/", import.meta.url));
const here = existsSync(corpus);
const models = here ? readdirSync(corpus).filter((name) => name.endsWith(".caffemodel")) : [];
const title = here ? "real models" : "real models (skipped: there is no ../shared/corpus)";

/** How many layers are folded, by a part of the model's name; the others have none to fold. */
const foldable: Readonly<Record<string, number>> = {
  layer_batch_norm: 0,
  "yoloface-50k": 46,
  detect: 4,
  det1_: 6,
  res20_iter: 42,
  ResNet_20: 42,
};

describe.skipIf(!here)(title, () => {
  test.each(models)("%s, folded, gives what the reference gives", async (model) => {
    const folder = `${corpus}${model}.ref/`;
    const reference = JSON.parse(readFileSync(`${folder}ref.json`, "utf8"));
    const read = (name: string) => {
      const { shape, data } = parse(new Uint8Array(readFileSync(`${folder}${name.replaceAll("/", "_")}.npy`)).buffer);
      return { shape, data: Float32Array.from(data as Float32Array) };
    };
    const names = Object.keys(reference.inputs);
    const inputs = Object.fromEntries(names.map((name) => [name, read(`in_${name}`)]));
    const temporary = mkdtempSync(join(tmpdir(), "moka-fold-"));
    try {
      const output = join(temporary, "folded");
      const result = await fold(`${folder}net.prototxt`, `${corpus}${model}`, { engine: "wasm", inputs, output });
      const [, count = 0] = Object.entries(foldable).find(([part]) => model.includes(part)) ?? [];
      expect(result.folded.length).toBe(count);
      expect(result.proof).toMatchObject({ ran: true, passed: true });
      expect(result.proof.ran && result.proof.layers.every(({ share }) => share < 1)).toBe(true);
      const folded = await Net.load(`${output}.prototxt`, { engine: "wasm", weights: `${output}.caffemodel` });
      folded.reshape(reference.inputs);
      const computed = await folded.forward(Object.fromEntries(names.map((name) => [name, inputs[name].data])));
      expect(Object.keys(computed).sort()).toEqual(Object.keys(reference.outputs).sort());
      for (const name of Object.keys(reference.outputs)) {
        expect(relativeError(computed[name], read(`out_${name}`).data), name).toBeLessThanOrEqual(1e-4);
      }
      await folded.dispose();
    } finally {
      rmSync(temporary, { recursive: true });
    }
  });
});

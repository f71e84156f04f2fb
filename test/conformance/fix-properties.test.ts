// `fix` on any text: it ends, makes nothing worse, and changes nothing the second time.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fix, lint } from "../../src/index.js";
import { parseNet } from "../../src/proto/text/index.js";

const corpus = fileURLToPath(new URL("../../../shared/corpus/prototxt/", import.meta.url));
const caseOf = (name: string) => readFileSync(new URL(`../cases/${name}`, import.meta.url), "utf8");

const nets = [
  caseOf("article-as-pasted/train.prototxt"),
  caseOf("full-width/a.prototxt"),
  caseOf("one-phase/train-only.prototxt"),
  caseOf("v1-mixed/a.prototxt"),
  `name: "n" # a net
input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
layers { name: "c" type: CONVOLUTION bottom: "data" top: "c" blobs_lr: 1 convolution_param { num_output: 2 kernel_size: 3 } } # c
layers { name: "r" type: RELU bottom: "c" top: "c" }
`,
  `layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer {
  name: "bn" type: "BatchNorm" bottom: "d" top: "bn" # it’s normal
  param { lr_mult: 1 } param { lr_mult: 1 }
  batch_norm_param { use_global_stats: false, eps: 1e-3; scale_bias: true }
}
layer { name: "ip" type: "InnerProduct" bottom: "bn" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: 'p' type: 'Softmax' bottom: 'ip' top: 'p' }
`,
];

const pieces = fc.constantFrom(
  ..."{}<>[],;:=#\"'-.\n \t05a_“”’：｛，−６\u200b\u00a0\ufeff",
  ...[
    "",
    "",
    "layer {",
    "type:",
    '"a"',
    "5pad: 1",
    "true",
    "[1, 2]",
    "# c",
    "phase: TEST",
    "layers",
    "RELU",
    "param { }",
  ],
);
const edits = fc.array(fc.tuple(fc.nat(5000), fc.nat(4), pieces), { maxLength: 3 });
const changed = (text: string, all: readonly (readonly [number, number, string])[]) =>
  all.reduce((now, [at, count, by]) => {
    const start = at % (now.length + 1);
    return now.slice(0, start) + by + now.slice(start + count);
  }, text);

const errors = (findings: readonly { readonly severity: string }[]) =>
  findings.filter(({ severity }) => severity === "error").length;
const isBroken = (text: string) => parseNet(text).issues.some(({ severity }) => severity === "error");

async function holds(text: string): Promise<void> {
  const { findings: before } = await lint(text);
  const once = await fix(text);
  expect(errors(once.findings)).toBeLessThanOrEqual(errors(before));
  if (!isBroken(text)) expect(isBroken(once.text)).toBe(false);
  const { findings: after } = await lint(once.text);
  const asPlaces = after.map(({ rule, line, column }) => [rule, line, column]);
  expect(once.findings.map(({ rule, line, column }) => [rule, line, column])).toEqual(asPlaces);
  const twice = await fix(once.text);
  expect(twice.text).toBe(once.text);
}

describe("fix makes nothing worse, and nothing twice", () => {
  test("of nets with mistakes", async () => {
    const texts = fc.tuple(fc.constantFrom(...nets), edits).map(([text, all]) => `${changed(text, all)}\n`);
    await fc.assert(fc.asyncProperty(texts, holds), { numRuns: 300 });
  }, 60_000);

  test.runIf(existsSync(corpus))(
    "of real files, some with mistakes put in",
    async () => {
      const files = readdirSync(corpus).filter((file) => file.endsWith(".prototxt"));
      const small = files
        .map((file) => `${readFileSync(corpus + file, "utf8")}\n`)
        .filter(({ length }) => length < 6000);
      expect(small.length).toBeGreaterThan(100);
      const texts = fc.tuple(fc.constantFrom(...small), edits).map(([text, all]) => changed(text, all));
      await fc.assert(fc.asyncProperty(texts, holds), { numRuns: 100 });
    },
    60_000,
  );
});

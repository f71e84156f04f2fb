import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterAll, expect, test } from "vitest";
import { fix, type LintOptions, lint } from "../index.js";
import type { Levels } from "../lint/lint.js";
import { rules } from "../lint/rules/index.js";
import { writeNet } from "../proto/binary/index.js";
import { LayerParameterSchema, NetParameterSchema } from "../proto/gen/caffe_pb.js";

/** All rules except this one are off. */
const only = (id: string): Levels => ({
  ...Object.fromEntries(rules.map((rule) => [rule.id, "off" as const])),
  [id]: "warning",
});

const bad = `input: "x" input_shape { dim: 2 dim: 3 dim: 4 dim: 4 }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
layer { name: "s" type: "Scale" bottom: "y" top: "y" } # the scale
`;
const good = bad.replace('top: "y" } #', 'top: "y" scale_param { bias_term: true } } #');
const options = { rules: only("scale-without-bias") };

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), "moka-lint-"));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

test("a net's text is linted, and each finding has its place, and whether it can be repaired", async () => {
  const { file, findings, nets } = await lint(bad, { ...options, file: "a.prototxt" });
  expect([file, nets]).toEqual(["a.prototxt", []]);
  expect(findings).toMatchObject([
    { rule: "scale-without-bias", severity: "warning", line: 3, column: 1, endLine: 3, endColumn: 55, fixable: true },
  ]);
  expect(bad.split("\n")[2]?.slice(0, 54)).toBe('layer { name: "s" type: "Scale" bottom: "y" top: "y" }');
});

test("a file has the name that was given", async () => {
  const path = join(folderWith({ "net.prototxt": bad }), "net.prototxt");
  const { file, findings } = await lint(path, options);
  expect([file, findings.length]).toEqual([path, 1]);
  await expect(lint(`${path}.no`)).rejects.toMatchObject({ code: "MOKA_FILE" });
});

test("levels change the severity, and rules that do not exist are refused", async () => {
  const { findings } = await lint(bad, { rules: { ...options.rules, "scale-without-bias": "info" } });
  expect(findings).toMatchObject([{ severity: "info" }]);
  expect((await lint(bad, { rules: { ...options.rules, "scale-without-bias": "off" } })).findings).toEqual([]);
  await expect(lint(bad, { rules: { "scale-without-bais": "off" } })).rejects.toMatchObject({
    code: "MOKA_USAGE",
    message: 'rules: there is no rule "scale-without-bais"; did you mean "scale-without-bias"?',
  });
});

test("ranks that train a net together have the values of one, or, with synchronized statistics, of all", async () => {
  const text = `layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 } } }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "x" top: "l" }
`;
  const found = async (more: LintOptions) =>
    (await lint(text, { rules: only("bn-batch-too-small"), ...more })).findings.map(({ message }) => message);
  expect(await found({ ranks: 1 })).toEqual(await found({}));
  expect(await found({ ranks: 2 })).toEqual([expect.stringContaining("on each of 2 ranks, the statistics")]);
  expect(await found({ ranks: 2, syncBatchNorm: true })).toEqual([
    expect.stringContaining("m = 8 values of all 2 ranks"),
  ]);
  expect(await found({ ranks: 4, syncBatchNorm: true })).toEqual([]);
});

test.each([
  [{ ranks: 0 }, "ranks must be 1 or more, not 0"],
  [{ ranks: 1.5 }, "ranks must be 1 or more, not 1.5"],
  [
    { syncBatchNorm: true },
    "syncBatchNorm (--sync-bn) is for several ranks: give their number too, as ranks (--ranks)",
  ],
])("%j are refused", async (wrong, message) => {
  await expect(lint(bad, wrong)).rejects.toMatchObject({ code: "MOKA_USAGE", message });
  await expect(fix(bad, wrong)).rejects.toMatchObject({ code: "MOKA_USAGE", message });
});

test("any text is linted", async () => {
  for (const text of ["\n", "layer {\n", "}}}\n", "name: 3\nlayers: 4\nnet: {", "\uFEFF\0\n", "net: 'x'\nbase_lr\n"]) {
    expect((await lint(text)).text).toBe(text);
    expect((await fix(text)).before).toBe(text);
  }
});

test("fix returns the whole new text, the repaired problems, and the remaining ones", async () => {
  const result = await fix(bad, options);
  expect(result).toMatchObject({ before: bad, text: good, findings: [], weights: undefined });
  expect(result.fixed).toMatchObject([{ rule: "scale-without-bias", line: 3 }]);
  expect(new TextDecoder().decode(result.bytes)).toBe(good);
  expect((await fix(good, options)).fixed).toEqual([]);
});

test("the bytes of a repaired file are unchanged where nothing was repaired, even if they are not UTF-8", async () => {
  const latin = new Uint8Array(Buffer.from(`${bad}# caf\xe9 \xbe\xed\xbb\xfd`, "latin1"));
  const mark = new TextEncoder().encode(`\uFEFF${bad}`);
  const folder = folderWith({ "latin.prototxt": latin, "mark.prototxt": mark });
  const fromLatin = await fix(join(folder, "latin.prototxt"), options);
  expect(fromLatin.fixed.length).toBe(1);
  expect(Buffer.from(fromLatin.bytes).toString("latin1")).toBe(`${good}# caf\xe9 \xbe\xed\xbb\xfd`);
  const fromMark = await fix(join(folder, "mark.prototxt"), options);
  expect(Buffer.from(fromMark.bytes).toString("utf8")).toBe(`\uFEFF${good}`);
});

test("a solver's own text is linted, and the files of its nets are returned", async () => {
  const solver =
    "# trains it\nnet: 'net.prototxt'\ntest_net: 'nowhere/test.prototxt' test_iter: 1 test_interval: 5\nbase_lr: 0.1\nbase_lr: 0.2\n";
  const folder = folderWith({ "solver.prototxt": solver, "net.prototxt": bad });
  const { findings, nets } = await lint(join(folder, "solver.prototxt"), { rules: only("caffe-refuses") });
  expect(nets).toEqual([join(folder, "net.prototxt"), "nowhere/test.prototxt"]);
  expect(findings.map(({ line }) => line)).toEqual([5]);
});

test("a net within a solver's text is linted and repaired there", async () => {
  const around = (net: string) => `base_lr: 0.1\nnet_param {\n${net}}\nmax_iter: 9\n`;
  const { findings, nets } = await lint(around(bad), options);
  expect([findings.map(({ line, column }) => `${line}:${column}`), nets]).toEqual([["5:1"], []]);
  const { text, fixed } = await fix(around(bad), options);
  expect(text).toBe(around(good));
  expect(fixed.length).toBe(1);
  const ignoring = `${around(bad)}# moka-ignore-file scale-without-bias\n`;
  expect((await lint(ignoring, options)).findings).toEqual([]);
});

test("weights are a file, several files, of which the last counts, or a message", async () => {
  const weights = (name: string) =>
    create(NetParameterSchema, { layer: [create(LayerParameterSchema, { name, type: "BatchNorm" })] });
  const bytes = (name: string) => Buffer.concat(writeNet(weights(name)));
  const folder = folderWith({ "a.caffemodel": bytes("bn"), "b.caffemodel": bytes("s") });
  const paths = ["a", "b"].map((name) => join(folder, `${name}.caffemodel`)).join(", ");
  for (const given of [paths, weights("bn")]) {
    const result = await lint(bad, { ...options, weights: given });
    expect(result.findings.length).toBe(1);
    expect((await fix(bad, { ...options, weights: given })).weights).toBeUndefined();
  }
  await expect(lint(bad, { weights: join(folder, "c.caffemodel") })).rejects.toMatchObject({ code: "MOKA_FILE" });
  expect(readFileSync(join(folder, "a.caffemodel"))).toEqual(bytes("bn"));
});

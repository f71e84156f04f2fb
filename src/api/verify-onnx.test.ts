import { beforeAll, expect, test } from "vitest";
import { input, layer } from "../../test/folding.js";
import { createFiles, type MemoryFiles } from "../platform/memory-files.js";
import { writeNet } from "../proto/binary/index.js";
import { concat } from "../util/bytes.js";
import { MokaError } from "../util/errors.js";
import { exportOnnx } from "./export-onnx.js";
import { Net } from "./net.js";
import { type VerifyOnnxOptions, verifyOnnx } from "./verify-onnx.js";

const engine = { engine: "reference" } as const;
const text =
  input([1, 2, 4, 4]) +
  layer(
    "Convolution",
    "c",
    "data",
    'convolution_param { num_output: 3 kernel_size: 3 weight_filler { type: "xavier" } }',
  ) +
  layer("ReLU", "relu", "c", "", "c");
let original: Record<string, Uint8Array>;

beforeAll(async () => {
  await using net = await Net.load(text, { ...engine, phase: "TEST", seed: 4 });
  const bytes = writeNet(net.toMessage());
  const files = createFiles({
    "net.prototxt": text,
    "net.caffemodel": concat(bytes instanceof Uint8Array ? [bytes] : bytes),
  });
  await exportOnnx("net.prototxt", "net.caffemodel", { ...engine, files, output: "net.onnx" });
  original = Object.fromEntries(await Promise.all(files.paths().map(async (path) => [path, await files.read(path)])));
});

/** The files of an export, after `change`. */
function filesAfter(change: (files: MemoryFiles) => void = () => {}): MemoryFiles {
  const files = createFiles(Object.fromEntries(Object.entries(original).map(([path, bytes]) => [path, bytes.slice()])));
  change(files);
  return files;
}

const verified = (files: MemoryFiles, options: VerifyOnnxOptions = {}) =>
  verifyOnnx("net.onnx", { ...engine, files, ...options });

interface Json {
  readonly comparison: { readonly blobs: object[]; onnxRuntime: string };
}

/** Changes the certificate. */
const certificate = (edit: (json: Json) => unknown) => (files: MemoryFiles) => {
  const json = JSON.parse(new TextDecoder().decode(original["/net.onnx.certificate.json"]));
  edit(json);
  files.add("net.onnx.certificate.json", JSON.stringify(json));
};

test("files that are as they were pass, with the same figures", async () => {
  const report = await verified(filesAfter());
  expect(report).toMatchObject({ passed: true, problems: [], notes: [] });
  expect(report.files.map(({ kind, state }) => [kind, state])).toEqual([
    ["net", "same"],
    ["weights", "same"],
    ["onnx", "same"],
  ]);
  expect(report.comparison).toEqual(report.certificate.comparison);
});

test.each([
  ["net.prototxt", "the net (net.prototxt): the file has changed since it was certified"],
  ["net.caffemodel", "the weights (net.caffemodel): the file has changed since it was certified"],
  ["net.onnx", "the model (net.onnx): the file has changed since it was certified"],
])("a changed %s is named, and nothing is run", async (path, problem) => {
  const changed = filesAfter((files) => {
    const bytes = original[`/${path}`]?.slice() ?? new Uint8Array(0);
    bytes[bytes.length - 1] = 1 ^ (bytes.at(-1) ?? 0);
    files.add(path, bytes);
  });
  const report = await verified(changed);
  expect(report).toMatchObject({ passed: false, problems: [problem] });
  expect(report.comparison).toBeUndefined();
});

test("files that are elsewhere are asked for, and taken from where they are", async () => {
  const moved = filesAfter((files) => {
    for (const name of ["net.prototxt", "net.caffemodel"]) {
      files.add(`old/${name}`, original[`/${name}`] ?? "");
      files.take(name);
    }
  });
  expect((await verified(moved)).problems).toEqual([
    "the net (net.prototxt): the file is not there; give it as model (--model)",
    "the weights (net.caffemodel): the file is not there; give it as weights (--weights)",
  ]);
  const given = { model: "old/net.prototxt", weights: "old/net.caffemodel" };
  expect(await verified(moved, given)).toMatchObject({ passed: true, problems: [] });
  const other = await verified(moved, { ...given, model: `${text} ` });
  expect(other.problems).toEqual(["the net (net.prototxt): the file has changed since it was certified"]);
});

test("a certificate and a model may be given without files", async () => {
  const files = filesAfter();
  const { certificate: of } = await verified(files);
  const bytes = original["/net.onnx"] ?? new Uint8Array(0);
  await expect(verifyOnnx(bytes, { ...engine, files })).rejects.toThrow("the certificate is wanted too");
  expect(await verifyOnnx(bytes, { ...engine, files, certificate: of })).toMatchObject({ passed: true });
});

test("another tolerance in the certificate is the one that counts", async () => {
  const strict = filesAfter(certificate(({ comparison }) => Object.assign(comparison, { tolerance: 1e-12 })));
  const { passed, problems } = await verified(strict);
  expect(passed).toBe(false);
  expect(problems).toEqual([
    expect.stringMatching(/^blob "c@c" is the first that is not the same in ONNX Runtime: at \[/),
  ]);
});

test("a blob that is not compared any more, other versions", async () => {
  const edited = certificate((json) => {
    const { comparison } = json;
    comparison.blobs.push({ ...comparison.blobs[0], blob: "gone", value: "gone" });
    comparison.onnxRuntime = "0.1";
    Object.assign(json, { moka: "0.0.1" });
  });
  const { problems, notes } = await verified(filesAfter(edited));
  expect(problems).toEqual(['blob "gone" was compared, and is not any more']);
  expect(notes).toEqual([
    expect.stringMatching(/^certified by Moka 0.0.1, checked by /),
    expect.stringMatching(/^certified with ONNX Runtime 0.1, checked with /),
  ]);
});

test.each<[string, string | ((json: Json) => unknown)]>([
  ["net.onnx.certificate.json is no certificate, or is damaged: ", "{"],
  ["is damaged: it must be an object", "[]"],
  ["is damaged: format must be 1", "{}"],
  ["has the format 2, and this version of Moka reads 1", (json) => Object.assign(json, { format: 2 })],
  ["is damaged: files[0].kind must be net or weights", (json) => Object.assign(json, { files: [{ kind: "x" }] })],
  ["is damaged: comparison.seed must be a whole number", ({ comparison }) => Object.assign(comparison, { seed: -1 })],
  [
    "is damaged: comparison.runs[0].batch must be",
    ({ comparison }) => Object.assign(comparison, { runs: [{ batch: "1" }] }),
  ],
  ["is damaged: named must be a list", (json) => Object.assign(json, { named: null })],
])("a damaged certificate: %s", async (message, content) => {
  const damaged = filesAfter((files) => {
    if (typeof content === "string") files.add("net.onnx.certificate.json", content);
    else certificate(content)(files);
  });
  await expect(verified(damaged)).rejects.toThrow(message);
});

test("whatever is damaged, verify reports a problem or throws a MokaError", async () => {
  let seed = 7;
  const next = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const source = original["/net.onnx.certificate.json"] ?? new Uint8Array(0);
  const digits = [...source.keys()].filter((i) => /[\d.[\]{}",]/.test(String.fromCharCode(source[i] ?? 0)));
  for (let i = 0; i < 60; i++) {
    const bytes = source.slice();
    bytes[digits[next(digits.length)] ?? 0] = '0123456789.-[]{}",:e'.charCodeAt(next(20));
    const files = filesAfter((all) => all.add("net.onnx.certificate.json", bytes));
    const error = await verified(files).catch((caught) => caught);
    if (error instanceof Error) expect(error).toBeInstanceOf(MokaError);
    else expect(typeof error.passed).toBe("boolean");
  }
});

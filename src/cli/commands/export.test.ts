import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "npyjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";
import { input, layer, trainedWeights } from "../../../test/folding.js";
import { writeNet } from "../../proto/binary/index.js";

const folder = mkdtempSync(join(tmpdir(), "moka-export-"));
const at = (name: string) => join(folder, name);
const model = at("net.prototxt");
const weights = at("net.caffemodel");
const text =
  input([2, 2, 6, 6]) +
  layer("Convolution", "c", "data", "convolution_param { num_output: 3 kernel_size: 3 pad: 1 }") +
  layer("BatchNorm", "bn", "c", "", "c") +
  layer("Scale", "sc", "c", "scale_param { bias_term: true }", "c") +
  layer("InnerProduct", "fc", "c", "inner_product_param { num_output: 4 }");

beforeAll(async () => {
  writeFileSync(model, text);
  const bytes = writeNet(await trainedWeights(text));
  writeFileSync(weights, Buffer.concat(Array.isArray(bytes) ? bytes : [bytes as Uint8Array]));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => moka("export", model, weights, "--engine", "reference", ...args);

test("shows what was written and compared, layer by layer, and writes model and certificate", async () => {
  const { code, out, err } = await run("-o", at("net.onnx"));
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(/^Opset 13, format 7: data N×2×6×6 → fc N×4$/m);
  expect(out).toMatch(/^2 layers folded: bn, sc$/m);
  expect(out).toMatch(
    /^Moka and ONNX Runtime \d+\.\d+\.\d+ on the same inputs: batch 1 \(data random\); batch 2 \(data random\); seed 1$/m,
  );
  expect(out).toMatch(/^Layer +Type +Blob +Max error +Mean error +Relative$/m);
  expect(out).toMatch(/^sc +Scale +c +[\d.e-]+ +[\d.e-]+ +[\d.e-]+$/m);
  expect(out).toMatch(/^fc +InnerProduct +fc +[\d.e-]+ +[\d.e-]+ +[\d.e-]+$/m);
  expect(out).toMatch(/^All 2 blobs within 0\.0001 of the largest value$/m);
  expect(out).toContain(`Wrote ${at("net.onnx")} and ${at("net.onnx.certificate.json")}`);
  expect(out).toContain("To check again: moka verify net.onnx");
  const { files } = JSON.parse(readFileSync(at("net.onnx.certificate.json"), "utf8"));
  expect(files.map(({ path }: { path: string }) => path)).toEqual(["net.prototxt", "net.caffemodel", "net.onnx"]);
});

test("--json is the certificate; without -o nothing is written; the other options", async () => {
  writeFileSync(at("x.npy"), new Uint8Array(dump(new Float32Array(2 * 2 * 36), [2, 2, 6, 6], { dtype: "f4" })));
  const { code, out } = await run(
    ...["--json", "--opset", "17", "--batch", "2", "--bn", "keep", "--cut", "fc", "--seed", "9"],
    ...["--input", `data=${at("x.npy")}`, "--tolerance", "1e-3"],
  );
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    format: 1,
    opset: 17,
    inputs: { data: [2, 2, 6, 6] },
    outputs: { c: [2, 3, 6, 6] },
    settings: { batch: 2, cut: "fc" },
    comparison: {
      ran: true,
      passed: true,
      tolerance: 1e-3,
      seed: 9,
      runs: [{ inputs: { data: { kind: "given" } } }, { batch: 2, inputs: { data: { kind: "random" } } }],
    },
    folded: [],
    written: [],
  });
});

test("exits with 1 beyond the tolerance, with the whole table and the first blob, and writes nothing", async () => {
  const { code, out, err } = await run("-o", at("no.onnx"), "--tolerance", "1e-13");
  expect(code).toBe(1);
  expect(out).toMatch(/^sc +Scale +c +.* DIFFERS$/m);
  expect(out).toMatch(/^Nothing written$/m);
  expect(err).toMatch(
    /^moka: layer "sc" \(Scale\): blob "c" is the first that is not the same .* \[MOKA_CERTIFICATE\]$/m,
  );
  expect(existsSync(at("no.onnx"))).toBe(false);
  const json = await run("--tolerance", "1e-13", "--json");
  expect(json.code).toBe(1);
  expect(JSON.parse(json.out)).toMatchObject({ comparison: { passed: false, parted: { blob: "c" } }, written: [] });
});

test("--no-certify compares nothing, and says so", async () => {
  const { code, out } = await run("--no-certify", "-o", at("plain.onnx"));
  expect(code).toBe(0);
  expect(out).toContain("Not compared: it was not asked for");
  expect(out).toContain(`Wrote ${at("plain.onnx")}\n`);
  expect(existsSync(at("plain.onnx.certificate.json"))).toBe(false);
});

test.each([
  [["-o", "net.prototxt"], "would overwrite"],
  [["--batch", "0"], '--batch must be a whole number, 1 or more, or "dynamic", not "0"'],
  [["--opset", "23"], "opset must be a whole number from 11 to 22, not 23"],
  [["--shape", "date=1,2"], 'the net has no input "date"; its inputs are data'],
  [["--bn", "both"], '--bn must be fold or keep, not "both"'],
])("refuses %s", async (args, message) => {
  const { code, err } = await run(...args.map((each) => (each === "net.prototxt" ? model : each)));
  expect(code).toBe(2);
  expect(err).toContain(message);
  expect(readFileSync(model, "utf8")).toBe(text);
});

import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";
import { input, layer, trainedWeights } from "../../../test/folding.js";
import { writeNet } from "../../proto/binary/index.js";

const folder = mkdtempSync(join(tmpdir(), "moka-verify-"));
const at = (name: string) => join(folder, name);
const text =
  input([1, 2, 4, 4]) + layer("Convolution", "c", "data", "convolution_param { num_output: 3 kernel_size: 3 }");

beforeAll(async () => {
  mkdirSync(at("caffe"));
  writeFileSync(at("caffe/net.prototxt"), text);
  const bytes = writeNet(await trainedWeights(text));
  writeFileSync(at("caffe/net.caffemodel"), Buffer.concat(Array.isArray(bytes) ? bytes : [bytes as Uint8Array]));
  await moka(
    "export",
    at("caffe/net.prototxt"),
    at("caffe/net.caffemodel"),
    "-o",
    at("net.onnx"),
    "--engine",
    "reference",
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => moka("verify", at("net.onnx"), "--engine", "reference", ...args);

test("what is as it was passes", async () => {
  const { code, out, err } = await run();
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(
    /^Files\n {2}same {2}net caffe\/net\.prototxt\n {2}same {2}weights caffe\/net\.caffemodel\n {2}same {2}onnx net\.onnx$/m,
  );
  expect(out).toMatch(/^c +Convolution +c +[\d.e-]+ +[\d.e-]+ +[\d.e-]+$/m);
  expect(out).toMatch(/^All is as the certificate says$/m);
});

test("--json, a certificate elsewhere, and files that are given", async () => {
  renameSync(at("net.onnx.certificate.json"), at("caffe/proof.json"));
  const given = ["--model", at("caffe/net.prototxt"), "--weights", at("caffe/net.caffemodel")];
  const { code, out } = await run(at("caffe/proof.json"), "--json", ...given);
  expect([code, JSON.parse(out).problems]).toEqual([0, []]);
  const lost = await run(at("caffe/proof.json"));
  expect(lost.code).toBe(1);
  expect(lost.out).toContain("MISSING  net caffe/net.prototxt");
  expect(lost.out).toContain("give it as model (--model)");
  renameSync(at("caffe/proof.json"), at("net.onnx.certificate.json"));
});

test("a changed file is named, with exit code 1", async () => {
  const bytes = readFileSync(at("net.onnx"));
  writeFileSync(at("net.onnx"), Buffer.concat([bytes, Uint8Array.of(0)]));
  const { code, out } = await run();
  expect(code).toBe(1);
  expect(out).toContain("CHANGED  onnx net.onnx");
  expect(out).toContain("the model (net.onnx): the file has changed since it was certified");
  writeFileSync(at("net.onnx"), bytes);
});

test("a certificate that is missing or damaged is an error in one line", async () => {
  expect(await run(at("none.json"))).toMatchObject({ code: 1 });
  const { code, err } = await run(at("caffe/net.prototxt"));
  expect(code).toBe(1);
  expect(err).toMatch(/^moka: .*net\.prototxt is no certificate, or is damaged: .* \[MOKA_PARSE\]\n$/);
});

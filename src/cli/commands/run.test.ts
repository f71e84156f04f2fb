import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump, parse } from "npyjs";
import { afterAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";

const folder = mkdtempSync(join(tmpdir(), "moka-run-"));
afterAll(() => rmSync(folder, { recursive: true }));

const model = join(folder, "net.prototxt");
writeFileSync(
  model,
  `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 } } }
   layer { name: "relu" type: "ReLU" bottom: "x" top: "relu/y" }
   layer { name: "prob" type: "Softmax" bottom: "relu/y" top: "prob" }`,
);
const json = join(folder, "x.json");
writeFileSync(json, "[[-1, 0, 2], [5, -5, 0]]");
const npy = join(folder, "x.npy");
writeFileSync(npy, new Uint8Array(dump(Float64Array.of(-1, 0, 2), [1, 3])));

test("runs a net on a .json input, reshaped to its shape, and prints the outputs", async () => {
  const { code, out } = await moka("run", "-model", model, "--input", `x=${json}`, "--json");
  expect(code).toBe(0);
  const { prob } = JSON.parse(out);
  expect(prob.shape).toEqual([2, 3]);
  const e2 = Math.exp(2);
  expect(prob.data[2]).toBeCloseTo(e2 / (e2 + 2), 5);
});

test("takes .npy inputs, and writes blobs as .npy", async () => {
  const { code, out } = await moka(
    "run",
    "-model",
    model,
    "--input",
    `x=${npy}`,
    "--output",
    join(folder, "out"),
    "--blob",
    "relu/y",
  );
  expect(code).toBe(0);
  expect(out).toContain("prob: 1 × 3");
  expect(out).toContain("[0] 2: 0.786986");
  const bytes = readFileSync(join(folder, "out", "relu_y.npy"));
  const { shape, data } = parse(new Uint8Array(bytes).buffer);
  expect(shape).toEqual([1, 3]);
  expect([...(data as Float32Array)]).toEqual([0, 0, 2]);
});

test("=zeros and =random stand for values; --seed repeats those", async () => {
  const zeros = JSON.parse((await moka("run", "-model", model, "--input", "x=zeros", "--json")).out);
  expect(zeros.prob.data.map((value: number) => value.toFixed(4))).toEqual(["0.3333", "0.3333", "0.3333"]);
  const random = async (seed: string) =>
    (await moka("run", "-model", model, "--input", "x=random", "--blob", "x", "--json", "--seed", seed)).out;
  expect(await random("3")).toBe(await random("3"));
  expect(await random("3")).not.toBe(await random("4"));
});

test.each([
  [[], "the net needs x: give --input x=file.npy (or =zeros, =random)"],
  [["--input", "y=zeros"], "--input y=zeros: give name=value, where the net's inputs are x"],
  [["--input", "x=zeros", "--blob", "z"], 'the net has no blob "z"; it has x, relu/y, prob'],
])("a call with %j says what it needs", async (args, message) => {
  const { code, err } = await moka("run", "-model", model, ...args);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

test("an input that is no array of numbers is an error that names the file", async () => {
  writeFileSync(join(folder, "bad.json"), "[[1, 2], [3]]");
  const { code, err } = await moka("run", "-model", model, "--input", `x=${folder}/bad.json`);
  expect(code).toBe(1);
  expect(err).toContain(`${folder}/bad.json: `);
});

test("ONNX Runtime computes the same, blobs in between too", async () => {
  const call = ["run", "-model", model, "--input", `x=${json}`, "--json", "--blob", "relu/y"];
  const wanted = JSON.parse((await moka(...call)).out);
  const { out, err } = await moka(...call, "--engine", "onnxruntime", "--provider", "cpu");
  const found = JSON.parse(out || err);
  for (const name of ["prob", "relu/y"]) {
    expect(found[name].shape).toEqual(wanted[name].shape);
    found[name].data.forEach((value: number, i: number) => void expect(value).toBeCloseTo(wanted[name].data[i], 6));
  }
});

test("what ONNX Runtime cannot do is an error: a provider without it or that it has not, phase TRAIN", async () => {
  const call = ["run", "-model", model, "--input", "x=zeros"];
  for (const [args, message] of [
    [["--provider", "cpu"], "--provider goes with --engine onnxruntime"],
    [["--engine", "onnxruntime", "--provider", "dml"], 'ONNX Runtime has no provider "dml" here'],
    [["--engine", "onnxruntime", "--phase", "TRAIN"], "ONNX Runtime computes nets in phase TEST"],
  ] as const) {
    const { code, err } = await moka(...call, ...args);
    expect([code, err]).toEqual([expect.any(Number), expect.stringContaining(message)]);
    expect(code).not.toBe(0);
  }
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterAll, describe, expect, test } from "vitest";
import { moka } from "../../test/cli.js";
import { Net, Solver } from "../index.js";
import { NetParameterSchema } from "../proto/gen/caffe_pb.js";
import type { Weights } from "../proto/weight-sources.js";
import type { LogSeverity } from "../util/log.js";

const folder = mkdtempSync(join(tmpdir(), "moka-gap-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

const input = 'layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 } } }\n';
const fc = (name: string) =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }\n`;
const prelu = (name: string) => `layer { name: "${name}" type: "PReLU" bottom: "y" top: "y" }\n`;

const trained = await Net.load(input + fc("fc") + prelu("PReLU1"), { engine: "reference" });
await trained.save(at("w.caffemodel"));
await trained.dispose();

async function logOf(text: string, phase: "TRAIN" | "TEST") {
  const lines: [LogSeverity, string][] = [];
  const net = await Net.load(text, {
    ...{ engine: "reference", phase, weights: at("w.caffemodel") },
    log: (severity, _, line) => lines.push([severity, line]),
  });
  await net.dispose();
  return lines.filter(([, line]) => line.includes("no weights from"));
}

describe("a net whose weights leave a layer as it was made", () => {
  test("is loaded with a warning that names the layer, the weights, and what was meant", async () => {
    expect(await logOf(input + fc("fc") + prelu("relu1"), "TEST")).toEqual([
      [
        "warning",
        `1 layer gets no weights from ${at("w.caffemodel")}, and stays as its filler made it: "relu1" (PReLU; did you mean "PReLU1"?); ` +
          'no layer takes its "PReLU1"',
      ],
    ]);
    expect(await logOf(input + fc("fc8_mine") + prelu("PReLU1"), "TEST")).toEqual([
      ["warning", expect.stringMatching(/"fc8_mine" \(InnerProduct; did you mean "fc"\?\)/)],
    ]);
  });

  test("says so as information where it is finetuned", async () => {
    expect(await logOf(input + fc("fc8_mine") + prelu("PReLU1"), "TRAIN")).toEqual([["info", expect.any(String)]]);
  });

  test("says nothing where all layers have theirs, or are made on purpose", async () => {
    expect(await logOf(input + fc("fc") + prelu("PReLU1"), "TEST")).toEqual([]);
    expect(
      await logOf(
        `${input + fc("fc") + prelu("PReLU1")}layer { name: "s" type: "Scale" bottom: "y" top: "y" }\n`,
        "TEST",
      ),
    ).toEqual([]);
  });
});

describe("commands that compute with weights", () => {
  const model = at("n.prototxt");
  writeFileSync(model, input + fc("fc1") + prelu("PReLU1"));
  writeFileSync(at("x.json"), "[[1, 2, 3]]");
  const weights = at("w.caffemodel");

  test.each([
    ["run", "-model", model, "-weights", weights, "--input", `x=${at("x.json")}`, "--json"],
    ["test", "-model", model, "-weights", weights, "-iterations", "1"],
    ["test", "-model", model, "-weights", weights, "-iterations", "1", "--json"],
    ["time", "-model", model, "-weights", weights, "-iterations", "1", "-phase", "TEST", "--json"],
  ])("%s says on stderr which layers got none, and goes on", async (...args) => {
    const { code, err, out } = await moka(...args);
    expect(code, err).toBe(0);
    expect(err).toContain('stays as its filler made it: "fc1" (InnerProduct; did you mean "fc"?)');
    expect(out).not.toContain("no weights from");
  });

  test.each([
    ["a file", weights],
    ["bytes", readFileSync(weights)],
    ["a message", create(NetParameterSchema, { layer: [{ name: "other" }] })],
  ])("training from %s tells it as information, for the training net and its test nets", async (_, weights) => {
    expect(await trainedFrom(weights)).toEqual(["info", "info"]);
  });

  test("training from several files looks at all of them together", async () => {
    const mine = await Net.load(input + fc("mine"), { engine: "reference" });
    await mine.save(at("mine.caffemodel"));
    await mine.dispose();
    for (const files of [
      [at("w.caffemodel"), at("mine.caffemodel")],
      [at("mine.caffemodel"), at("w.caffemodel")],
    ]) {
      expect(await trainedFrom(undefined, files)).toEqual([]);
      expect(await trainedFrom(files)).toEqual([]);
    }
  });

  async function trainedFrom(weights: Weights | undefined, named: readonly string[] = []) {
    const net = `${input.replace('"Input"', '"DummyData"').replace("input_param", "dummy_data_param")}${fc("mine")}
layer { name: "t" type: "DummyData" top: "t" dummy_data_param { shape { dim: 1 dim: 2 } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }`;
    const text = `net_param {\n${net}\n} base_lr: 1 lr_policy: "fixed" max_iter: 1 test_iter: 1 test_interval: 1 snapshot_after_train: false\n${named.map((path) => `weights: "${path}"\n`).join("")}`;
    const lines: [LogSeverity, string][] = [];
    const solver = await Solver.load(text, {
      engine: "reference",
      weights,
      log: (severity, _, line) => lines.push([severity, line]),
    });
    await solver.dispose();
    const said = lines.filter(([, line]) => line.includes("no weights from") && line.includes('"mine"'));
    return said.map(([severity]) => severity);
  }
});

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "npyjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";
import { input, layer, trainedWeights } from "../../../test/folding.js";
import { writeNet } from "../../proto/binary/index.js";

const folder = mkdtempSync(join(tmpdir(), "moka-fold-"));
const at = (name: string) => join(folder, name);
const model = at("net.prototxt");
const weights = at("net.caffemodel");
const text =
  'name: "small"\n' +
  input([1, 2, 6, 6]) +
  layer("BatchNorm", "first", "data") +
  layer("Convolution", "c", "first", "convolution_param { num_output: 3 kernel_size: 3 pad: 1 bias_term: false }") +
  layer("BatchNorm", "bn", "c", "", "c") +
  layer("Scale", "sc", "c", "scale_param { bias_term: true }", "c");

beforeAll(async () => {
  writeFileSync(model, text);
  const bytes = writeNet(await trainedWeights(text));
  writeFileSync(weights, Buffer.concat(Array.isArray(bytes) ? bytes : [bytes as Uint8Array]));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("shows what was folded into what, what was kept and why, and the proof, and writes both files", async () => {
  const { code, out, err } = await moka("fold", model, weights, "-o", at("folded"), "--engine", "reference");
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(/^small: 2 of 3 BatchNorm, Scale and Bias layers folded$/m);
  expect(out).toMatch(/^Layer +Error +Channel +Its bound +Used +Takes over$/m);
  expect(out).toMatch(/^c +[\d.e-]+ +\d +[\d.e-]+ +[\d.]+ % +bn, sc$/m);
  expect(out).toMatch(/^ {2}first \(BatchNorm\): "data" \(Input\) before it is no .* pads with zeros \(pad 1\)/m);
  expect(out).toMatch(/^5 layers, 72 parameters .* → 3 layers, 62 parameters/m);
  expect(out).toMatch(/^ {2}equal {2}c 1×3×6×6: largest error [\d.e-]+, relative [\d.e-]+$/m);
  expect(out).toContain(`Wrote ${at("folded.prototxt")} and ${at("folded.caffemodel")}`);
  const run = await moka(
    "run",
    "--model",
    at("folded.prototxt"),
    "--weights",
    at("folded.caffemodel"),
    "--input",
    "data=zeros",
  );
  expect(run.code).toBe(0);
});

test("--json gives all of it, and without -o nothing is written", async () => {
  const { code, out } = await moka("fold", model, weights, "--json", "--engine", "reference");
  expect(code).toBe(0);
  const result = JSON.parse(out);
  expect(result).toMatchObject({
    name: "small",
    folded: [
      { layer: "bn", type: "BatchNorm", into: ["c"], kind: "before" },
      { layer: "sc", type: "Scale", into: ["c"], kind: "before" },
    ],
    kept: [{ layer: "first", type: "BatchNorm" }],
    targets: [{ layer: "c", first: "c", last: "sc", layers: 2 }],
    proof: { ran: true, passed: true, outputs: [{ name: "c", shape: [1, 3, 6, 6] }] },
    written: [],
  });
  expect(result.targets[0].bound.slope.length).toBe(3);
});

test("exits with 1 and writes nothing where an output is beyond the tolerance", async () => {
  const { code, out } = await moka(
    "fold",
    model,
    weights,
    "-o",
    at("no"),
    "--tolerance",
    "1e-13",
    "--engine",
    "reference",
  );
  expect(code).toBe(1);
  expect(out).toMatch(/DIFFERS {2}c /);
  expect(out).toMatch(/^Nothing written$/m);
  expect(existsSync(at("no.caffemodel"))).toBe(false);
});

test("--input takes values from a file, --shape the sizes of random ones", async () => {
  const data = Float32Array.from({ length: 2 * 2 * 4 * 4 }, (_, i) => Math.cos(i));
  writeFileSync(at("data.npy"), new Uint8Array(dump(data, [2, 2, 4, 4], { dtype: "f4" })));
  const given = await moka("fold", model, weights, "--input", `data=${at("data.npy")}`, "--engine", "reference");
  expect(given.out).toMatch(/\(data given\)[\s\S]*equal {2}c 2×3×4×4/);
  const shaped = await moka("fold", model, weights, "--shape", "data=3,2,5,5", "--engine", "reference");
  expect(shaped.out).toMatch(/\(data random\)[\s\S]*equal {2}c 3×3×5×5/);
});

test("a net that cannot run here is folded with a notice, its bounds for inputs up to 1", async () => {
  writeFileSync(at("unknown.prototxt"), text + layer("Quantum", "p", "c"));
  const { code, out } = await moka("fold", at("unknown.prototxt"), weights, "-o", at("unproven"));
  expect(code).toBe(0);
  expect(out).toContain('Not proven by running: Moka does not know the type of "p" (Quantum)');
  expect(out).toMatch(/^Layer +Bound for inputs to 1 +Channel +Takes over\nc +[\d.e-]+ +\d +bn, sc$/m);
  expect(readFileSync(at("unproven.prototxt"), "utf8")).toContain('type: "Quantum"');
});

test("does not write over what it folds", async () => {
  const { code, err } = await moka("fold", model, weights, "-o", at("net"));
  expect(code).toBe(2);
  expect(err).toContain(`would overwrite ${model}, which is folded; give another name`);
  expect(readFileSync(model, "utf8")).toBe(text);
});

test.each([
  [["--tolerance", "0"], '--tolerance must be a number greater than 0, not "0"'],
  [["--shape", "data"], "--shape must be a blob's name and its sizes"],
  [["--input", "data"], '--input must be a name and a file, as data=x.npy, not "data"'],
  [["--shape", "date=1,2"], 'the net has no input "date"; its inputs are data'],
])("refuses %s", async (args, message) => {
  const { code, err } = await moka("fold", model, weights, ...args);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

test("an error in a file is told with exit code 1", async () => {
  expect(await moka("fold", model, at("none.caffemodel"))).toMatchObject({ code: 1 });
  writeFileSync(at("broken.prototxt"), text.replace('bottom: "first"', 'bottom: "second"'));
  const { code, err } = await moka("fold", at("broken.prototxt"), weights);
  expect(code).toBe(1);
  expect(err).toContain('bottom 0 is "second", which no layer above produces');
});

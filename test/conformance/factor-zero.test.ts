// Weights whose BatchNorm has mean and variance, and a factor of 0: a program that converted them left it out.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Net } from "../../src/index.js";
import { moka } from "../cli.js";

const caseOf = (name: string) => fileURLToPath(new URL(`../cases/factor-zero/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "moka-factor-"));
const at = (name: string) => join(folder, name);
const net = caseOf("net.prototxt");
const weights = { binary: caseOf("w.caffemodel"), hdf5: at("w.caffemodel.h5") };
beforeAll(async () => {
  const loaded = await Net.load(net, { weights: weights.binary, engine: "reference" });
  await loaded.save(weights.hdf5);
  await loaded.dispose();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function outputOf(path: string): Promise<readonly number[]> {
  const loaded = await Net.load(net, { weights: path, engine: "reference" });
  await loaded.forward({ data: Float32Array.from({ length: 18 }, (_, i) => i / 7) });
  const output = [...(loaded.blobs.get("sc")?.data ?? [])];
  await loaded.dispose();
  return output;
}

test.each([
  ["a caffemodel", weights.binary, "fixed.caffemodel"],
  ["HDF5", weights.hdf5, "fixed.caffemodel.h5"],
])("lint finds it in %s, and fix sets the factor to 1, and nothing else", async (_, path, fixed) => {
  const found = await moka("lint", net, "--weights", path, "--rule", "bias-before-bn=off");
  expect(found.code).toBe(1);
  expect(found.out).toContain(
    'layer "bn" (BatchNorm) has a factor of 0 in the weights, though its mean and variance are not 0',
  );
  const trial = await moka("fix", net, "--weights", path, "--diff");
  expect(trial.err).toContain("would fix 1 problem in the weights; nothing is written");
  const repaired = await moka("fix", net, "--weights", path, "--weights-out", at(fixed));
  expect([repaired.code, repaired.err]).toEqual([0, ""]);
  expect(repaired.out).toContain(`fixed 1 problem in the weights\nwrote the weights that belong to it to ${at(fixed)}`);
  expect((await moka("lint", net, "--weights", at(fixed))).out).toBe("no problems in 1 file\n");
  const [before, after] = await Promise.all([path, at(fixed)].map((each) => Net.load(net, { weights: each })));
  for (const [name, blobs] of before.params) {
    for (const [index, { data }] of blobs.entries()) {
      const isFactor = name === "bn" && index === 2;
      expect([...(after.params.get(name)?.[index]?.data ?? [])]).toEqual(isFactor ? [1] : [...data]);
    }
  }
  await Promise.all([before, after].map((each) => each.dispose()));
  expect(await outputOf(at(fixed))).not.toEqual(await outputOf(path));
});

test("stats shows what the layer uses, and what it would use with a factor of 1", async () => {
  const { out } = await moka("stats", net, weights.binary);
  expect(out).toContain("  factor   0, though mean and variance are not: the layer takes 0 for both\n");
  expect(out).toMatch(/^ {2}mean {5}0 … 0 /m);
  expect(out).toMatch(/^ {2}with a factor of 1: mean -0\.25 … 0\.5, variance 0\.5 … 2, γ\/σ 1\.06 … 2\.83;$/m);
  expect(out).toMatch(/^1 BatchNorm layer, 0 with/m);
  const [layer] = JSON.parse((await moka("stats", net, weights.binary, "--json")).out).layers;
  expect(layer.reading.state).toBe("left out");
  expect(layer.withFactor1.variance.values).toEqual([2, 0.5]);
  expect(layer.variance.values).toEqual([0, 0]);
});

test("fold warns", async () => {
  const { code, err, out } = await moka("fold", net, weights.binary, "--engine", "reference");
  expect(code).toBe(0);
  expect(out).toContain("equal  sc");
  expect(err).toMatch(
    /^warning: BatchNorm "bn" has a factor of 0 in the weights, though its mean and variance are not: .*\n$/,
  );
});

test("a layer that was never trained is something else", async () => {
  const loaded = await Net.load(net, { weights: weights.binary, engine: "reference" });
  for (const { data } of loaded.params.get("bn") ?? []) data.fill(0);
  await loaded.save(at("new.caffemodel"));
  await loaded.dispose();
  const { out } = await moka("fix", net, "--weights", at("new.caffemodel"));
  expect(out).toContain("fixed 0 problems");
  expect(out).toContain("it has made no forward in TRAIN");
  const stats = await moka("stats", net, at("new.caffemodel"));
  expect(stats.out).toContain("factor   0: never trained");
  expect(stats.out).not.toContain("with a factor of 1");
  expect((await moka("fold", net, at("new.caffemodel"), "--engine", "reference")).err).toContain(
    "it was never trained",
  );
});

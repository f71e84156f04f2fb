// Ten nets of Caffe's forks (see forks/README.md): TEST from the files that the forks' own numbers are in, TRAIN with gradients, and
// eight steps of a solver.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Net, Solver } from "../../src/index.js";
import { createFiles } from "../../src/platform/memory-files.js";
import { distance, largest } from "../distance.js";
import { readSafetensors } from "../safetensors.js";
import { engineChoices } from "./engines.js";

const folder = new URL("forks/nets/", import.meta.url);
const names = readdirSync(folder);
const path = (name: string, file: string) => new URL(`${name}/${file}`, folder);
const text = (name: string, file: string) => readFileSync(path(name, file), "utf8");
const bytes = (name: string, file: string) => new Uint8Array(readFileSync(path(name, file)));
const golden = (name: string, file: string) => readSafetensors(readFileSync(path(name, file)));

/** The tensors whose names begin with `prefix/`, by the rest of their names. */
function given(name: string, file: string, prefix: string): Record<string, Float32Array> {
  const found = [...golden(name, file).tensors].filter(([key]) => key.startsWith(`${prefix}/`));
  return Object.fromEntries(found.map(([key, { data }]) => [key.slice(prefix.length + 1), data as Float32Array]));
}

/**
 * The values that differ by more than `tolerance` of the largest value of the reference's. The gradient of a bias right before a
 * normalization is nothing but rounding: gradients of biases are held against the largest of their layer's weights too.
 */
function differing(
  wanted: Readonly<Record<string, Float32Array>>,
  of: (name: string) => Float32Array | undefined,
  tolerance: number,
): string[] {
  return Object.entries(wanted).flatMap(([name, data]) => {
    const weights = /\/1$/.test(name) ? wanted[name.replace(/1$/, "0")] : undefined;
    const error = distance(of(name), data) / (Math.max(largest(data), weights ? largest(weights) : 0) || 1);
    return error <= tolerance ? [] : [`${name}: ${error.toExponential(1)}`];
  });
}

/** Each net on two engines; together they see all. */
const engines = Object.entries(engineChoices);
const chosen = (name: string) => [0, 1].map((i) => engines[(names.indexOf(name) * 2 + i) % engines.length]?.[1]);

test("there are all ten nets", () => {
  expect(names).toHaveLength(10);
});

describe.each(names)("%s", (name) => {
  const layouts = ["weights", "weights_original", "weights_legacy", "weights_yjxiong"].map(
    (each) => `${each}.caffemodel`,
  );
  const files = layouts.filter((file) => existsSync(path(name, file)));

  test.each(files)("in TEST, from %s", async (file) => {
    for (const choice of chosen(name)) {
      const net = await Net.load(text(name, "test.prototxt"), { ...choice, weights: bytes(name, file) });
      await net.forward(given(name, "test.safetensors", "in"));
      const blob = (each: string) => net.blobs.get(each)?.data;
      expect(differing(given(name, "test.safetensors", "out"), blob, 1e-5)).toEqual([]);
      expect(differing(given(name, "test.safetensors", "blob"), blob, 1e-5)).toEqual([]);
      await net.dispose();
    }
  });

  test("in TRAIN", async () => {
    const file = "train.safetensors";
    for (const choice of chosen(name)) {
      const net = await Net.load(text(name, "train.prototxt"), { ...choice, phase: "TRAIN" });
      const param = (key: string) => {
        const [layer = "", index] = key.split(/\/(?=\d+$)/);
        return net.params.get(layer)?.[Number(index)];
      };
      for (const [key, data] of Object.entries(given(name, file, "param"))) param(key)?.data.set(data);
      await net.forward(given(name, file, "in"));
      const blob = (each: string) => net.blobs.get(each)?.data;
      expect(differing(given(name, file, "out"), blob, 1e-5)).toEqual([]);
      expect(differing(given(name, file, "blob"), blob, 1e-5)).toEqual([]);
      expect(differing(given(name, file, "param_after"), (key) => param(key)?.data, 1e-5)).toEqual([]);
      net.clearParamDiffs();
      await net.backward();
      expect(differing(given(name, file, "param_diff"), (key) => param(key)?.diff, 1e-4)).toEqual([]);
      await net.dispose();
    }
  });

  test("in eight steps of its solver", async () => {
    const solverFiles = createFiles({
      "train.prototxt": text(name, "train.prototxt"),
      "solver.prototxt": text(name, "solver.prototxt"),
    });
    const [choice] = chosen(name);
    const solver = await Solver.load("solver.prototxt", {
      ...choice,
      files: solverFiles,
      weights: bytes(name, "weights.caffemodel"),
    });
    for (const [input, data] of Object.entries(given(name, "train.safetensors", "in"))) {
      solver.net.blobs.get(input)?.data.set(data);
    }
    const losses = given(name, "trajectory.safetensors", "loss");
    const seen = Object.fromEntries(Object.keys(losses).map((key) => [key, [] as number[]]));
    for (let i = 0; i < 8; i++) {
      await solver.step(1);
      for (const [key, values] of Object.entries(seen)) values.push(solver.net.blobs.get(key)?.data[0] ?? Number.NaN);
    }
    expect(differing(losses, (key) => Float32Array.from(seen[key] ?? []), 1e-5)).toEqual([]);
    const final = given(name, "trajectory.safetensors", "final");
    const param = (key: string) => {
      const [layer = "", index] = key.split(/\/(?=\d+$)/);
      return solver.net.params.get(layer)?.[Number(index)]?.data;
    };
    expect(differing(final, param, 1e-4)).toEqual([]);
    await solver.dispose();
  });
});

// Every layer case of the reference (see README.md here), on every engine: forward, backward, and what forward
// leaves in the parameters.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Engine } from "../../src/core/engine.js";
import { ReferenceEngine } from "../../src/engines/reference/index.js";
import { WasmEngine } from "../../src/engines/wasm/index.js";
import { layers } from "../../src/layers/index.js";
import { netFromText } from "../nets.js";
import { readSafetensors } from "../safetensors.js";

const folder = new URL("layers/", import.meta.url);
const types = new Set(layers.map(({ type }) => type));
const cases = readdirSync(folder)
  .filter((type) => types.has(type))
  .flatMap((type) => readdirSync(new URL(`${type}/`, folder)).map((name) => `${type}/${name}`));

const engines: Record<string, () => Promise<Engine>> = {
  reference: async () => new ReferenceEngine(),
  wasm: () => WasmEngine.create(),
};

/** ‖a − b‖/‖b‖, or ‖a − b‖ where b is 0. */
function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let distance = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    distance += (a[i] - b[i]) ** 2;
    norm += b[i] ** 2;
  }
  return Math.sqrt(distance) / (Math.sqrt(norm) || 1);
}

test("there are cases for every layer type but those that only bring data", () => {
  const without = [...types].filter((type) => !existsSync(new URL(type, folder)));
  expect(without.sort()).toEqual(["Data", "DummyData", "HDF5Data", "Input", "MemoryData"]);
});

for (const [engineName, createEngine] of Object.entries(engines)) {
  test.each(cases)(`%s on ${engineName}`, async (path) => {
    const text = readFileSync(new URL(`${path}/net.prototxt`, folder), "utf8");
    const { metadata, tensors } = readSafetensors(readFileSync(new URL(`${path}/tensors.safetensors`, folder)));
    const engine = await createEngine();
    const net = await netFromText(text, { phase: metadata.phase as "TRAIN" | "TEST", engine });
    const given = (prefix: string) =>
      [...tensors].flatMap(([name, tensor]) =>
        name.startsWith(`${prefix}/`) ? [{ name: name.slice(prefix.length + 1), ...tensor }] : [],
      );
    const param = (name: string) => {
      const [layer, index] = name.split("/");
      return net.params.get(layer)?.[Number(index)];
    };
    const compare = (what: string, actual: Float32Array | undefined, expected: Float32Array) => {
      expect(actual?.length, what).toBe(expected.length);
      expect(relativeError(actual ?? [], expected), what).toBeLessThanOrEqual(1e-5);
    };
    let compared = 0;

    for (const { name, data } of given("param")) param(name)?.data.set(data);
    await net.forward(Object.fromEntries(given("in").map(({ name, data }) => [name, data])));
    for (const { name, shape, data } of given("out")) {
      if (metadata.loss !== "true") expect(countedShape(net.blobs.get(name)?.shape)).toEqual(shape);
      compare(`out/${name}`, net.blobs.get(name)?.data, data);
      compared++;
    }
    for (const { name, data } of given("param_after")) {
      compare(`param_after/${name}`, param(name)?.data, data);
      compared++;
    }
    if (metadata.loss === "true") {
      for (const { name, data } of given("out_diff")) compare(`out_diff/${name}`, net.blobs.get(name)?.diff, data);
    } else {
      for (const { name, data } of given("out_diff")) net.blobs.get(name)?.diff.set(data);
    }
    await net.backward();
    for (const { name, data } of given("in_diff")) {
      compare(`in_diff/${name}`, net.blobs.get(name)?.diff, data);
      compared++;
    }
    for (const { name, data } of given("param_diff")) {
      compare(`param_diff/${name}`, param(name)?.diff, data);
      compared++;
    }
    expect(compared).toBeGreaterThan(0);
    await net.dispose();
    await engine.dispose();
  });
}

/** The files have no scalars: those are written as one axis of 1. */
function countedShape(shape: readonly number[] | undefined): readonly number[] | undefined {
  return shape?.length === 0 ? [1] : shape;
}

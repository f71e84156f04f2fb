// What the data layers of the reference put out (see README.md here), in its first forwards after random_seed 1701: from
// the same files, in the same order, cropped, mirrored, resized and warped alike, on every engine and in both phases.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { netFromText } from "../nets.js";
import { readSafetensors } from "../safetensors.js";
import { sharedEngines } from "./engines.js";

const folder = fileURLToPath(new URL("data/", import.meta.url));
const cases = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== "inputs")
  .map(({ name }) => name);

test("there are all 13 cases", () => void expect(cases).toHaveLength(13));

test("there are cases for every layer type that reads files", () => {
  const text = cases.map((name) => readFileSync(`${folder}/${name}/net.prototxt`, "utf8")).join("");
  const types = new Set(Array.from(text.matchAll(/type: "(\w+)"/g), ([, type]) => type));
  expect([...types].sort()).toEqual(["Data", "HDF5Data", "ImageData", "WindowData"]);
});

/**
 * How far a value may be away, in levels of 0 to 255: what another JPEG decoder may do. Rounding gives each component
 * one level, which the coefficients of red and blue make almost three; the rest is for colors stored at half the size,
 * which decoders enlarge in ways of their own (the plainest, which repeats them, is 4 away). All else is exact.
 */
const tolerances: Readonly<Record<string, number>> = { image_jpeg: 6 };

const engineOf = sharedEngines();

// Engines compute nothing here, they only hold what the layers write: in plain arrays, or in memory that is shared.
for (const engineName of ["reference", "wasm on 2 threads"]) {
  test.each(cases)(`%s on ${engineName}`, async (name) => {
    for (const phase of ["TRAIN", "TEST"] as const) await follow(name, phase, engineName);
  });
}

async function follow(name: string, phase: "TRAIN" | "TEST", engineName: string): Promise<void> {
  const file = `${folder}/${name}/net.prototxt`;
  const { metadata, tensors } = readSafetensors(readFileSync(`${folder}/${name}/tensors.safetensors`));
  const setup = { phase, file, seed: Number(metadata.seed), engine: await engineOf(engineName) };
  const net = await netFromText(readFileSync(file, "utf8"), setup);
  // TEST has tensors of its own only where the reference's differ.
  const written = tensors.has(`${phase}/0/data`) ? phase : "TRAIN";
  const expected = (forward: number) =>
    net.outputs.map((top) => ({ top, tensor: tensors.get(`${written}/${forward}/${top}`) }));
  for (let forward = 0; forward < 3; forward++) {
    const tops = await net.forward();
    for (const { top, tensor } of expected(forward)) {
      const what = `${top} of forward ${forward}, ${phase}`;
      expect(net.blobs.get(top)?.shape, what).toEqual(tensor?.shape);
      if (name in tolerances) expect(mostApart(tops[top], tensor?.data), what).toBeLessThanOrEqual(tolerances[name]);
      else expect(tops[top], what).toEqual(tensor?.data);
    }
  }
  await net.dispose();
}

const mostApart = (a: Float32Array, b: Float32Array = new Float32Array()) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

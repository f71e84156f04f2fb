// Real models of ../shared/corpus/forks/models, most with layers of Caffe's forks, on a photo and on random values, beside what the
// reference computed.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "npyjs";
import { describe, expect, test } from "vitest";
import { Net } from "../../src/index.js";
import { blas } from "../blas.js";
import { distance, largest } from "../distance.js";

const corpus = fileURLToPath(new URL("../../../shared/corpus/forks/models/", import.meta.url));
const here = existsSync(corpus);
const models = here ? readdirSync(corpus) : [];
const title = here ? "models of forks" : "models of forks (skipped: there is no ../shared/corpus/forks)";
const engines = blas ? (["wasm", "blas"] as const) : (["wasm"] as const);

interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Blobs of a folder by name, as files `PREFIX_NAME.npy` hold them, with _ for each / of a name. */
function blobsOf(folder: string, prefix: string, names: readonly string[]): ReadonlyMap<string, Values> {
  const found = names.flatMap((name): [string, Values][] => {
    const path = `${folder}${prefix}_${name.replaceAll("/", "_")}.npy`;
    if (!existsSync(path)) return [];
    const { shape, data } = parse(new Uint8Array(readFileSync(path)).buffer);
    return [[name, { shape, data: Float32Array.from(data as Float32Array) }]];
  });
  return new Map(found);
}

/** Detections: image, label, score, xmin, ymin, xmax, ymax. */
const isDetections = ({ shape }: Values) => shape.length === 4 && shape[1] === 1 && shape[3] === 7;

/** Every value within 1e-4 of the largest; of detections, the same rows, their scores and boxes within 1e-4. */
function compare(name: string, actual: Values | undefined, wanted: Values): void {
  expect(actual?.shape, name).toEqual(wanted.shape);
  if (!actual) return;
  if (!isDetections(wanted)) {
    expect(distance(actual.data, wanted.data) / (largest(wanted.data) || 1), name).toBeLessThanOrEqual(1e-4);
    return;
  }
  const labels = ({ data }: Values) => Array.from(data).filter((_, i) => i % 7 < 2);
  expect(labels(actual), name).toEqual(labels(wanted));
  expect(distance(actual.data, wanted.data), name).toBeLessThanOrEqual(1e-4);
}

describe.skipIf(!here)(title, () => {
  test("are there", () => expect(models.length).toBe(11));

  describe.each(engines)("on %s", (engine) => {
    test.each(models)("%s gives what the reference gives", async (model) => {
      const folder = `${corpus}${model}/`;
      const reference = JSON.parse(readFileSync(`${folder}ref.json`, "utf8"));
      const [inputs, outputs] = [Object.keys(reference.inputs), Object.keys(reference.outputs)];
      const net = await Net.load(`${folder}net.prototxt`, { engine, weights: `${folder}weights.caffemodel` });
      for (const run of [folder, `${folder}random/`]) {
        const given = blobsOf(run, "in", inputs);
        const wanted = blobsOf(run, "out", outputs);
        expect([...given.keys(), ...wanted.keys()]).toEqual([...inputs, ...outputs]);
        net.reshape(Object.fromEntries([...given].map(([name, { shape }]) => [name, [...shape]])));
        await net.forward(Object.fromEntries([...given].map(([name, { data }]) => [name, data])));
        const inner = blobsOf(run, "mid", Object.keys(reference.blobs));
        for (const [name, values] of [...inner, ...wanted]) compare(`${run}${name}`, net.blobs.get(name), values);
      }
      await net.dispose();
    });
  });
});

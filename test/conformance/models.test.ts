// Real weights with their nets: loaded, they give what the reference gives, and the summary has the shapes that the
// reference reports.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "npyjs";
import { describe, expect, test } from "vitest";
import { summarize } from "../../src/api/summary.js";
import { Net } from "../../src/index.js";
import { parseNet } from "../../src/proto/text/index.js";
import { relativeError } from "../golden/engines.js";

const corpus = fileURLToPath(new URL("../../../shared/corpus/models/", import.meta.url));
const here = existsSync(corpus);
const models = here ? readdirSync(corpus).filter((name) => name.endsWith(".caffemodel")) : [];

/** What the reference says of a model: per blob its shape, then sums; the parameters of each layer; all layers. */
interface Reference {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly outputs: Readonly<Record<string, readonly number[]>>;
  readonly blobs: Readonly<Record<string, readonly [shape: readonly number[], ...sums: number[]]>>;
  readonly params: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly layers: readonly (readonly [name: string, type: string])[];
}

const folderOf = (model: string) => `${corpus}${model}.ref/`;
const read = (model: string, name: string) => readFileSync(`${folderOf(model)}${name}`);
const referenceOf = (model: string): Reference => JSON.parse(read(model, "ref.json").toString());

function readNpy(model: string, name: string): { shape: readonly number[]; data: Float32Array } {
  const { shape, data } = parse(new Uint8Array(read(model, `${name.replaceAll("/", "_")}.npy`)).buffer);
  return { shape, data: Float32Array.from(data as Float32Array) };
}

const title = here ? "real models" : "real models (skipped: there is no ../shared/corpus)";

describe.skipIf(!here)(title, () => {
  test("are there", () => expect(models.length).toBe(11));

  test.each(models)("%s gives what the reference gives", async (model) => {
    const { inputs, outputs } = referenceOf(model);
    const net = await Net.load(`${folderOf(model)}net.prototxt`, { engine: "wasm", weights: `${corpus}${model}` });
    const given = Object.keys(inputs).map((name) => [name, readNpy(model, `in_${name}`).data] as const);
    net.reshape(inputs); // the reference took other batches than some prototxts say
    const computed = await net.forward(Object.fromEntries(given));
    expect(Object.keys(computed).sort()).toEqual(Object.keys(outputs).sort());
    for (const [name, shape] of Object.entries(outputs)) {
      const expected = readNpy(model, `out_${name}`);
      expect(expected.shape).toEqual(shape);
      expect(net.blobs.get(name)?.shape).toEqual(shape);
      expect(relativeError(computed[name], expected.data), name).toBeLessThanOrEqual(1e-4);
    }
    await net.dispose();
  });

  test.each(models)("%s is summed up with the reference's shapes", async (model) => {
    const { inputs, blobs, params, layers } = referenceOf(model);
    const { message } = parseNet(read(model, "net.prototxt").toString());
    const summary = await summarize(message, { shapes: inputs, weights: `${corpus}${model}` });
    const shapes = Object.entries(blobs).map(([name, [shape]]) => [name, shape]);
    expect(summary.blobs).toEqual(Object.fromEntries(shapes));
    expect(summary.layers.map(({ name, type }) => [name, type])).toEqual(layers);
    const withParams = summary.layers.filter((layer) => layer.params.length > 0);
    expect(withParams.map(({ name, params: own }) => [name, own.map(({ shape }) => shape)])).toEqual(
      Object.entries(params),
    );
    expect(withParams.every(({ hasWeights }) => hasWeights)).toBe(true);
    const counts = Object.values(params).flatMap((own) => own.map((shape) => shape.reduce((a, b) => a * b, 1)));
    expect(summary.totals.parameters).toBe(counts.reduce((a, b) => a + b, 0));
  });
});

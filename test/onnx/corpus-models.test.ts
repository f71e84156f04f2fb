// Real models of ../shared/corpus, of BVLC's Caffe and of its forks, exported and run in ONNX Runtime on a photo and on random values:
// their outputs are what the reference computed. None is refused.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "npyjs";
import { describe, expect, test } from "vitest";
import type { Shape } from "../../src/util/shape.js";
import { exported, largestError, runOnnx, type Values } from "./exported.js";

const corpus = fileURLToPath(new URL("../../../shared/corpus/", import.meta.url));
const here = existsSync(corpus);
const title = here ? "models of the corpus" : "models of the corpus (skipped: there is no ../shared/corpus)";

/** A model: where its net and its values lie, where its weights lie, and the folders of its runs. */
interface Model {
  readonly name: string;
  readonly folder: string;
  readonly weights: string;
  readonly runs: readonly string[];
}

const list = (folder: string) => (here ? readdirSync(folder) : []);
const models: readonly Model[] = [
  ...list(`${corpus}models/`).flatMap((name): Model[] => {
    if (!name.endsWith(".ref")) return [];
    const folder = `${corpus}models/${name}/`;
    return [{ name, folder, weights: folder.replace(/\.ref\/$/, ""), runs: [folder] }];
  }),
  ...list(`${corpus}forks/models/`).map((name): Model => {
    const folder = `${corpus}forks/models/${name}/`;
    return { name, folder, weights: `${folder}weights.caffemodel`, runs: [folder, `${folder}random/`] };
  }),
];

interface Reference {
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly outputs: Readonly<Record<string, Shape>>;
}

/** A blob of a run; `/` of its name is `_` in the file's. */
function blobOf(run: string, prefix: string, name: string): Values {
  const { shape, data } = parse(
    new Uint8Array(readFileSync(`${run}${prefix}_${name.replaceAll("/", "_")}.npy`)).buffer,
  );
  return { shape, data: Float32Array.from(data as Float32Array) };
}

/** Every model in the default opset, and in one of the others, in turn. */
const cases = models.flatMap((model, i) => [13, [11, 18, 22][i % 3] ?? 22].map((opset) => ({ ...model, opset })));

describe.skipIf(!here)(title, () => {
  test("are there", () => expect(models.length).toBe(22));

  test.each(cases)("$name in opset $opset", async ({ folder, weights, runs, opset }) => {
    const { inputs, outputs }: Reference = JSON.parse(readFileSync(`${folder}ref.json`, "utf8"));
    const { bytes } = await exported(`${folder}net.prototxt`, weights, { shapes: inputs, opset });
    for (const run of runs) {
      const given = Object.fromEntries(Object.keys(inputs).map((input) => [input, blobOf(run, "in", input)]));
      const found = await runOnnx(bytes, given);
      for (const output of Object.keys(outputs)) {
        const wanted = blobOf(run, "out", output);
        expect(found[output]?.shape, `${run}${output}`).toEqual(wanted.shape);
        expect(largestError(found[output].data, wanted.data), `${run}${output}`).toBeLessThanOrEqual(1e-5);
      }
    }
  });
});

// Caffe → ONNX → Caffe: real models, exported and imported again, give what the reference computed.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { WeightFileStore } from "../../src/data/weight-files.js";
import { createFiles } from "../../src/platform/node/index.js";
import { silent } from "../../src/util/log.js";
import { exported } from "./exported.js";
import { differenceOf, readNpy, runImported, type Values } from "./imported.js";

const corpus = fileURLToPath(new URL("../../../shared/corpus/models/", import.meta.url));
const here = existsSync(corpus);
const models = here ? readdirSync(corpus).filter((name) => name.endsWith(".caffemodel")) : [];
const title = here
  ? "real models, there and back"
  : "real models, there and back (skipped: there is no ../shared/corpus)";

describe.skipIf(!here)(title, () => {
  test.each(models)("%s", async (model) => {
    const folder = `${corpus}${model}.ref/`;
    const { inputs, outputs } = JSON.parse(readFileSync(`${folder}ref.json`, "utf8"));
    const read = (kind: string, name: string) => readNpy(`${folder}${kind}_${name.replaceAll("/", "_")}.npy`);
    const given = Object.keys(inputs).map((name): [string, Values] => [name, read("in", name)]);
    const shapes = Object.fromEntries(given.map(([name, { shape }]) => [name, shape]));
    const weights = await new WeightFileStore(createFiles(), silent).readAll(`${corpus}${model}`);
    const { bytes } = await exported(readFileSync(`${folder}net.prototxt`, "utf8"), weights, { shapes });
    const run = await runImported(bytes, Object.fromEntries(given), { target: "bvlc", shapes });
    expect(Object.keys(run.outputs).sort()).toEqual(Object.keys(outputs).sort());
    for (const name of Object.keys(outputs)) {
      expect(differenceOf(run.outputs[name], read("out", name)), name).toBeLessThanOrEqual(1e-5);
    }
  });
});

// Models that PyTorch exported, imported and run: they give what PyTorch computed.
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { differenceOf, readNpy, runImported } from "./imported.js";

const corpus = fileURLToPath(new URL("../../../shared/corpus/onnx/", import.meta.url));
const here = existsSync(corpus);
const models = here ? readdirSync(corpus) : [];
const title = here ? "models of PyTorch" : "models of PyTorch (skipped: there is no ../shared/corpus)";

describe.skipIf(!here)(title, () => {
  test("are there", () => expect(models.length).toBe(4));

  test.each(models.flatMap((model) => ["moka", "ssd"].map((target) => [model, target] as const)))(
    "%s for %s gives what PyTorch gives",
    async (model, target) => {
      const folder = `${corpus}${model}/`;
      const inputs = { data: readNpy(`${folder}in_data.npy`) };
      const { outputs } = await runImported(`${folder}model.onnx`, inputs, { target });
      const wanted = readdirSync(folder).flatMap((name) => /^out_(.*)\.npy$/.exec(name)?.[1] ?? []);
      expect(Object.keys(outputs).sort()).toEqual(wanted.sort());
      for (const name of wanted) {
        expect(differenceOf(outputs[name], readNpy(`${folder}out_${name}.npy`)), name).toBeLessThanOrEqual(1e-4);
      }
    },
  );
});

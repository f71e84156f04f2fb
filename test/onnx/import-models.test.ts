// Models that PyTorch made (`models/make-models.py`), imported and run: they give what PyTorch computed.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bvlcTypes } from "../bvlc-types.js";
import { differenceOf, runImported, type Values } from "./imported.js";

const folder = fileURLToPath(new URL("models/", import.meta.url));
const models = readdirSync(folder).flatMap((name) => /^(.*)\.onnx$/.exec(name)?.[1] ?? []);

type Arrays = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: string }>>;

function valuesOf(arrays: Arrays): Readonly<Record<string, Values>> {
  const entries = Object.entries(arrays).map(([name, { shape, data }]): [string, Values] => {
    const bytes = new Uint8Array(Buffer.from(data, "base64"));
    return [name, { shape, data: new Float32Array(bytes.buffer) }];
  });
  return Object.fromEntries(entries);
}

/** What BVLC's Caffe has no layer for: axes in another order. */
const refusals: Readonly<Record<string, RegExp>> = {
  focus_12: /\(Transpose\) of .*: needs the layer Permute, which BVLC's Caffe has not/,
};

test("are there", () => expect(models.length).toBe(14));

test.each(models.flatMap((name) => ["moka", "bvlc", "ssd"].map((target) => [name, target] as const)))(
  "%s for %s gives what PyTorch gives",
  async (name, target) => {
    const { inputs, outputs } = JSON.parse(readFileSync(`${folder}${name}.json`, "utf8"));
    const given = valuesOf(inputs);
    const shapes = Object.fromEntries(Object.entries(given).map(([input, { shape }]) => [input, shape]));
    const run = runImported(`${folder}${name}.onnx`, given, { target, shapes });
    const refusal = target === "bvlc" ? refusals[name] : undefined;
    if (refusal) {
      await expect(run).rejects.toThrow(refusal);
      return;
    }
    const { outputs: computed, types } = await run;
    const expected = valuesOf(outputs);
    expect(Object.keys(computed).sort()).toEqual(Object.keys(expected).sort());
    for (const [output, values] of Object.entries(expected)) {
      expect(differenceOf(computed[output], values), output).toBeLessThanOrEqual(1e-5);
    }
    if (target === "bvlc") expect(types.filter((type) => !bvlcTypes.includes(type))).toEqual([]);
  },
);

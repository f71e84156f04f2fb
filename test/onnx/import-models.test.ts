// Models that PyTorch made (`models/make-models.py`), imported and run: they give what PyTorch computed.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { targets } from "../../src/onnx/targets/index.js";
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

/** What a target has no layer for: by model, the targets and the layer. NVDLA's compiler has few, and takes none of these models. */
const refusals: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  dilated_11: { rknn: "ELU", sigmastar: "ELU" },
  focus_12: { bvlc: "Permute" },
  gemms_17: { rknn: "Log", sigmastar: "Log" },
  line_13: { sigmastar: "BNLL" },
};

test("are there", () => expect(models.length).toBe(14));

test.each(models.flatMap((name) => targets.map((target) => [name, target.name, target] as const)))(
  "%s for %s gives what PyTorch gives, or is refused",
  async (name, target, { has }) => {
    const { inputs, outputs } = JSON.parse(readFileSync(`${folder}${name}.json`, "utf8"));
    const given = valuesOf(inputs);
    const shapes = Object.fromEntries(Object.entries(given).map(([input, { shape }]) => [input, shape]));
    const run = runImported(`${folder}${name}.onnx`, given, { target, shapes });
    const lacking = target === "nvdla" ? "\\w+" : refusals[name]?.[target];
    if (lacking) {
      await expect(run).rejects.toThrow(
        new RegExp(`needs the layer ${lacking}, which .* has not; targets that have it: moka, `),
      );
      return;
    }
    const { outputs: computed, types } = await run;
    const expected = valuesOf(outputs);
    // Targets without Silence have more.
    if (has("Silence")) expect(Object.keys(computed).sort()).toEqual(Object.keys(expected).sort());
    for (const [output, values] of Object.entries(expected)) {
      expect(differenceOf(computed[output], values), output).toBeLessThanOrEqual(1e-5);
    }
    expect(types.filter((type) => !has(type))).toEqual([]);
    if (target === "bvlc") expect(types.filter((type) => !bvlcTypes.includes(type))).toEqual([]);
  },
);

// What the reference drew for a given `random_seed` (see README.md here): the parameters of a net just built, and what
// layers that draw put out. The seed alone must give the same numbers, on every engine.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { netFromText } from "../nets.js";
import { readSafetensors } from "../safetensors.js";
import { engines, relativeError } from "./engines.js";

const folder = new URL("seeded/", import.meta.url);
const cases = readdirSync(folder).sort();

test("there are all 64 cases", () => void expect(cases).toHaveLength(64));

for (const [engineName, createEngine] of Object.entries(engines)) {
  test.each(cases)(`%s on ${engineName}`, async (name) => {
    const text = readFileSync(new URL(`${name}/net.prototxt`, folder), "utf8");
    const { metadata, tensors } = readSafetensors(readFileSync(new URL(`${name}/tensors.safetensors`, folder)));
    const engine = await createEngine();
    const net = await netFromText(text, { seed: Number(metadata.seed), engine });
    const named = (kind: string) =>
      [...tensors].flatMap(([key, { data }]) =>
        key.startsWith(`${kind}/`) ? [{ key: key.slice(kind.length + 1), data }] : [],
      );

    const params = named("param");
    for (const { key, data } of params) {
      const [layer = "", index] = key.split("/");
      expect(net.params.get(layer)?.[Number(index)]?.data, key).toEqual(data);
    }
    const outputs = named("out");
    if (outputs.length > 0) await net.forward(Object.fromEntries(named("in").map(({ key, data }) => [key, data])));
    for (const { key, data } of outputs) {
      const values = net.blobs.get(key)?.data;
      // An inner product rounds in whatever order BLAS sums; a wrong mask would still be far off.
      if (key === "ip") expect(relativeError(values ?? [], data), key).toBeLessThan(1e-6);
      else expect(values, key).toEqual(data);
    }
    expect(params.length + outputs.length).toBeGreaterThan(0);
    await net.dispose();
    await engine.dispose();
  });
}

// What the reference drew for a given `random_seed` (see README.md here): the parameters of a net just built, and what
// layers that draw put out. The seed alone must give the same numbers, on every engine.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Net } from "../../src/core/net.js";
import { netFromText } from "../nets.js";
import { distinctSettings, type PassSetting } from "../passes.js";
import { readSafetensors, type Safetensors } from "../safetensors.js";
import { engines, relativeError, sharedEngines } from "./engines.js";

const folder = new URL("seeded/", import.meta.url);
const cases = readdirSync(folder).sort();

test("there are all 64 cases", () => void expect(cases).toHaveLength(64));

const engineOf = sharedEngines();
const settings = new Map<string, Promise<readonly PassSetting[]>>();

for (const engineName of Object.keys(engines)) {
  test.each(cases)(`%s on ${engineName}`, async (name) => {
    const text = readFileSync(new URL(`${name}/net.prototxt`, folder), "utf8");
    const golden = readSafetensors(readFileSync(new URL(`${name}/tensors.safetensors`, folder)));
    const setup = { seed: Number(golden.metadata.seed), engine: await engineOf(engineName) };
    const distinct = settings.get(name) ?? distinctSettings(text);
    settings.set(name, distinct);
    for (const setting of await distinct) {
      const net = await netFromText(text, { ...setup, ...setting });
      await follow(net, golden);
      await net.dispose();
    }
  });
}

async function follow(net: Net, { tensors }: Safetensors): Promise<void> {
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
    const blob = net.blobs.get(key);
    if (!blob?.hasData) continue;
    // An inner product rounds in whatever order BLAS sums; a wrong mask would still be far off.
    if (key === "ip") expect(relativeError(blob.data, data), key).toBeLessThan(1e-6);
    else expect(blob.data, key).toEqual(data);
  }
  expect(params.length + outputs.filter(({ key }) => net.outputs.includes(key)).length).toBeGreaterThan(0);
}

// What the layers of Caffe's forks computed (see forks/README.md), on every engine and with every setting of the passes that changes
// how a case runs: forward, backward, and what forward leaves in the parameters.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { layers } from "../../src/layers/registry.js";
import { netFromText } from "../nets.js";
import { distinctSettings, type PassSetting } from "../passes.js";
import { readSafetensors } from "../safetensors.js";
import { engines, sharedEngines } from "./engines.js";
import { follow } from "./follow.js";
import { dialectOf } from "./fork-dialects.js";

const folder = new URL("forks/", import.meta.url);
const types = readdirSync(folder).filter((type) => type !== "nets" && type !== "README.md");
const cases = types.flatMap((type) => readdirSync(new URL(`${type}/`, folder)).map((name) => `${type}/${name}`));
const read = (path: string) => readSafetensors(readFileSync(new URL(`${path}/tensors.safetensors`, folder)));

/** Types whose layers move values: they are held to every bit. */
const movers: readonly string[] = ["Permute", "ShuffleChannel", "Reorg", "Upsample"];

/** The tolerance of a case, where it is not 1e-5. */
function toleranceOf(path: string): number | undefined {
  const [type = ""] = path.split("/");
  if (movers.includes(type)) return 0;
  // Squares are summed in single precision in the fork, with a mean that is large against the deviation.
  return path.startsWith("BN/segnet") ? 1e-4 : undefined;
}

test("there are all 251 cases", () => {
  expect(cases).toHaveLength(251);
});

test("Moka has the type of every case", () => {
  const known = new Set<string>(layers.map(({ type }) => type));
  expect(types.filter((type) => type !== "Python" && !known.has(type))).toEqual([]);
});

const engineOf = sharedEngines();
const settings = new Map<string, Promise<readonly PassSetting[]>>();

for (const engineName of Object.keys(engines)) {
  test.each(cases)(`%s on ${engineName}`, async (path) => {
    const text = readFileSync(new URL(`${path}/net.prototxt`, folder), "utf8");
    const golden = read(path);
    const { phase, dialect, cfg } = golden.metadata;
    const setup = {
      phase: phase as "TRAIN" | "TEST",
      ...(dialect !== undefined && dialectOf[dialect] && { dialect: dialectOf[dialect] }),
      ...(cfg !== undefined && { cfg: { [phase as string]: JSON.parse(cfg) } }),
    };
    const distinct = settings.get(path) ?? distinctSettings(text, setup);
    settings.set(path, distinct);
    for (const setting of await distinct) {
      const net = await netFromText(text, { ...setup, engine: await engineOf(engineName), ...setting });
      await follow(net, golden, setting, toleranceOf(path));
      await net.dispose();
    }
  });
}

// Random nets over all layer types, forward and backward, on every engine and with every setting of the passes, against the
// reference engine without passes. `MOKA_FUZZ_NETS` is the number of nets, `MOKA_FUZZ_SEED` the first seed.
import { expect, test } from "vitest";
import type { Engine } from "../../src/core/engine.js";
import { ReferenceEngine } from "../../src/engines/reference/index.js";
import { Random } from "../../src/util/random.js";
import { type AnyNet, drawNet, drawnTypes } from "../any-nets.js";
import { bvlcTypes } from "../bvlc-types.js";
import { distance, largest } from "../distance.js";
import { engines, sharedEngines } from "../golden/engines.js";
import { type NetSetup, netFromText } from "../nets.js";
import { distinctSettings, type PassSetting } from "../passes.js";
import { poisonSharedMemory } from "../poison.js";

type Results = ReadonlyMap<string, readonly number[]>;

/** The results of two runs: outputs, parameters after forward, and gradients. */
async function results(drawn: AnyNet, setup: NetSetup, nudge = 0): Promise<Results> {
  const random = new Random(2);
  const moved = (values: readonly number[]) => {
    const by = new Float32Array(values.length);
    random.uniform(by, -1, 1);
    return values.map((value, i) => (Number.isInteger(value) ? value : value * (1 + nudge * (by[i] ?? 0))));
  };
  const net = await netFromText(drawn.text, { ...setup, phase: drawn.phase });
  if (net.execution.memory?.size) poisonSharedMemory(net);
  const inputs = Object.fromEntries(Object.entries(drawn.inputs).map(([name, values]) => [name, moved(values)]));
  if (nudge !== 0) for (const { tensor } of net.learnables) tensor.data.array.set(moved([...tensor.data.array]));
  const given = new Random(3);
  for (let run = 0; run < 2; run++) {
    await net.forward(inputs);
    if (!drawn.hasBackward) continue;
    net.clearParamDiffs();
    for (const name of net.outputs) {
      if (net.lossWeight(name) !== 0) continue;
      const diff = net.blobs.get(name)?.diff;
      const values = new Float32Array(diff?.length ?? 0);
      given.uniform(values, -1, 1);
      diff?.set(values);
    }
    await net.backward();
  }
  const seen = new Map<string, readonly number[]>();
  for (const name of net.outputs) seen.set(name, [...(net.blobs.get(name)?.data ?? [])]);
  for (const { tensor, layer, index } of net.learnables) {
    seen.set(`${layer.name}.${index}`, [...tensor.data.array]);
    if (drawn.hasBackward) seen.set(`${layer.name}.${index}'`, [...tensor.diff.array]);
  }
  if (drawn.hasBackward) for (const name of net.inputs) seen.set(`${name}'`, [...(net.blobs.get(name)?.diff ?? [])]);
  await net.dispose();
  return seen;
}

/**
 * The tolerance of each result: that of single precision for sums whose values cancel each other, and more where runs of the
 * reference engine with other rounding differ more; infinite where a result is not defined.
 */
async function slackOf(drawn: AnyNet, wanted: Results): Promise<ReadonlyMap<string, number>> {
  const slack = new Map([...wanted].map(([name, values]) => [name, 1e-4 * largest(values) + 4e-6]));
  for (const [bits, nudge] of [
    [32, 0],
    [64, 1e-6],
    [64, -1e-6],
    [64, 3e-7],
    [32, 2e-7],
  ] as const) {
    const other = await results(drawn, { engine: new ReferenceEngine(bits), passes: [] }, nudge);
    for (const [name, values] of wanted) {
      const moved = distance(other.get(name) ?? [], values);
      const most = Number.isFinite(largest(values)) && Number.isFinite(moved) ? 30 * moved : Number.POSITIVE_INFINITY;
      slack.set(name, Math.max(slack.get(name) ?? 0, most));
    }
  }
  return slack;
}

/** Returns how many results were compared. */
async function check(drawn: AnyNet, engineOf: (name: string) => Promise<Engine>, first: number): Promise<number> {
  const wanted = await results(drawn, { engine: new ReferenceEngine(64), passes: [] });
  const slack = await slackOf(drawn, wanted);
  const settings = await distinctSettings(drawn.text, {
    phase: drawn.phase,
    ...(!drawn.hasBackward && { backward: false }),
  });
  const names = Object.keys(engines);
  const compared = [...slack.values()].filter(Number.isFinite).length;
  for (let i = 0; i < Math.max(settings.length, 2); i++) {
    const setting = settings[i % settings.length] as PassSetting;
    const engine = names[(first + i) % names.length] ?? "";
    const actual = await results(drawn, {
      ...setting,
      ...(!drawn.hasBackward && { backward: false }),
      engine: await engineOf(engine),
    });
    expect([...actual.keys()]).toEqual([...wanted.keys()]);
    for (const [name, values] of wanted) {
      const most = slack.get(name) ?? 0;
      if (!Number.isFinite(most)) continue;
      expect(distance(actual.get(name) ?? [], values), `${name} on ${engine}, ${setting.name}`).toBeLessThanOrEqual(
        most,
      );
    }
  }
  return compared;
}

const count = Number(process.env["MOKA_FUZZ_NETS"] ?? drawnTypes.length);
const seed = Number(process.env["MOKA_FUZZ_SEED"] ?? 1);
const engineOf = sharedEngines();

test("random nets over all layer types compute the same everywhere", { timeout: 3_600_000 }, async () => {
  const seen = new Set<string>();
  const failures: string[] = [];
  let compared = 0;
  for (let i = 0; i < count; i++) {
    let drawn: AnyNet | undefined;
    try {
      const wanted = drawnTypes[i % drawnTypes.length] ?? "";
      drawn = await drawNet(seed + i, wanted);
      // Not every draw finds bottoms that fit.
      for (let again = 1; again < 4 && bvlcTypes.includes(wanted) && !drawn.types.includes(wanted); again++) {
        drawn = await drawNet(seed + i + 100_000 * again, wanted);
      }
      if (drawn.types.length === 0) continue;
      for (const type of drawn.types) seen.add(type);
      compared += await check(drawn, engineOf, i);
    } catch (error) {
      failures.push(
        `seed ${seed + i}: ${(error as Error).message.split("\n")[0]} ${(error as Error).cause ?? ""}\n${drawn ? `# ${drawn.phase}\n${drawn.text}` : ""}`,
      );
    }
  }
  expect(failures.join("\n")).toBe("");
  // Chance seldom gives layers of forks the bottoms that they need, boxes and their classes. fork-layers.test.ts has an example of each.
  expect(drawnTypes.filter((type) => bvlcTypes.includes(type) && !seen.has(type))).toEqual([]);
  expect(compared).toBeGreaterThan(2 * count);
});

// Random small nets, forward and backward, on every engine and with every setting of the passes, against the reference
// engine in double precision without passes.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Net } from "../../src/core/net.js";
import { ReferenceEngine } from "../../src/engines/reference/index.js";
import { blas, skippedWithoutBlas } from "../blas.js";
import { engines, sharedEngines } from "../golden/engines.js";
import { type NetSetup, netFromText } from "../nets.js";
import { distinctSettings, type PassSetting } from "../passes.js";
import { poisonSharedMemory } from "../poison.js";
import { choices, inputs, netText, setStatistics } from "../random-nets.js";

type Results = ReadonlyMap<string, readonly number[]>;

/** All that must be there after two runs forward, and back where there is a way: values by what they are. */
async function results(text: string, setup: NetSetup): Promise<Results> {
  const net = await netFromText(text, setup);
  setStatistics(net);
  if (net.execution.memory?.size) poisonSharedMemory(net);
  for (let run = 0; run < 2; run++) {
    net.clearParamDiffs();
    await net.forward(inputs);
    if (setup.backward !== false) await net.backward();
  }
  const seen = seenOf(net, setup.backward !== false);
  await net.dispose();
  return seen;
}

function seenOf(net: Net, hasBackward: boolean): Results {
  const seen = new Map<string, readonly number[]>();
  for (const name of net.outputs) seen.set(name, [...(net.blobs.get(name)?.data ?? [])]);
  if (hasBackward) seen.set("x'", [...(net.blobs.get("x")?.diff ?? [])]);
  for (const { tensor, layer, index } of net.learnables) {
    seen.set(`${layer.name}.${index}`, [...tensor.data.array]);
    if (hasBackward) seen.set(`${layer.name}.${index}'`, [...tensor.diff.array]);
  }
  return seen;
}

const norm = (values: readonly number[]) => Math.hypot(...values);

/** Gradients of which nothing is left but rounding, as of a bias before BatchNorm, count against the largest there is. */
function expectSame(actual: Results, wanted: Results, label: string): void {
  const largest = Math.max(...[...wanted].map(([name, values]) => (name.endsWith("'") ? norm(values) : 0)));
  expect([...actual.keys()], label).toEqual([...wanted.keys()]);
  for (const [name, values] of wanted) {
    const found = actual.get(name) ?? [];
    const distance = norm(values.map((value, i) => value - (found[i] ?? Number.NaN)));
    const least = name.endsWith("'") ? 1e-2 * largest : 1e-3;
    expect(distance / Math.max(least, norm(values)), `${name} ${label}`).toBeLessThan(1e-4);
  }
}

const phases = {
  TRAIN: { phase: "TRAIN" },
  TEST: { phase: "TEST" },
  "TEST without backward": { phase: "TEST", backward: false },
} as const;

if (!blas) test.skip(`random nets on blas (${skippedWithoutBlas})`, () => {});
const engineOf = sharedEngines();
const engineNames = Object.keys(engines);

test.each(Object.entries(phases))("random nets compute the same everywhere, in phase %s", async (_, setup) => {
  await fc.assert(
    fc.asyncProperty(choices, fc.nat(engineNames.length - 1), async (chosen, first) => {
      const text = `force_backward: true\n${netText(chosen)}`;
      const wanted = await results(text, { ...setup, engine: new ReferenceEngine(64), passes: [] });
      const settings = await distinctSettings(text, setup);
      // Each net sees all settings and engines; many nets see all pairs.
      for (let i = 0; i < Math.max(settings.length, engineNames.length); i++) {
        const setting = settings[i % settings.length] as PassSetting;
        const engine = engineNames[(first + i) % engineNames.length] as string;
        const actual = await results(text, { ...setup, ...setting, engine: await engineOf(engine) });
        expectSame(actual, wanted, `on ${engine}, ${setting.name}`);
      }
    }),
    { numRuns: 15, seed: 8 },
  );
});

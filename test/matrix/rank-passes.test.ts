// Random nets on several ranks with synchronized BatchNorm, with and without each pass, in double precision, against one process.
import fc from "fast-check";
import { expect, test } from "vitest";
import { ReferenceEngine } from "../../src/engines/reference/index.js";
import { passSettings } from "../passes.js";
import { type Choice, choices, netText, setStatistics } from "../random-nets.js";
import { expectEqualToOne } from "../rank-nets.js";

/** Whether ranks and one process can be compared: each rank draws its own dropout. */
const isComparable = (chosen: readonly Choice[]) => chosen.every(({ type }) => type !== "drop");
const normalizes = (chosen: readonly Choice[]) => chosen.some(({ type }) => type === "norm" || type === "block");

test("ranks train any net as one process does, with and without passes", async () => {
  let normalizing = 0;
  await fc.assert(
    fc.asyncProperty(
      choices.filter(isComparable),
      fc.constantFrom(...passSettings),
      fc.integer({ min: 2, max: 3 }),
      async (chosen, { keep, passes }, ranks) => {
        if (normalizes(chosen)) normalizing++;
        await expectEqualToOne({
          text: (batch) =>
            `force_backward: true ${netText(chosen).replace("dim: 2 dim: 4", `dim: ${batch} dim: 4`).replace("{ dim: 2 }", `{ dim: ${batch} }`)}`,
          engine: () => new ReferenceEngine(64),
          ranks,
          batch: 2,
          setup: { keep, passes },
          prepare: setStatistics,
          tolerance: 1e-7,
        });
      },
    ),
    { numRuns: 100, seed: 11 },
  );
  expect(normalizing).toBeGreaterThan(35);
});

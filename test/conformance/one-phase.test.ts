// A BatchNorm that only one phase has: lint reports that, and nothing about a training that it takes no part in.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { lint } from "../../src/index.js";

const caseOf = (name: string) => fileURLToPath(new URL(`../cases/one-phase/${name}`, import.meta.url));

test.each([
  ["test-only", "error", /is in TEST only, so it is never trained/],
  ["train-only", "error", /is in TRAIN only, and missing in TEST/],
  ["n", "warning", /is in TEST only, so it is never trained/],
])("%s.prototxt has one finding", async (name, severity, message) => {
  const { findings } = await lint(caseOf(`${name}.prototxt`));
  expect(findings).toMatchObject([{ rule: "bn-one-phase", severity, message: expect.stringMatching(message) }]);
});

test("with weights that bring its averages there is none", async () => {
  expect((await lint(caseOf("n.prototxt"), { weights: caseOf("w.caffemodel") })).findings).toEqual([]);
});

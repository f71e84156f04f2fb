// Each sentence of these lists stands in its page or finding, word by word, and is so: Caffe's numbers or a run show it. What quotes
// Caffe's source is listed with its place there. Who changes such a sentence changes its entry, and looks at what holds it.
import { describe, expect, test } from "vitest";
import { netClaims } from "./caffe-claims-net.js";
import { normClaims } from "./caffe-claims-norm.js";
import { pairClaims } from "./caffe-claims-pair.js";
import { phaseClaims } from "./caffe-claims-phases.js";
import { solverClaims } from "./caffe-claims-solver.js";
import { quotes } from "./caffe-claims-source.js";
import { type Sentences, textOf } from "./claims.js";

async function expectSaid(claims: Sentences): Promise<void> {
  for (const [where, sentences] of Object.entries(claims)) {
    const text = await textOf(where);
    for (const sentence of sentences) expect(text, `${where} must say: ${sentence}`).toContain(sentence);
  }
}

describe.each([...normClaims, ...pairClaims, ...phaseClaims, ...solverClaims, ...netClaims])(
  "$by.name, by $held",
  ({ by, claims }) => {
    test("is so", by, 60_000);
    test("is said", () => expectSaid(claims));
  },
);

test.each(quotes)("$source is quoted", async ({ claims }) => {
  expect(Object.keys(claims)).not.toEqual([]);
  await expectSaid(claims);
});

test("a sentence that is not there is complained of", async () => {
  const wrong = { "docs/lint/bn-learnable-stats.md": ["Versions before September 2016 were wrong in TEST."] };
  await expect(expectSaid(wrong)).rejects.toThrow("must say: Versions before September 2016");
  await expect(expectSaid({ "bn-learnable-stats none": ["x"] })).rejects.toThrow(
    'no finding is named "bn-learnable-stats none"',
  );
});

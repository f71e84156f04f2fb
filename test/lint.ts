// Tests of lint rules by examples: nets with problems that must be found, and nets without.
import { describe, expect, test } from "vitest";
import { createFiles, createImages } from "#platform";
import { Catalog } from "../src/core/catalog.js";
import { type KnownRanks, knownAlone } from "../src/core/known-ranks.js";
import { fill } from "../src/fillers/index.js";
import { layers } from "../src/layers/registry.js";
import { untranslated } from "../src/lint/chinese/finding.js";
import { fixText } from "../src/lint/fix.js";
import { type Finding, lintText } from "../src/lint/lint.js";
import type { LintContext } from "../src/lint/read-net.js";
import type { Rule, Severity } from "../src/lint/rule.js";
import type { NetParameter } from "../src/proto/gen/caffe_pb.js";
import { parseSolver } from "../src/proto/text/index.js";

interface Given {
  /** The net's prototxt. */
  readonly text: string;
  /** The solver's prototxt, if the rule needs it. */
  readonly solver?: string;
  readonly weights?: NetParameter;
  readonly ranks?: KnownRanks;
}

interface Bad extends Given {
  /** The whole text after `fix`; absent if the rule has no fix for it. */
  readonly fixed?: string;
  /** The severity of the findings, if it is not that of the rule. */
  readonly severity?: Severity;
  /** Texts that the joined messages and reasons must contain. */
  readonly says?: readonly (string | RegExp)[];
}

interface Examples {
  /** Nets without findings; a key says why there are none. */
  readonly good: Readonly<Record<string, string | Given>>;
  /** Nets with a ▶ in front of every place that must be found; a key says what is wrong. */
  readonly bad: Readonly<Record<string, Bad>>;
}

export function lintContext({ solver, weights, ranks = knownAlone }: Omit<Given, "text"> = {}): LintContext {
  return {
    catalog: new Catalog(layers, fill),
    files: createFiles(),
    images: createImages(),
    solver: solver === undefined ? undefined : parseSolver(solver).message,
    weights,
    knownRanks: ranks,
  };
}

/** Tests a rule by its examples: it finds exactly the marked places, and its fixes leave nothing to find. */
export function testRule(rule: Rule, { good, bad }: Examples): void {
  describe(rule.id, () => {
    test("has good and bad examples", () => {
      expect(Object.keys(good)).not.toEqual([]);
      expect(Object.keys(bad)).not.toEqual([]);
    });

    test.each(Object.entries(good))("good: %s", async (_, example) => {
      const given = typeof example === "string" ? { text: example } : example;
      expect(await lintText(given.text, undefined, [rule], {}, lintContext(given))).toEqual([]);
    });

    test.each(Object.entries(bad))("bad: %s", async (_, { fixed, severity = rule.severity, says = [], ...given }) => {
      const { text, places } = unmarked(given.text);
      expect(places).not.toEqual([]);
      const context = lintContext(given);
      const found = await lintText(text, undefined, [rule], {}, context);
      expect(found.map(placeOf)).toEqual(places);
      for (const finding of found) {
        expect(finding.severity).toBe(severity);
        expect(finding.fixable).toBe(fixed !== undefined);
        expect(finding.message).not.toMatch(/\n|\.$/);
        expect(finding.why.length, "letters of why").toBeGreaterThan(40);
        expect(untranslated(finding), "English that src/lint/chinese lacks").toEqual([]);
      }
      const words = found.map(({ message, why }) => `${message}\n${why}`).join("\n");
      for (const each of says) expect(words).toMatch(each);
      if (fixed === undefined) return;
      const result = await fixText(text, undefined, [rule], {}, context);
      expect(result.text).toBe(fixed);
      expect(result.findings).toEqual([]);
      const weights = result.weights ?? given.weights;
      expect(
        (await fixText(fixed, undefined, [rule], {}, lintContext({ ...given, ...(weights && { weights }) }))).text,
      ).toBe(fixed);
    });
  });
}

function placeOf({ line, column }: Finding): string {
  return `${line}:${column}`;
}

/** The text without its marks, and the places of the marks. */
function unmarked(marked: string): { readonly text: string; readonly places: readonly string[] } {
  const places = marked.split("\n").flatMap((line, row) =>
    line
      .split("▶")
      .slice(0, -1)
      .map((_, i, parts) => `${row + 1}:${parts.slice(0, i + 1).join("").length + 1}`),
  );
  return { text: marked.replaceAll("▶", ""), places };
}

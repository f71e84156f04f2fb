// The linter over 595 real files: it fails on none, and what it repairs stays repaired and readable.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { untranslated } from "../../src/lint/chinese/finding.js";
import { type FixedText, fixText } from "../../src/lint/fix.js";
import { rules } from "../../src/lint/rules/index.js";
import { parseNet } from "../../src/proto/text/index.js";
import { lintContext } from "../lint.js";

const corpus = fileURLToPath(new URL("../../../shared/corpus/prototxt/", import.meta.url));
const here = existsSync(corpus);

interface Sample extends FixedText {
  readonly file: string;
  readonly before: string;
}

/** Issues of a text, by their codes. */
function issuesOf(text: string): readonly string[] {
  return parseNet(text).issues.map(({ code }) => code);
}

describe.skipIf(!here)(here ? "the linter" : "the linter (skipped: there is no ../shared/corpus)", () => {
  const samples: Sample[] = [];
  beforeAll(async () => {
    const context = lintContext();
    for (const file of readdirSync(corpus)) {
      const before = readFileSync(corpus + file, "utf8");
      samples.push({ file, before, ...(await fixText(before, file, rules, {}, context)) });
    }
  }, 300_000);

  test("takes every file, and has something to say of most", () => {
    expect(samples).toHaveLength(595);
    expect(samples.filter(({ fixed, findings }) => fixed.length + findings.length > 0).length).toBeGreaterThan(400);
  });

  test("finds nothing more to repair where it has repaired", () => {
    // The last look at each text found no repair, so that fixing it once more changes nothing.
    const left = samples.flatMap(({ file, findings }) =>
      findings.filter(({ fixable }) => fixable).map(({ rule, line }) => `${file}:${line} ${rule}`),
    );
    expect(left).toEqual([]);
  });

  test("repairs many files, and lets those be that need none", () => {
    const changed = samples.filter(({ before, text }) => before !== text);
    expect(changed.length).toBeGreaterThan(150);
    expect(changed.filter(({ fixed }) => fixed.length === 0)).toEqual([]);
    expect(samples.filter(({ before, text, fixed }) => before === text && fixed.length > 0)).toEqual([]);
  });

  test("leaves no text with more against it than before", () => {
    const worse = samples.filter(
      ({ before, text }) => before !== text && issuesOf(text).length > issuesOf(before).length,
    );
    expect(worse.map(({ file }) => file)).toEqual([]);
  });

  test("keeps every comment", () => {
    const comments = (text: string) => [...text.matchAll(/#.*$/gm)].map(([comment]) => comment.trim()).sort();
    const lost = samples.filter(({ before, text }) => {
      const kept = new Set(comments(text));
      return before !== text && comments(before).some((comment) => !kept.has(comment));
    });
    expect(lost.map(({ file }) => file)).toEqual([]);
  });

  test("says in Chinese all that it says", () => {
    // One finding of each kind: many differ only in names and numbers.
    const kinds = new Map(
      samples
        .flatMap(({ fixed, findings }) => [...fixed, ...findings])
        .map((each) => [`${each.rule} ${each.message} ${each.why}`.replaceAll(/"[^"]*"|[\d.]+/g, ""), each]),
    );
    expect(kinds.size).toBeGreaterThan(300);
    expect([...kinds.values()].flatMap((each) => untranslated(each).map((text) => `${each.rule}: ${text}`))).toEqual(
      [],
    );
  });

  test("has findings with a place in the text, in one line", () => {
    const all = samples.flatMap(({ text, findings }) => {
      const lines = text.split("\n");
      return findings.map((finding) => ({ ...finding, width: lines[finding.line - 1]?.length }));
    });
    const outside = all.filter(({ column, width }) => width === undefined || column < 1 || column > width + 1);
    expect(outside.map(({ rule, line, column }) => `${rule} ${line}:${column}`)).toEqual([]);
    expect(
      all.filter(({ message }) => /\n|\.$/.test(message)).map(({ rule, message }) => `${rule}: ${message}`),
    ).toEqual([]);
  });
});

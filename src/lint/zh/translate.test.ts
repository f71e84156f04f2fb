import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { lint } from "../../api/lint.js";
import { ruleSummaries, translateFinding } from "../../api/translate-finding.js";
import { rules } from "../rules/index.js";
import { chinese } from "./index.js";
import { inChinese } from "./translate.js";

const hasChinese = (text: string) => /[一-鿿]/.test(text);

test("every rule has its texts in Chinese, and nothing else has", () => {
  expect(Object.keys(chinese).sort()).toEqual(rules.map(({ id }) => id).sort());
  for (const [id, { summary, about, messages }] of Object.entries(chinese)) {
    expect([id, hasChinese(summary), hasChinese(about)]).toEqual([id, true, true]);
    for (const [english, text] of messages) {
      const names = (form: string) => [...form.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
      expect(names(text), english).toEqual(names(english));
    }
  }
});

test("the summaries of all rules, in both languages", async () => {
  expect((await ruleSummaries("en"))["bn-eps"]).toContain("`eps`");
  expect(hasChinese((await ruleSummaries("zh"))["bn-eps"] ?? "")).toBe(true);
});

describe("a finding", () => {
  const finding = {
    rule: "bn-eps",
    message: 'layer "a (b)" (BatchNorm) has an eps of 0: a channel that does not vary is divided by 0',
    why: "W.",
  };

  test("has its message and its why in Chinese; the net's numbers follow in English", async () => {
    const { message, why } = await translateFinding(finding, "zh");
    expect(message).toBe('层 "a (b)"（BatchNorm） 的 eps 为 0：不变化的通道会被 0 除');
    expect(why).toMatch(/^BatchNorm 除以[\s\S]*\nW\.$/);
    expect(await translateFinding(finding, "en")).toBe(finding);
  });

  test("says how many more there are", () => {
    const message = 'layer "a" (BatchNorm) comes behind layer "d" (Dropout) (and 3 more like it)';
    expect(inChinese({ rule: "dropout-before-bn", message, why: "" }).message).toBe(
      '层 "a"（BatchNorm） 位于 层 "d"（Dropout） 之后（另有 3 个类似的）',
    );
  });

  test("whose message has no form stays readable, behind what its rule looks for", () => {
    expect(inChinese({ rule: "shape-mismatch", message: "some error", why: "" }).message).toMatch(
      /^某层.*：some error$/,
    );
    expect(inChinese({ rule: "nobody's", message: "m", why: "w" })).toEqual({
      rule: "nobody's",
      message: "m",
      why: "w",
    });
  });

  test("takes no longer for a long name", () => {
    const name = '"'.padEnd(20_000, " and layer (");
    const start = performance.now();
    for (const rule of Object.keys(chinese))
      inChinese({ rule, message: `layer ${name}" (X) comes behind ${name}`, why: "" });
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});

test("the examples of docs/lint/ have their messages in Chinese", async () => {
  const pages = new URL("../../../docs/lint/", import.meta.url);
  const missing: string[] = [];
  let count = 0;
  for (const page of readdirSync(pages)) {
    for (const [, text = ""] of readFileSync(new URL(page, pages), "utf8").matchAll(/```prototxt\n([\s\S]*?)```/g)) {
      for (const finding of (await lint(text)).findings) {
        const { message } = inChinese(finding);
        count++;
        if (message.endsWith(finding.message)) missing.push(`${finding.rule}: ${finding.message}`);
      }
    }
  }
  expect(count).toBeGreaterThan(60);
  // Errors of the layers' own checks, and of the reader, are in English.
  const own =
    /^(?:shape-mismatch|caffe-refuses|solver-parameters|bn-batch-too-small|layer-after-in-place|loss-in-deploy|cr-line-ends|scale-frozen|scale-filler|bn-needs-backward|bn-shared|bn-phases-differ|duplicate-layer-name|unknown-field|label-gradient)/;
  expect(missing.filter((each) => !own.test(each))).toEqual([]);
});

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { lint } from "../../api/lint.js";
import { ruleSummaries, translateFinding } from "../../api/translate-finding.js";
import { rules } from "../rules/index.js";
import { inChinese, untranslated } from "./finding.js";
import { chinese } from "./index.js";

const hasChinese = (text: string) => /[一-鿿]/.test(text);

test("a text in Chinese has the placeholders of its English, and every rule a summary", () => {
  expect(Object.keys(chinese).sort()).toEqual(rules.map(({ id }) => id).sort());
  for (const [id, { summary, texts }] of Object.entries(chinese)) {
    expect([id, hasChinese(summary)]).toEqual([id, true]);
    for (const [english, text] of texts) {
      const names = (form: string) => new Set([...form.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
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

  test("has its message in Chinese; what no text covers stays, and is told", async () => {
    expect(await translateFinding(finding, "zh")).toEqual({
      rule: "bn-eps",
      message: '层 "a (b)"（BatchNorm）的 eps 为 0：取值不变的通道会被 0 除',
      why: "W.",
    });
    expect(untranslated(finding)).toEqual(["W."]);
    expect(await translateFinding(finding, "en")).toBe(finding);
  });

  test("of no rule of ours stays as it is", () => {
    for (const rule of ["nobody's", "constructor", "__proto__"])
      expect(inChinese({ rule, message: "m", why: "w" })).toEqual({ rule, message: "m", why: "w" });
  });
});

test("the examples of docs/lint/ leave no English", async () => {
  const pages = new URL("../../../docs/lint/", import.meta.url);
  const left: string[] = [];
  let count = 0;
  for (const page of readdirSync(pages)) {
    for (const [, text = ""] of readFileSync(new URL(page, pages), "utf8").matchAll(/```prototxt\n([\s\S]*?)```/g)) {
      for (const finding of (await lint(text)).findings) {
        count++;
        left.push(...untranslated(finding).map((english) => `${finding.rule}: ${english}`));
      }
    }
  }
  expect(count).toBeGreaterThan(60);
  expect(left).toEqual([]);
});

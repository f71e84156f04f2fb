import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lint } from "../../api/lint.js";
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

test("what no text covers stays, and is told", () => {
  for (const rule of ["bn-eps", "nobody's", "constructor", "__proto__"]) {
    const finding = { rule, message: "some message", why: "W." };
    expect(inChinese(finding)).toEqual(finding);
    expect(untranslated(finding)).toEqual(["some message", "W."]);
  }
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

import { expect, test } from "vitest";
import { ruleSummaries, translateFinding } from "./translate-finding.js";

const finding = {
  rule: "bn-eps",
  line: 7,
  message:
    'layer "conv 1/eps of 0" (BatchNorm) has an eps of 0: a channel that does not vary is divided by 0 (and 2 more like it)',
  why:
    "BatchNorm divides by √(variance + eps). A channel that is the same over a batch, as one of weights that are 0, gives 0/0 = NaN, and " +
    "the loss with it; with the default 1e-5 it gives 0. In the weights given that is so for 3 of 12 channels.",
};

test("a finding is translated, with the names and numbers of the net", async () => {
  const { message, why, ...rest } = await translateFinding(finding, "zh");
  expect(rest).toEqual({ rule: "bn-eps", line: 7 });
  expect(message).toBe('层 "conv 1/eps of 0"（BatchNorm）的 eps 为 0：取值不变的通道会被 0 除（另有 2 处相同）');
  expect(why).toMatch(/^BatchNorm 除以 √\(方差 \+ eps\)。.*在给定的权重中，12 个通道里有 3 个如此。$/);
});

test("in English it is the same object", async () => {
  expect(await translateFinding(finding, "en")).toBe(finding);
});

test("what no text of the rule covers stays as it is", async () => {
  const own = { rule: "bn-eps", message: "a sentence of nobody", why: `Yes. ${finding.why}` };
  const { message, why } = await translateFinding(own, "zh");
  expect(message).toBe(own.message);
  expect(why).toMatch(/^Yes\. BatchNorm 除以/);
  const other = { ...own, rule: "toString" };
  expect((await translateFinding(other, "zh")).message).toBe(own.message);
});

test("another language is refused", async () => {
  await expect(translateFinding(finding, "de" as "en")).rejects.toThrow('lint speaks "en" and "zh", not "de"');
});

test("summaries of all rules", async () => {
  const [english, chinese] = [await ruleSummaries("en"), await ruleSummaries("zh")];
  expect(Object.keys(chinese)).toEqual(Object.keys(english));
  expect(english["bn-eps"]).toMatch(/^an `eps` of a BatchNorm/);
  expect(chinese["bn-eps"]).toMatch(/^BatchNorm 的 `eps` 为 0/);
});

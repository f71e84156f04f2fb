import { expect, test } from "vitest";
import type { Pair } from "./template.js";
import { bookOf, translate } from "./translate.js";

const zh = (text: string, ...texts: Pair[]) => translate(text, bookOf(texts));

test("the longest text that fits counts, and a placeholder takes what stands between its neighbours", () => {
  const texts: Pair[] = [
    ["{layer} has {what}", "{layer} 有 {what}"],
    ["{layer} has {n} of {n2} blobs", "{layer} 有 {n2} 个 blob 中的 {n} 个"],
  ];
  expect(zh('layer "a" (Scale) has 2 of 3 blobs', ...texts).text).toBe('层 "a"（Scale）有 3 个 blob 中的 2 个');
  expect(zh('layer "a" (Scale) has 2 blobs', ...texts).text).toBe('层 "a"（Scale）有 2 个 blob');
});

test("a placeholder at the end goes on to the next clause", () => {
  const texts: Pair[] = [
    ["{layer} comes behind {other}", "{layer} 位于 {other} 之后"],
    [", through {layer}", "，经过 {layer}"],
  ];
  expect(
    zh(
      'layer "a" (BatchNorm) comes behind layer "b, through x" (ReLU), through layer "c" (Pooling) (and 1 more like it)',
      ...texts,
    ),
  ).toEqual({
    text: '层 "a"（BatchNorm）位于层 "b, through x"（ReLU）之后，经过层 "c"（Pooling）（另有 1 处相同）',
    left: [],
  });
});

test("names in quotes stay as they are, whatever they say", () => {
  expect(zh('Give "3 layers" another name.', ['Give "{name}" another name.', '请给 "{name}" 换个名字。']).text).toBe(
    '请给 "3 layers" 换个名字。',
  );
  const odd = 'layer "a" b" (Scale) has blob "3 layers and 2 channels"';
  expect(zh(odd, ["{layer} has {blob}", "{layer} 有 {blob}"]).text).toBe(
    '层 "a" b" (Scale) 有 blob "3 layers and 2 channels"',
  );
});

test("what is not covered is kept, and told", () => {
  const result = zh("Known. Not known here. Known.", ["Known.", "已知。"]);
  expect(result).toEqual({ text: "已知。Not known here. 已知。", left: ["Not known here."] });
  expect(zh("it is so, says nobody at all", ["it is so, says {who}", "{who} 这样说"]).left).toEqual(["nobody at all"]);
  expect(zh("it is so, says nobody at all", ["it is so, says {error}", "{error}"]).left).toEqual([]);
});

test("no space between Chinese characters, nor behind a full-width stop, but within names", () => {
  expect(zh('A. B "名 字". 3 layers', ["A.", "甲。"], ['B "{name}".', '乙 "{name}"。'], ["3 {x}", "3 {x}"]).text).toBe(
    '甲。乙 "名 字"。3 layers',
  );
});

test.each([
  "x".repeat(5000),
  '" ('.repeat(1700),
  "has an eps of ".repeat(360),
  ", and ".repeat(830),
  "1 layer ".repeat(625),
])("a name of 5,000 letters takes no time (%#)", (name) => {
  const texts: Pair[] = [
    ["{layer} has an eps of {a}: {b}, and {c} of {d}", "{layer} {a} {b} {c} {d}"],
    ["{a} has {b} of {c} has {d} of {e}; {f}", "{a} {b} {c} {d} {e} {f}"],
    [", and {a}", "，{a}"],
  ];
  const start = performance.now();
  const { text } = zh(`layer "${name}" (Scale) has an eps of 3: so ${name}`, ...texts);
  expect(performance.now() - start).toBeLessThan(2000);
  expect(text.length).toBeGreaterThan(5000);
});

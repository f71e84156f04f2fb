import type { Pair } from "./template.js";

/** Clauses that many rules have. A placeholder at the end of a text ends where one of them begins. */
export const clauses: readonly Pair[] = [[" (and {n} more like it)", "（另有 {n} 处相同）"]];

/** Labels, counts and lists. They are translated in the values of placeholders, too. */
export const words: readonly Pair[] = [
  ['layer "{name}" ({type})', '层 "{name}"（{type}）'],
  ['layer "{name}"', '层 "{name}"'],
  ['blob "{name}"', 'blob "{name}"'],
  [", ", "、"],
  [" and ", " 和 "],
  [" or ", " 或 "],
  ["and {n} more", "及其他 {n} 个"],
  ...counts({
    layer: "{n} 个层",
    "other layer": "{n} 个其他层",
    "more layer": "另外 {n} 个层",
    parameter: "{n} 个参数",
    "param spec": "{n} 个 param",
    blob: "{n} 个 blob",
    channel: "{n} 个通道",
    value: "{n} 个值",
    line: "{n} 行",
    input: "{n} 个输入",
    image: "{n} 张图像",
    forward: "{n} 次前向计算",
    iteration: "{n} 次迭代",
    place: "{n} 处",
    top: "{n} 个 top",
    bottom: "{n} 个 bottom",
    weight: "{n} 个权重",
  }),
  ["{n} axes", "{n} 个轴"],
  ["{n} axis", "{n} 个轴"],
  ["channel {n}", "通道 {n}"],
  ["channels ", "通道 "],
];

/** Nouns behind a number, in the singular and the plural. */
function counts(nouns: Readonly<Record<string, string>>): readonly Pair[] {
  return Object.entries(nouns).flatMap(([noun, chinese]): Pair[] => [
    [`{n} ${noun}s`, chinese],
    [`{n} ${noun}`, chinese],
  ]);
}

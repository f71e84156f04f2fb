import { memoized } from "../../util/memoized.js";
import { chinese } from "./index.js";
import type { ChineseTexts } from "./texts.js";

/** What a rule says of a problem. */
export interface Said {
  readonly rule: string;
  readonly message: string;
  readonly why: string;
}

/**
 * A finding in Chinese: its message, and why it matters. A message without a Chinese form stays as it is, behind what its rule looks for.
 * The numbers of the net are in the English why, which follows the Chinese one.
 */
export function inChinese<F extends Said>(finding: F): F {
  const { rule, message, why } = finding;
  const texts = chinese[rule];
  if (!texts) return finding;
  return { ...finding, message: messageIn(texts, message), why: `${texts.about}\n${why}` };
}

/** `(and 3 more like it)`, which many messages end with. */
const others = / \(and (\d+) more like (?:it|them)\)$/;

function messageIn(texts: ChineseTexts, message: string): string {
  const [, more] = others.exec(message) ?? [];
  const own = message.replace(others, "");
  const end = more === undefined ? "" : `（另有 ${more} 个类似的）`;
  for (const { pattern, names, text } of formsOf(texts)) {
    const found = pattern.exec(own);
    if (!found) continue;
    const values = new Map(names.map((name, i) => [name, phrase(found[i + 1] ?? "")]));
    return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => values.get(name) ?? "") + end;
  }
  return `${texts.summary}：${message}`;
}

interface Form {
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly text: string;
}

/** The forms of a rule's messages, as patterns. */
const formsOf = memoized(({ messages }: ChineseTexts): readonly Form[] => {
  return messages.map(([english, text]) => {
    const names = [...english.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
    const parts = english.split(/\{\w+\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return { pattern: new RegExp(`^${parts.join("([^]+?)")}$`), names, text };
  });
});

/** What stands in a message's gap: layers and counts in Chinese, all else as it is. */
function phrase(text: string): string {
  return text
    .replaceAll(/\blayer ("(?:[^"\\]|\\.)*") \(([^()]*)\)/g, "层 $1（$2）")
    .replaceAll(/\b(\d+) (?:more )?(?:Python )?layers?(?: of this type)?\b/g, "$1 个层")
    .replaceAll(/\b(\d+) more places?\b/g, "$1 处")
    .replaceAll(/\b(\d+) channels? of (\d+)\b/g, "$2 个通道中的 $1 个")
    .replaceAll(/\b(\d+) parameters?\b/g, "$1 个参数")
    .replaceAll(/\b(\d+) inputs?\b/g, "$1 个输入")
    .replace(/; did you mean ("[^"]*")\?$/, "；是否想写 $1？")
    .replaceAll(" and ", " 和 ");
}

import { chinese } from "./index.js";
import { bookOf, type Translation, translate } from "./translate.js";

/** What a rule says of a problem. */
interface Said {
  readonly rule: string;
  readonly message: string;
  readonly why: string;
}

/**
 * A finding in Chinese. English that no text of its rule covers stays as it is. So do the errors of layers' own checks, which rules pass
 * on ("kernel_size is 0", hundreds of sentences): they stand behind a sentence in Chinese, in a placeholder called `error`.
 */
export function inChinese<F extends Said>(finding: F): F {
  const { rule, message, why } = finding;
  return { ...finding, message: translated(rule, message).text, why: translated(rule, why).text };
}

/** The English that is left in a finding in Chinese: nothing, unless its rule lacks a text. */
export function untranslated({ rule, message, why }: Said): readonly string[] {
  return [message, why].flatMap((text) => translated(rule, text).left);
}

const books = new Map<string, ReturnType<typeof bookOf>>();

function translated(rule: string, text: string): Translation {
  const book = books.get(rule) ?? bookOf((Object.hasOwn(chinese, rule) && chinese[rule]?.texts) || []);
  books.set(rule, book);
  return translate(text, book);
}

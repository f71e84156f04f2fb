import { rules } from "../lint/rules/index.js";

/** The languages in which lint speaks. */
export type LintLanguage = "en" | "zh";

/**
 * A finding with its message and its why in a language. In Chinese the why begins with what the rule says in general; the numbers of the
 * net follow in English.
 *
 * @returns the finding itself for English
 * @example
 * ```ts
 * const { findings } = await lint('layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { eps: 0 } }');
 * for (const finding of findings) console.log((await translateFinding(finding, "zh")).message);
 * ```
 */
export async function translateFinding<
  F extends { readonly rule: string; readonly message: string; readonly why: string },
>(finding: F, language: LintLanguage): Promise<F> {
  if (language === "en") return finding;
  const { inChinese } = await import("../lint/chinese/translate.js");
  return inChinese(finding);
}

/**
 * What each rule of lint looks for, in one line, by its id.
 *
 * @example
 * ```ts
 * console.log((await ruleSummaries("en"))["bn-eps"]); // an `eps` of a BatchNorm that is 0, …
 * ```
 */
export async function ruleSummaries(language: LintLanguage): Promise<Readonly<Record<string, string>>> {
  if (language === "en") return Object.fromEntries(rules.map(({ id, summary }) => [id, summary]));
  const { chinese } = await import("../lint/chinese/index.js");
  return Object.fromEntries(Object.entries(chinese).map(([id, { summary }]) => [id, summary]));
}

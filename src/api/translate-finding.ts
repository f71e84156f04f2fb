import { rules } from "../lint/rules/index.js";
import { check } from "../util/errors.js";

/** A language in which lint can say what it found. */
export type LintLanguage = "en" | "zh";

/**
 * A finding with its message and its why in another language. Names and numbers stay as they are, and so do the errors of layers' own checks
 * (`kernel_size is 0`), which some rules pass on. The texts of a language other than English are loaded with the first call for it.
 *
 * @param language `en`: the finding as it is; `zh`: simplified Chinese
 * @throws MokaError `MOKA_USAGE` for another language
 * @example
 * ```ts
 * const { findings } = await lint('layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { eps: 0 } }');
 * for (const finding of findings) console.log((await translateFinding(finding, "zh")).message);
 * ```
 */
export async function translateFinding<
  F extends { readonly rule: string; readonly message: string; readonly why: string },
>(finding: F, language: LintLanguage): Promise<F> {
  checkLanguage(language);
  if (language === "en") return finding;
  const { inChinese } = await import("../lint/chinese/finding.js");
  return inChinese(finding);
}

/**
 * What each rule of lint looks for, in one line, by its id.
 *
 * @param language `en`, or `zh` for simplified Chinese
 * @throws MokaError `MOKA_USAGE` for another language
 * @example
 * ```ts
 * const summaries = await ruleSummaries("zh");
 * for (const [id, summary] of Object.entries(summaries)) console.log(id, summary);
 * ```
 */
export async function ruleSummaries(language: LintLanguage): Promise<Readonly<Record<string, string>>> {
  checkLanguage(language);
  if (language === "en") return Object.fromEntries(rules.map(({ id, summary }) => [id, summary]));
  const { chinese } = await import("../lint/chinese/index.js");
  return Object.fromEntries(rules.map(({ id, summary }) => [id, chinese[id]?.summary ?? summary]));
}

function checkLanguage(language: string): void {
  check(language === "en" || language === "zh", "MOKA_USAGE", `lint speaks "en" and "zh", not "${language}"`);
}

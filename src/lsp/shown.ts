import { inChinese } from "../lint/chinese/finding.js";
import type { FoundProblem } from "../lint/lint.js";

/** The languages that a client may ask for, by `initializationOptions.language`. Default: English. */
export type Language = "en" | "zh";

/** A finding as a reader of this language sees it. */
export function shown(finding: FoundProblem, language: Language): FoundProblem {
  return language === "zh" ? inChinese(finding) : finding;
}

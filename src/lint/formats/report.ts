import type { Finding } from "../lint.js";
import type { Severity } from "../rule.js";

/** What was found in one file, as formats take it. */
export interface Report<Found extends Finding = Finding> {
  readonly file: string;
  readonly text: string;
  readonly findings: readonly Found[];
}

/** How many findings of each severity there are in all. */
export function countsOf(reports: readonly Report[]): Readonly<Record<Severity, number>> {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { severity } of reports.flatMap(({ findings }) => findings)) counts[severity]++;
  return counts;
}

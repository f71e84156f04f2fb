import type { Finding } from "../lint.js";
import type { Severity } from "../rule.js";

/** The findings of one file. */
export interface Report<Found extends Finding = Finding> {
  readonly file: string;
  readonly text: string;
  readonly findings: readonly Found[];
}

/** The number of findings of each severity. */
export function countsOf(reports: readonly Report[]): Readonly<Record<Severity, number>> {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { severity } of reports.flatMap(({ findings }) => findings)) counts[severity]++;
  return counts;
}

// Recall and precision of lint on planted mistakes.
import type { Finding } from "../../../src/lint/lint.js";
import { type DrawnNet, netText } from "./net-text.js";

/** What lint says of one net with one mistake. */
export interface Result {
  readonly kind: string;
  readonly rule: string;
  readonly pending: boolean;
  readonly isFound: boolean;
  /** The findings of the mistake. */
  readonly right: number;
  /** Other errors and warnings that the net without the mistake does not have. */
  readonly wrong: readonly Finding[];
  readonly net: DrawnNet;
  readonly layer: string;
}

interface Row {
  readonly kind: string;
  readonly rule: string;
  planted: number;
  found: number;
  right: number;
  wrong: number;
}

export class Score {
  readonly #rows = new Map<string, Row>();
  readonly #failed: Result[] = [];

  add(result: Result): void {
    const { kind, rule, pending, isFound, right, wrong } = result;
    const row = this.#rows.get(kind) ?? { kind, rule, planted: 0, found: 0, right: 0, wrong: 0 };
    this.#rows.set(kind, row);
    row.planted++;
    if (isFound && wrong.length === 0) row.found++;
    row.right += right;
    row.wrong += wrong.length;
    if (!pending && (!isFound || wrong.length > 0)) this.#failed.push(result);
  }

  /** A line for each kind of mistake, and the totals. */
  table(): string {
    const rows = [...this.#rows.values()];
    const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
    const [planted, found, right, wrong] = [
      (row: Row) => row.planted,
      (row: Row) => row.found,
      (row: Row) => row.right,
      (row: Row) => row.wrong,
    ].map(sum) as [number, number, number, number];
    const width = Math.max(...rows.map(({ kind }) => kind.length));
    const line = (kind: string, rule: string, ...numbers: readonly (number | string)[]) => {
      return `${kind.padEnd(width)}  ${rule.padEnd(24)}${numbers.map((each) => `${each}`.padStart(9)).join("")}\n`;
    };
    return [
      line("kind", "rule", "planted", "found", "false"),
      ...rows.map((row) => line(row.kind, row.rule, row.planted, row.found, row.wrong)),
      line(`all ${rows.length} kinds`, "", planted, found, wrong),
      `recall ${percent(found, planted)}, precision ${percent(right, right + wrong)}\n`,
    ].join("");
  }

  /** What was not found, and what was found and is not so; a net for each kind. */
  failures(): string {
    const first = new Map(this.#failed.toReversed().map((result) => [result.kind, result]));
    return [...first.values()]
      .toReversed()
      .map(({ kind, rule, layer, isFound, wrong, net }) => {
        const said = wrong.map((finding) => `  ${finding.severity} ${finding.rule}: ${finding.message}`);
        return [
          `${kind}: ${rule} at "${layer}" ${isFound ? "found" : "not found"}`,
          ...said,
          netText({ ...net, isTerse: true }),
        ].join("\n");
      })
      .join("\n\n");
  }
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
}

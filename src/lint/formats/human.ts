import { oneLine } from "../../util/escape.js";
import { grouped } from "../../util/grouped.js";
import { counted, wrapped } from "../../util/words.js";
import type { Finding } from "../lint.js";
import type { Severity } from "../rule.js";
import { codeFrame } from "./code-frame.js";
import { countsOf, type Report } from "./report.js";

/** Functions that color a text, or leave it as it is. */
export type Paint = Readonly<
  Record<"bold" | "dim" | "red" | "yellow" | "cyan" | "green" | "underline", (text: string) => string>
>;

const colors = { error: "red", warning: "yellow", info: "cyan" } as const satisfies Record<Severity, keyof Paint>;

/** At most this many findings of one kind in a file are shown one by one. */
const most = 3;
const order: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** How findings are shown. */
export interface HumanFormat {
  readonly paint: Paint;
  /** The number of columns at which code is cut and reasons are wrapped. */
  readonly width: number;
  /** Whether each of many findings of one kind is shown. Default: false, the first of them with the lines of the others. */
  readonly all?: boolean | undefined;
}

/**
 * Findings for people, errors first: place, severity and message on a line, the code, the reason. Of many findings of one
 * kind in a file the first stands for all.
 */
export function formatHuman(reports: readonly Report[], { paint, width, all = false }: HumanFormat): string {
  const blocks = reports.flatMap(({ file, text, findings }) => {
    const lines = findings.length > 0 ? text.split("\n") : [];
    return kindsIn(findings, all).map(([first, ...others]) => ({
      ...{ severity: first.severity, isCut: others.length > 0 },
      text: block(file, lines, first, others, paint, width),
    }));
  });
  const sorted = blocks.toSorted((a, b) => order[a.severity] - order[b.severity]);
  const hint = blocks.some(({ isCut }) => isCut) ? "`moka lint --all` shows each of them\n" : "";
  return [...sorted.map((each) => each.text), summaryOf(reports, paint) + hint].join("\n");
}

type Kind = readonly [first: Finding, ...others: readonly Finding[]];

/**
 * The findings of a file by their kind: rule, severity, and message but for names and numbers. Kinds of few findings are
 * split into single ones.
 */
function kindsIn(findings: readonly Finding[], all: boolean): readonly Kind[] {
  const kinds = grouped(findings, ({ rule, severity, message }) => {
    return `${rule} ${severity} ${message.replaceAll(/"[^"]*"|\d+/g, "")}`;
  });
  return [...kinds.values()]
    .flatMap((kind) => {
      const [first, ...others] = kind;
      return first && kind.length > most && !all ? [[first, ...others] as const] : kind.map((each) => [each] as const);
    })
    .sort(([a], [b]) => a.line - b.line || a.column - b.column);
}

function block(
  path: string,
  lines: readonly string[],
  finding: Finding,
  others: readonly Finding[],
  paint: Paint,
  width: number,
): string {
  const { rule, severity, line, column, message, why, fixable } = finding;
  const color = paint[colors[severity]];
  const place = paint.underline(`${oneLine(path)}:${line}:${column}`);
  const head = `${place}  ${color(severity)}  ${paint.bold(oneLine(message))}  ${paint.dim(rule)}`;
  const shown = [...new Set(others.map((each) => each.line))];
  const where = `${shown.length === 1 ? "line" : "lines"} ${shown.slice(0, 8).join(", ")}${shown.length > 8 ? ", …" : ""}`;
  const more = others.length > 0 ? [`  and ${others.length} more of this kind: ${where}`] : [];
  const reason = wrapped(oneLine(why), width - 2).map((each) => `  ${each}`);
  const mark = fixable ? [`  ${paint.green("fix: moka fix")}`] : [];
  const frame = codeFrame(lines, finding, { color, dim: paint.dim }, width);
  return `${[head, ...frame, ...more, ...reason, ...mark].join("\n")}\n`;
}

/** `3 errors, 2 warnings, 1 note in 2 files; 4 of them moka fix repairs`. */
function summaryOf(reports: readonly Report[], paint: Paint): string {
  const { error, warning, info } = countsOf(reports);
  const files = counted(reports.length, "file");
  if (error + warning + info === 0) return `${paint.green("no problems")} in ${files}\n`;
  const parts = [
    ...(error > 0 ? [paint.red(counted(error, "error"))] : []),
    ...(warning > 0 ? [paint.yellow(counted(warning, "warning"))] : []),
    ...(info > 0 ? [paint.cyan(counted(info, "note"))] : []),
  ];
  const fixable = reports.flatMap(({ findings }) => findings).filter((finding) => finding.fixable).length;
  const repaired = fixable > 0 ? `; ${fixable} of them \`moka fix\` repairs` : "";
  return `${parts.join(", ")} in ${files}${repaired}\n`;
}

import { counted } from "../../util/words.js";
import type { Finding } from "../lint.js";
import type { Severity } from "../rule.js";
import { codeFrame } from "./code-frame.js";
import { countsOf, type Report } from "./report.js";

/** Functions that color a text, or leave it as it is. */
export type Paint = Readonly<
  Record<"bold" | "dim" | "red" | "yellow" | "cyan" | "green" | "underline", (text: string) => string>
>;

const colors = { error: "red", warning: "yellow", info: "cyan" } as const satisfies Record<Severity, keyof Paint>;

/**
 * Findings for people: place, severity and message on a line, the code, the reason.
 *
 * @param width the number of columns at which code is cut and reasons are wrapped
 */
export function formatHuman(reports: readonly Report[], paint: Paint, width: number): string {
  const blocks = reports.flatMap(({ file, text, findings }) => {
    const lines = findings.length > 0 ? text.split("\n") : [];
    return findings.map((finding) => block(file, lines, finding, paint, width));
  });
  return [...blocks, summaryOf(reports, paint)].join("\n");
}

function block(file: string, lines: readonly string[], finding: Finding, paint: Paint, width: number): string {
  const { rule, severity, line, column, message, why, fixable } = finding;
  const color = paint[colors[severity]];
  const head = `${paint.underline(`${file}:${line}:${column}`)}  ${color(severity)}  ${paint.bold(message)}  ${paint.dim(rule)}`;
  const reason = wrapped(why, width - 2).map((each) => `  ${each}`);
  const mark = fixable ? [`  ${paint.green("fix: moka fix")}`] : [];
  return `${[head, ...codeFrame(lines, finding, { color, dim: paint.dim }, width), ...reason, ...mark].join("\n")}\n`;
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

/** Lines of at most `width` characters, broken at spaces. */
function wrapped(text: string, width: number): readonly string[] {
  return text.split("\n").flatMap((paragraph) => {
    const lines: string[] = [];
    for (const word of paragraph.split(" ")) {
      const last = lines.at(-1);
      if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
      else lines.push(word);
    }
    return lines;
  });
}

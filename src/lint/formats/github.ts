import type { Finding } from "../lint.js";
import type { Report } from "./report.js";

const commands = { error: "error", warning: "warning", info: "notice" } as const;

/** Annotations of GitHub Actions: workflow commands, which GitHub shows beside the lines of the file. */
export function formatGithub(reports: readonly Report[]): string {
  return reports.flatMap(({ file, findings }) => findings.map((finding) => annotation(file, finding))).join("");
}

function annotation(file: string, finding: Finding): string {
  const { rule, severity, line, column, endLine, endColumn, message, why } = finding;
  const place = { file: file.replaceAll("\\", "/"), line, col: column, endLine, endColumn, title: rule };
  const properties = Object.entries(place).map(([key, value]) => `${key}=${escapeProperty(`${value}`)}`);
  return `::${commands[severity]} ${properties.join(",")}::${escapeData(`${message}\n${why}`)}\n`;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

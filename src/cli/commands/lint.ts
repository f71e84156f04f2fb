import type { LintLanguage } from "../../api/translate-finding.js";
import type { Report } from "../../lint/formats/report.js";
import type { FoundProblem } from "../../lint/lint.js";
import { check, MokaError } from "../../util/errors.js";
import { colorsFor } from "../colors.js";
import { type Command, command, flag, operand, option } from "../command.js";
import { belowHere, forEachFile, lintOptions, rulePage } from "../lint-files.js";
import { integer, oneOf } from "../options.js";
import { print, printCommands, printJson } from "../print.js";

/** `moka lint`: finds mistakes in nets and solvers. */
export const lint: Command = command(
  {
    files: operand("[files...]", "prototxts of nets and solvers; - is stdin"),
    format: option("--format <name>", "how to print", oneOf("human", "json", "sarif", "github"), "human"),
    json: flag("--json", "the same as --format json"),
    maxWarnings: option("--max-warnings <n>", "exit with 1 if there are more", integer(0)),
    explain: option("--explain <rule>", "print what a rule looks for, why, and how to repair it"),
    all: flag("--all", "show each of many findings of one kind, not the first with the number of the others"),
    list: flag("--list", "print all rules"),
    language: option("--language <language>", "en, or zh for messages and reasons in Chinese", oneOf("en", "zh"), "en"),
    ...lintOptions,
  },
  async ({
    files,
    json,
    format: name,
    maxWarnings = Number.POSITIVE_INFINITY,
    explain,
    all,
    list,
    language,
    ...flags
  }) => {
    const format = json ? "json" : name;
    if (explain !== undefined) return printPage(explain);
    if (list) return printList(format === "json", language);
    check(files.length > 0, "MOKA_USAGE", "give at least one file: moka lint FILE…");
    const { lint } = await import("../../api/lint.js");
    const refused: MokaError[] = [];
    // A file that cannot be read does not keep the others from being linted.
    const results = await forEachFile(files, flags, async ({ pathOrText, options }) =>
      lint(pathOrText, options).catch((error: unknown) => {
        if (!(error instanceof MokaError) || error.code === "MOKA_USAGE") throw error;
        refused.push(error);
        return undefined;
      }),
    );
    if (refused.length > 0 && results.length === 0) throw new AggregateError(refused);
    const { translateFinding } = await import("../../api/translate-finding.js");
    const reports = await Promise.all(
      results.map(async ({ file = "<stdin>", text, findings }) => ({
        ...{ file, text },
        findings: await Promise.all(findings.map((finding) => translateFinding(finding, language))),
      })),
    );
    const text = await formatters[format](reports, all);
    if (format === "github") printCommands(text);
    else print(text);
    if (refused.length > 0) throw new AggregateError(refused);
    const { countsOf } = await import("../../lint/formats/report.js");
    const { error, warning } = countsOf(reports);
    return error > 0 || warning > maxWarnings ? 1 : 0;
  },
  {
    help:
      "The nets that a solver names are looked at too, with it. Exits with 1 if there are errors." +
      "\n# moka-ignore RULE in a prototxt, before a layer or a field, silences a rule there.",
  },
);

type Reports = readonly Report<FoundProblem>[];

const formatters: Readonly<
  Record<"human" | "json" | "sarif" | "github", (reports: Reports, all: boolean) => Promise<string>>
> = {
  async human(reports, all) {
    const { formatHuman } = await import("../../lint/formats/human.js");
    return formatHuman(reports, { paint: colorsFor(process.stdout), width: process.stdout.columns || 100, all });
  },
  async json(reports) {
    const { formatJson } = await import("../../lint/formats/json.js");
    return formatJson(reports);
  },
  async github(reports) {
    const { formatGithub } = await import("../../lint/formats/github.js");
    return formatGithub(reports.map((report) => ({ ...report, file: belowHere(report.file) })));
  },
  async sarif(reports) {
    const { formatSarif } = await import("../../lint/formats/sarif.js");
    const { rules } = await import("../../lint/rules/index.js");
    const { version } = await import("../../version.js");
    const pages = new Map<string, string>();
    for (const { id } of rules) {
      const page = await rulePage(id);
      if (page !== undefined) pages.set(id, page);
    }
    const placed = reports.map((report) => ({ ...report, file: belowHere(report.file) }));
    return formatSarif(placed, { version, rules, pages });
  },
};

async function printPage(id: string): Promise<0> {
  const page = /^[a-z0-9-]+$/.test(id) ? await rulePage(id) : undefined;
  if (page === undefined) {
    const { rules } = await import("../../lint/rules/index.js");
    const { checkLevels } = await import("../../lint/config.js");
    checkLevels({ [id]: "off" }, rules, "--explain");
  }
  print(page ?? `There is no page on ${id}.\n`);
  return 0;
}

async function printList(json: boolean, language: LintLanguage): Promise<0> {
  const { rules } = await import("../../lint/rules/index.js");
  const { ruleSummaries } = await import("../../api/translate-finding.js");
  const summaries = await ruleSummaries(language);
  const rows = rules.map(({ id, severity, summary }) => ({ id, severity, summary: summaries[id] ?? summary }));
  if (json) {
    printJson(rows);
    return 0;
  }
  const width = Math.max(...rules.map(({ id }) => id.length));
  const lines = rows.map(({ id, severity, summary }) => `${id.padEnd(width)}  ${severity.padEnd(7)}  ${summary}\n`);
  print(lines.join(""));
  return 0;
}

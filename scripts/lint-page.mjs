// Writes the table of rules in docs/lint.md, from the rules in dist/, which scripts/build.mjs makes. `--stdout` prints the table
// instead.
import { readFileSync, writeFileSync } from "node:fs";
import { rules } from "../dist/lint/rules/index.js";

const page = new URL("../docs/lint.md", import.meta.url);
const rows = rules.map(({ id, severity, summary }) => `| [${id}](lint/${id}.md) | ${severity} | ${summary} |`);
const table = ["| rule | severity | what it looks for |", "|---|---|---|", ...rows].join("\n");

if (process.argv.includes("--stdout")) process.stdout.write(`${table}\n`);
else {
  const text = readFileSync(page, "utf8");
  const [, before, behind] = /^(.*<!-- rules -->\n).*(<!-- \/rules -->.*)$/s.exec(text);
  writeFileSync(page, `${before}${table}\n${behind}`);
}

// Writes src/language/gen/contracts.ts, what editors show of layers and their fields: the doc comments above the layers' classes.
// `--check` exits with 1 instead if the file is out of date.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { contractsIn } from "./contracts.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const path = `${root}src/language/gen/contracts.ts`;
const lines = Object.entries(contracts()).map(([type, text]) => `  ${JSON.stringify(type)}: ${JSON.stringify(text)},`);
const content = `// Made by scripts/language-data.mjs; not to be edited.
/** The contracts of the layers, as markdown, by their types. */
export const contracts: Readonly<Record<string, string>> = {
${lines.join("\n")}
};
`;
if (!process.argv.includes("--check")) writeFileSync(path, content);
else if (readFileSync(path, "utf8") !== content) {
  console.error("src/language/gen/contracts.ts is out of date: npm run docs makes it anew");
  process.exitCode = 1;
}

function contracts() {
  const folders = readdirSync(`${root}src/layers`, { withFileTypes: true }).filter((each) => each.isDirectory());
  const all = folders.flatMap(({ name }) =>
    readdirSync(`${root}src/layers/${name}`)
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .flatMap((file) => contractsIn(`src/layers/${name}/${file}`)),
  );
  const layers = all.filter(({ isBase, type }) => !isBase && type).sort((a, b) => (a.type < b.type ? -1 : 1));
  return Object.fromEntries(layers.map(({ type, paragraphs }) => [type, markdown(paragraphs)]));
}

/** A paragraph a line, pieces that begin on a line of their own included. */
function markdown(paragraphs) {
  return paragraphs.map((lines) => lines.map((line) => line.trim()).join("\n")).join("\n\n");
}

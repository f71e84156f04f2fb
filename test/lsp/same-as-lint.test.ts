// What the server publishes is what `moka lint` finds: rule, severity, line and column.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { netsOf } from "../../src/api/lint.js";
import { createFiles } from "../../src/platform/node/files.js";
import { decodeText } from "../../src/util/encoding.js";
import { folderOf, normalPath } from "../../src/util/paths.js";
import { Editor } from "./editor.js";
import { asFound, lintedWithNets } from "./findings.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const prototxtsIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".prototxt"))
    .map((path) => normalPath(`${folder}/${path}`))
    .sort();

const cases = prototxtsIn(`${root}test/cases`);
const corpus = `${root}../shared/corpus/prototxt`;
const sampled = 80;

let editor: Editor;
beforeAll(async () => {
  editor = await Editor.start({ folder: root.slice(0, -1) });
});
afterAll(() => editor.shutDown());

/** The text as an editor has it; undefined for one that is not UTF-8, of which an editor makes another text. */
function textOf(path: string): string | undefined {
  const { text, encoding } = decodeText(readFileSync(path));
  return encoding === "utf-8" && text !== "" ? text : undefined;
}

const solvers = new Map<string, Promise<ReadonlyMap<string, readonly string[]>>>();

/** The solvers in a folder and the nets that they name. */
async function solversIn(folder: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith(".prototxt")) continue;
    const path = folder + name;
    const nets = await netsOf({ text: readFileSync(path, "utf8"), file: path }, createFiles());
    if (nets.length > 0) found.set(path, nets.map(normalPath));
  }
  return found;
}

/** The solver beside a net that names it, as the server has to find it. */
async function solverBeside(net: string): Promise<string | undefined> {
  const folder = folderOf(net);
  const beside = solvers.get(folder) ?? solversIn(folder);
  solvers.set(folder, beside);
  return [...(await beside)].find(([path, nets]) => path !== net && nets.includes(net))?.[0];
}

async function compare(path: string): Promise<void> {
  const text = textOf(path);
  if (text === undefined) return;
  editor.open(path, text);
  // The repairs are of what is there now: who asks for them has not to wait until nobody types.
  const start = { line: 0, character: 0 };
  await editor.ask("codeAction", path, { range: { start, end: start }, context: { diagnostics: [] } });
  const shown = (await editor.diagnostics(path)).map(asFound);
  const isSolver = (await netsOf({ text, file: path }, createFiles())).length > 0;
  const expected = await lintedWithNets(path, isSolver ? undefined : await solverBeside(path));
  expect(shown, path).toEqual(expected.get(path));
  for (const [net, findings] of expected) expect((await editor.diagnostics(net)).map(asFound), net).toEqual(findings);
  editor.close(path);
}

test("in test/cases", async () => {
  expect(cases.length).toBeGreaterThan(10);
  for (const path of cases) await compare(path);
});

test.runIf(existsSync(corpus))(`in ${sampled} files of the corpus`, async () => {
  const all = prototxtsIn(corpus);
  for (let i = 0; i < sampled; i++) await compare(all[Math.floor((i * all.length) / sampled)]);
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CodeAction, Range, TextEdit } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import { fix, lint } from "../../src/api/lint.js";
import { uriOf } from "../../src/util/paths.js";
import { Editor } from "./editor.js";

const net = `layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 dim: 8 dim: 8 } } }
layer { name: "😀" type: "BatchNorm" bottom: "x" top: "y" }
layer {
  name: "scale"
  type: "Scale" # γ and β
  bottom: "y"
  top: "z"
}
`;
const whole: Range = { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } };

let folder: string;
let path: string;
let editor: Editor;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "moka-lsp-"));
  path = join(folder, "net.prototxt");
  editor = await Editor.start();
});
afterEach(async () => {
  await editor.shutDown();
  rmSync(folder, { recursive: true });
});

async function actionsOf(text: string, only?: readonly string[], range = whole): Promise<readonly CodeAction[]> {
  writeFileSync(path, text);
  editor.open(path, text);
  return editor.ask("codeAction", path, { range, context: { diagnostics: [], ...(only ? { only } : {}) } });
}

/** The text after an action, as an editor makes it. */
function after(text: string, { edit }: CodeAction): string {
  const edits: TextEdit[] = edit?.changes?.[uriOf(path)] ?? [];
  return TextDocument.applyEdits(TextDocument.create("", "", 0, text), edits);
}

test.each([["\n"], ["\r\n"]])("each repair changes what lint's own does, with line ends %j", async (newline) => {
  const text = net.replaceAll("\n", newline);
  const actions = (await actionsOf(text, ["quickfix"])).filter(({ isPreferred }) => isPreferred);
  const { findings } = await lint(path);
  expect(actions.map(({ title }) => title)).toEqual(
    findings.filter(({ fixable }) => fixable).map(({ message }) => `Repair: ${message}`),
  );
  for (const action of actions) {
    const [{ code }] = action.diagnostics ?? [];
    const repaired = after(text, action);
    expect(repaired).not.toBe(text);
    expect(/(?<!\r)\n/.test(repaired)).toBe(newline === "\n");
    writeFileSync(path, repaired);
    const left = (await lint(path)).findings.filter(({ rule }) => rule === code);
    expect(left.length).toBeLessThan(findings.filter(({ rule }) => rule === code).length);
  }
});

test("all repairs of a file are those of moka fix, and are made when they are chosen", async () => {
  const [action, ...more] = await actionsOf(net, ["source.fixAll"]);
  expect(more).toEqual([]);
  expect(action).toMatchObject({ kind: "source.fixAll.moka" });
  expect(action.edit).toBeUndefined();
  const resolved = await editor.request<CodeAction>("codeAction/resolve", action);
  expect(after(net, resolved)).toBe((await fix(path)).text);
});

test("an editor that cannot ask later has the edit at once", async () => {
  await editor.shutDown();
  editor = await Editor.start({ capabilities: {} });
  const [action] = await actionsOf(net, ["source.fixAll.moka"]);
  expect(after(net, action)).toBe((await fix(path)).text);
});

test("a rule is ignored where it has found something", async () => {
  const actions = await actionsOf(net);
  const ignore = actions.find(({ title }) => title === "Ignore scale-without-bias here");
  expect(ignore && after(net, ignore)).toBe(net.replace("layer {\n", "# moka-ignore scale-without-bias\nlayer {\n"));
});

test("only what touches the place is offered, and what is asked for", async () => {
  const place = { line: 4, character: 1 };
  const titles = (await actionsOf(net, undefined, { start: place, end: place })).map(({ title }) => title);
  expect(titles.some((title) => title.startsWith('Repair: layer "scale"'))).toBe(true);
  expect(titles.some((title) => title.startsWith('Repair: layer "😀"'))).toBe(false);
  expect(await actionsOf(net, ["refactor"])).toEqual([]);
  expect(await actionsOf("", undefined)).toEqual([]);
});

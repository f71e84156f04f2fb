// What the server makes of the answers of src/language: positions, kinds and edits of the protocol.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type CompletionItem,
  CompletionItemKind,
  type DocumentHighlight,
  DocumentHighlightKind,
  type DocumentSymbol,
  type FoldingRange,
  type Hover,
  type Location,
  type Position,
  type SemanticTokens,
  type TextEdit,
  type WorkspaceEdit,
} from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import { tokensLegend } from "../../src/lsp/semantic-tokens.js";
import { uriOf } from "../../src/util/paths.js";
import { Editor } from "./editor.js";

const net = `# 😀 γ
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 4 dim: 3 dim: 8 dim: 8 } } }
layer {
  name: "conv1"
  type: "Convolution"
  bottom: "data"
  top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 }
}
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "fc" type: "InnerProduct" bottom: "conv1" top: "fc" inner_product_param { num_output: 2 } }
`;

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

/** The place after some words that stand once in a text. */
function after(words: string, text = net): Position {
  expect(text.split(words)).toHaveLength(2);
  return TextDocument.create("", "", 0, text).positionAt(text.indexOf(words) + words.length);
}
const applied = (text: string, edits: TextEdit[] = []) =>
  TextDocument.applyEdits(TextDocument.create("", "", 0, text), edits);
const texts = (text: string, ranges: readonly { readonly range: Location["range"] }[]) =>
  ranges.map(({ range }) => TextDocument.create("", "", 0, text).getText(range));

/** Opens a text and asks about the place after some words. */
async function ask<R>(method: string, words: string, text = net, more: object = {}): Promise<R> {
  editor.open(path, text);
  return editor.ask<R>(method, path, { position: after(words, text), ...more });
}

test("completions replace what is typed, and put the cursor where it goes on", async () => {
  const typed = net.replace("num_output: 4", "num_o");
  const items = await ask<CompletionItem[]>("completion", "convolution_param { num_o", typed);
  const item = items.find(({ label }) => label === "num_output");
  expect(item).toMatchObject({ kind: CompletionItemKind.Field });
  expect(applied(typed, [item?.textEdit as TextEdit])).toContain("convolution_param { num_output:");
  expect(items.map(({ sortText }) => sortText)).toEqual(items.map(({ sortText }) => sortText).sort());
});

test("blobs are offered within quotes, and found by what stands there", async () => {
  const typed = net.replace('bottom: "data"', 'bottom: "da"');
  const items = await ask<CompletionItem[]>("completion", 'bottom: "da', typed);
  const item = items.find(({ label }) => label === "data");
  expect(item?.kind).toBe(CompletionItemKind.Variable);
  expect(applied(typed, [item?.textEdit as TextEdit])).toBe(net);
});

test("hover has what the schema says, and what lint says there", async () => {
  const typed = net.replace('type: "ReLU"', 'type: "ReLUU"');
  const { contents } = await ask<Hover>("hover", "kernel_s");
  expect(JSON.stringify(contents)).toContain("kernel_size");
  editor.change(path, { text: typed });
  await editor.diagnostics(path);
  const hover = await editor.ask<Hover>("hover", path, { position: after('type: "ReLU', typed) });
  expect(JSON.stringify(hover.contents)).toContain("docs/lint/unknown-layer.md");
  expect(await editor.ask("hover", path, { position: { line: 0, character: 1 } })).toBeNull();
});

test("a blob leads to its maker, its readers and all its places", async () => {
  const made = await ask<Location[]>("definition", 'type: "InnerProduct" bottom: "con');
  expect(texts(net, made).join()).toContain("conv1");
  expect(made.every(({ uri }) => uri === uriOf(path))).toBe(true);
  const position = after('type: "InnerProduct" bottom: "con');
  const all = await editor.ask<Location[]>("references", path, { position, context: { includeDeclaration: true } });
  const readers = await editor.ask<Location[]>("references", path, {
    position,
    context: { includeDeclaration: false },
  });
  expect(all.length).toBeGreaterThan(readers.length);
  expect(new Set(texts(net, all).map((text) => text.replaceAll('"', "")))).toEqual(new Set(["conv1"]));
  const highlights = await editor.ask<DocumentHighlight[]>("documentHighlight", path, { position });
  expect(highlights).toHaveLength(all.length);
  expect(new Set(highlights.map(({ kind }) => kind))).toEqual(
    new Set([DocumentHighlightKind.Write, DocumentHighlightKind.Read]),
  );
});

test("a solver leads to its net, at its beginning", async () => {
  writeFileSync(path, net);
  const solver = 'net: "net.prototxt"\nbase_lr: 0.01\n';
  editor.open(join(folder, "solver.prototxt"), solver);
  const [target, ...more] = await editor.ask<Location[]>("definition", join(folder, "solver.prototxt"), {
    position: after('net: "ne', solver),
  });
  const start = { line: 0, character: 0 };
  expect([target, more]).toEqual([{ uri: uriOf(path), range: { start, end: start } }, []]);
});

test("a rename says what it renames, changes each place, and is refused with a reason", async () => {
  const words = 'type: "InnerProduct" bottom: "con';
  const prepared = await ask<{ placeholder: string; range: Location["range"] }>("prepareRename", words);
  expect(prepared.placeholder).toBe("conv1");
  const position = after(words);
  const renamed = await editor.ask<WorkspaceEdit>("rename", path, { position, newName: "c" });
  const text = applied(net, renamed.changes?.[uriOf(path)]);
  expect(text.match(/"conv1"/g)).toHaveLength(1); // the layer's name
  expect(text.match(/"c"/g)).toHaveLength(4);
  await expect(editor.ask("rename", path, { position, newName: "data" })).rejects.toThrow(/data/);
  expect(await editor.ask("prepareRename", path, { position: { line: 0, character: 1 } })).toBeNull();
});

test("formatting changes only lines that differ, and leaves a text with errors as it is", async () => {
  const untidy = net.replace('  bottom: "data"', ' bottom:   "data"');
  editor.open(path, untidy);
  const options = { tabSize: 2, insertSpaces: true };
  const edits = await editor.ask<TextEdit[]>("formatting", path, { options });
  const text = applied(untidy, edits);
  expect(text).toContain('\n  bottom: "data"\n');
  expect(text).toContain("# 😀 γ\n");
  editor.change(path, { text });
  expect(await editor.ask("formatting", path, { options })).toEqual([]);
  editor.change(path, { text: "layer { name: \n" });
  await expect(editor.ask("formatting", path, { options })).rejects.toThrow();
});

test("the outline has the layers, and what folds lies over lines", async () => {
  editor.open(path, net);
  const symbols = await editor.ask<DocumentSymbol[]>("documentSymbol", path);
  expect(symbols.map(({ name }) => name)).toEqual(["data", "conv1", "relu1", "fc"]);
  for (const { range, selectionRange } of symbols) {
    expect(selectionRange.start.line).toBeGreaterThanOrEqual(range.start.line);
    expect(selectionRange.end.line).toBeLessThanOrEqual(range.end.line);
  }
  const folds = await editor.ask<FoldingRange[]>("foldingRange", path);
  expect(folds).toContainEqual(expect.objectContaining({ startLine: 2, endLine: 8 }));
});

test("semantic tokens name what is a field, a type and a blob", async () => {
  editor.open(path, net);
  const { data } = await editor.ask<SemanticTokens>("semanticTokens/full", path);
  const document = TextDocument.create("", "", 0, net);
  const found = new Map<string, string>();
  let [line, character] = [0, 0];
  for (let i = 0; i < data.length; i += 5) {
    const [lines, characters, length, type] = data.slice(i, i + 4);
    character = lines === 0 ? character + characters : characters;
    line += lines;
    const text = document.getText({ start: { line, character }, end: { line, character: character + length } });
    found.set(text.replaceAll('"', ""), tokensLegend.tokenTypes[type]);
  }
  expect(Object.fromEntries(found)).toMatchObject({
    "# 😀 γ": "comment",
    kernel_size: "property",
    Convolution: "class",
    fc: "variable",
    "3": "number",
  });
});

test("a file that is too large, or not open, has no answers", async () => {
  editor.open(path, "# \n".repeat(2_000_000));
  const position = { line: 0, character: 1 };
  for (const name of [path, join(folder, "other.prototxt")]) {
    expect(await editor.ask("hover", name, { position })).toBeNull();
    expect(await editor.ask("completion", name, { position })).toBeNull();
    expect(await editor.ask("documentSymbol", name)).toBeNull();
    expect(await editor.ask("semanticTokens/full", name)).toEqual({ data: [] });
    expect(await editor.ask("formatting", name, { options: { tabSize: 2, insertSpaces: true } })).toBeNull();
  }
});

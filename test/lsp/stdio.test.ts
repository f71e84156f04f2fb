// `moka lsp` as an editor starts it: the command of the bundle, in a process of its own. Needs dist/, which `npm run build` makes.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import type {
  CodeAction,
  CompletionItem,
  DocumentSymbol,
  Hover,
  Location,
  TextEdit,
  WorkspaceEdit,
} from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import { uriOf } from "../../src/util/paths.js";
import { version } from "../../src/version.js";
import { root } from "../repo/tree.js";
import { Editor } from "./editor.js";

const path = "/nowhere/net.prototxt";
const net = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 4 dim: 3 dim: 8 dim: 8 } } }
layer {
  name: "conv1"
  type: "Convolution"
  bottom: "data"
  top: "conv1"
  convolution_param { num_output: 4   kernel_size: 3 }
}
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
`;

let server: ChildProcessWithoutNullStreams;
let editor: Editor;
let errors = "";
beforeEach(() => {
  errors = "";
  server = spawn(process.execPath, ["dist/bin/moka.js", "lsp", "--stdio"], { cwd: root });
  server.stderr.on("data", (data: Buffer) => {
    errors += data.toString();
  });
  editor = Editor.over(server.stdout, server.stdin);
});
afterEach(() => void server.kill());

const applied = (text: string, edits: TextEdit[] = []) =>
  TextDocument.applyEdits(TextDocument.create("", "", 0, text), edits);
/** The place after a text that stands once in the net. */
const after = (text: string, words: string) => {
  const offset = text.indexOf(words) + words.length;
  return TextDocument.create("", "", 0, text).positionAt(offset);
};

test("open, type, complete, hover, define, rename, fix, format, outline, end", async () => {
  const { serverInfo, capabilities } = await editor.initialize();
  expect(serverInfo).toEqual({ name: "moka", version });
  expect(capabilities.positionEncoding).toBe("utf-16");

  editor.open(path, net);
  const codes = async () => (await editor.diagnostics(path)).map(({ code }) => code);
  expect(await codes()).not.toContain("unknown-layer");

  const place = after(net, 'type: "Convolution');
  editor.change(path, { range: { start: place, end: place }, text: "n" });
  const typed = net.replace("Convolution", "Convolutionn");
  expect(await codes()).toContain("unknown-layer");

  const items = await editor.ask<CompletionItem[]>("completion", path, {
    position: after(typed, 'type: "Convolution'),
  });
  const item = items.find(({ label }) => label === "Convolution");
  expect(item && applied(typed, [item.textEdit as TextEdit])).toContain('type: "Convolution"');

  const hover = await editor.ask<Hover>("hover", path, { position: after(typed, "  convolution_param { num_out") });
  expect(JSON.stringify(hover.contents)).toContain("num_output");

  const position = after(typed, 'type: "ReLU" bottom: "co');
  const [made] = await editor.ask<Location[]>("definition", path, { position });
  expect(made).toMatchObject({ uri: uriOf(path), range: { start: { line: 5 } } });

  const renamed = await editor.ask<WorkspaceEdit>("rename", path, { position, newName: "c1" });
  const text = applied(typed, renamed.changes?.[uriOf(path)]);
  expect(text.match(/"c1"/g)).toHaveLength(3);
  expect(text).toContain('name: "conv1"');

  const range = { start: after(typed, '  name: "conv1"'), end: after(typed, 'type: "Convolutionn"') };
  const actions = await editor.ask<CodeAction[]>("codeAction", path, { range, context: { diagnostics: [] } });
  const repair = actions.find(({ diagnostics }) => diagnostics?.[0]?.code === "unknown-layer");
  expect(applied(typed, repair?.edit?.changes?.[uriOf(path)])).toBe(net);

  const edits = await editor.ask<TextEdit[]>("formatting", path, { options: { tabSize: 2, insertSpaces: true } });
  expect(applied(typed, edits)).toContain("convolution_param { num_output: 4 kernel_size: 3 }");

  const symbols = await editor.ask<DocumentSymbol[]>("documentSymbol", path);
  expect(symbols.map(({ name }) => name)).toEqual(["data", "conv1", "relu1"]);

  const ended = once(server, "exit");
  await editor.exit();
  expect([await ended, errors]).toEqual([[0, null], ""]);
});

test("it ends with 1 when the editor goes away without a word", async () => {
  await editor.initialize();
  const ended = once(server, "exit");
  server.stdin.end();
  expect((await ended)[0]).toBe(1);
});

test("what is no message of the protocol does not end it", async () => {
  await editor.initialize();
  const bad = ["{", '{"jsonrpc":"2.0"}', '{"jsonrpc":"2.0","method":"textDocument/didChange","params":null}', "[]"];
  for (const body of bad) server.stdin.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
  await expect(editor.request("no/such", {})).rejects.toThrow("Unhandled method");
  await expect(editor.request("textDocument/hover", {})).rejects.toThrow();
  editor.open(path, net);
  expect(await editor.diagnostics(path)).toBeInstanceOf(Array);
});

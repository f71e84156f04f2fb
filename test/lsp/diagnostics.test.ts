import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pages } from "../../src/lsp/diagnostics.js";
import { tree } from "../repo/tree.js";
import { Editor } from "./editor.js";
import { asFound, lintedWithNets } from "./findings.js";

const net = `layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 } } }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "x" top: "l" }
`;
const misspelled = net.replace('"BatchNorm"', '"BatchNrm"');
/** Where the `o` of BatchNorm is missing. */
const gap = { line: 1, character: 32 };

let folder: string;
let editor: Editor;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "moka-lsp-"));
  editor = await Editor.start();
});
afterEach(async () => {
  await editor.shutDown();
  rmSync(folder, { recursive: true });
});

const at = (name: string) => join(folder, name);
const put = (name: string, text: string) => {
  writeFileSync(at(name), text);
  return at(name);
};
const found = async (path: string) => (await editor.diagnostics(path)).map(asFound);
const solverOf = (path: string) => `net: "${path}"\nbase_lr: 0.01\nlr_policy: "fixed"\nmax_iter: 10\n`;

test("a mistake is shown while it is typed, with its rule, the rule's page and the reason, and goes with it", async () => {
  editor.open(at("net.prototxt"), misspelled);
  const [diagnostic] = await editor.diagnostics(at("net.prototxt"));
  const { code, codeDescription, message } = diagnostic;
  expect(diagnostic).toMatchObject({ severity: 1, source: "moka", range: { start: { line: 1, character: 19 } } });
  expect(codeDescription?.href).toBe(`${pages}${code}.md`);
  expect(tree.has(`docs/lint/${code}.md`)).toBe(true);
  expect(message).toMatch(/BatchNrm.*\n./);
  editor.change(at("net.prototxt"), { range: { start: gap, end: gap }, text: "o" });
  expect((await editor.diagnostics(at("net.prototxt"))).map(({ code }) => code)).not.toContain(code);
});

test("the pages of rules are in the repository that package.json names", () => {
  const { homepage } = JSON.parse(tree.read("package.json"));
  expect(pages).toBe(`${homepage.replace(/#.*/, "")}/blob/main/docs/lint/`);
});

test("while texts change nothing is published, and an old answer never follows a newer one", async () => {
  const path = at("net.prototxt");
  editor.open(path, misspelled);
  for (let i = 0; i < 40; i++) {
    editor.change(path, { text: i % 2 === 0 ? net : misspelled });
    if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await found(path)).toContain("2:20 error unknown-layer");
  const versions = editor.publishedFor(path).map(({ version }) => version);
  expect(versions).toEqual([41]);
});

test("a solver's nets are looked at with it when it is opened or saved, and are forgotten with it", async () => {
  const path = put("net.prototxt", net);
  const solver = put("solver.prototxt", solverOf(path));
  editor.open(solver, solverOf(path));
  const expected = await lintedWithNets(solver);
  expect([await found(solver), await found(path)]).toEqual([expected.get(solver), expected.get(path)]);
  expect(expected.get(path)).not.toEqual((await lintedWithNets(path)).get(path));

  put("net.prototxt", misspelled);
  editor.forget();
  editor.save(solver);
  expect(await found(path)).toContain("2:20 error unknown-layer");

  editor.forget();
  editor.close(solver);
  expect([await found(path), await found(solver)]).toEqual([[], []]);
});

test("a net is linted with the solver beside it that names it, and with what is typed in an open one", async () => {
  const path = put("net.prototxt", net);
  editor.open(path, net);
  expect(await found(path)).toEqual((await lintedWithNets(path)).get(path));
  const solver = put("solver.prototxt", solverOf("net.prototxt"));
  editor.forget();
  editor.save(path);
  const withSolver = (await lintedWithNets(path, solver)).get(path);
  expect(await found(path)).toEqual(withSolver);
  editor.forget();
  editor.open(solver, "base_lr: 0.1\n");
  await editor.diagnostics(solver);
  expect(await found(path)).toEqual((await lintedWithNets(path)).get(path));
});

test("a change of a net is seen by what is said of the other net of an open solver", async () => {
  const [train, other] = [put("train.prototxt", net), put("test.prototxt", net)];
  const text = solverOf("").replace(
    'net: ""',
    `train_net: "${train}"\ntest_net: "${other}"\ntest_iter: 1\ntest_interval: 1`,
  );
  const solver = put("solver.prototxt", text);
  editor.open(solver, text);
  editor.open(train, net);
  await editor.diagnostics(train);
  const before = editor.publishedFor(other).length;
  editor.change(train, { text: misspelled });
  expect(await found(train)).toContain("2:20 error unknown-layer");
  await editor.diagnostics(train);
  expect(editor.publishedFor(other).length).toBeGreaterThan(before);
});

test("moka.config.json counts as for moka lint; one that is wrong is said in the file", async () => {
  const path = put("net.prototxt", misspelled);
  put("moka.config.json", JSON.stringify({ lint: { rules: { "unknown-layer": "info" } } }));
  editor.open(path, misspelled);
  expect(await found(path)).toContain("2:20 info unknown-layer");
  put("moka.config.json", "{");
  editor.forget();
  editor.notify("workspace/didChangeWatchedFiles", { changes: [] });
  expect(await found(path)).toEqual(["1:1 error MOKA_USAGE"]);
});

test("a document that is no file, and one whose address is none, are linted too", async () => {
  for (const uri of ["untitled:Untitled-1", "file:///%E0%A4%A", "vscode-vfs://github/a/net.prototxt", ""]) {
    editor.notify("textDocument/didOpen", {
      textDocument: { uri, languageId: "prototxt", version: 1, text: misspelled },
    });
    const actions = await editor.request("textDocument/codeAction", {
      textDocument: { uri },
      range: { start: gap, end: gap },
      context: { diagnostics: [] },
    });
    expect(JSON.stringify(actions)).toContain("unknown-layer");
  }
});

test("a file of more than 5 MB is not read, and says so at its top", async () => {
  const path = at("huge.prototxt");
  editor.open(path, net.repeat(30_000));
  const [only, ...more] = await editor.diagnostics(path);
  expect([only.range.start, more]).toEqual([{ line: 0, character: 0 }, []]);
  expect(only.message).toMatch(
    /^the file is not read: it has \d\.\d MB, and files of more than 5\.0 MB are left alone/,
  );
});

test("columns count UTF-16 units, and lines end as the protocol says", async () => {
  const path = at("net.prototxt");
  editor.open(path, `# 😀\r# é\r\n${misspelled}`);
  expect(await found(path)).toContain("4:20 error unknown-layer");
  const layer = 'layer { name: "😀" type: "BatchNrm" bottom: "x" top: "y" }';
  editor.change(path, { text: misspelled.replace(/^.*BatchNrm.*$/m, layer) });
  expect(await found(path)).toContain("2:20 error unknown-layer");
});

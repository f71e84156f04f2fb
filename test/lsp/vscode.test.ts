// The extension of VS Code: its .vsix has all that its manifest names, and its parts work as far as they do without VS Code.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strFromU8, unzipSync } from "fflate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findServer } from "../../editors/vscode/src/find-server.js";
import { version } from "../../src/version.js";
import { root, tree } from "../repo/tree.js";

let folder: string;
let entries: Readonly<Record<string, Uint8Array>>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "moka-vscode-"));
  execFileSync(process.execPath, ["scripts/vscode.mjs", "--out", join(folder, "dist")], { cwd: root, stdio: "ignore" });
  entries = unzipSync(readFileSync(join(folder, "dist", `moka-caffe-${version}.vsix`)));
});
afterAll(() => rmSync(folder, { recursive: true }));

const textOf = (path: string) => strFromU8(entries[path]);
const json = (path: string) => JSON.parse(textOf(path));

test("the .vsix has the manifest, and all that package.json names", () => {
  const { main, name, publisher, contributes, version: own } = json("extension/package.json");
  expect(own).toBe(version);
  const { languages, grammars } = contributes;
  for (const path of [main, languages[0].configuration, grammars[0].path, "README.md", "LICENSE.txt"]) {
    expect(Object.keys(entries)).toContain(join("extension", path));
  }
  const manifest = textOf("extension.vsixmanifest");
  expect(manifest).toContain(`Id="${name}" Version="${version}" Publisher="${publisher}"`);
  const assets = [...manifest.matchAll(/Path="([^"]+)"/g)].map(([, path = ""]) => path);
  expect(assets.length).toBeGreaterThan(2);
  for (const path of assets) expect(Object.keys(entries)).toContain(path);
  expect(textOf("[Content_Types].xml")).toContain('Extension=".cjs"');
});

test("the grammar's scope is the one that is named, and its patterns are regular expressions", () => {
  const [{ scopeName, path, language }] = json("extension/package.json").contributes.grammars;
  const grammar = json(join("extension", path));
  expect([grammar.scopeName, language]).toEqual([scopeName, "prototxt"]);
  const patterns = JSON.stringify(grammar).match(/(?<="(?:match|begin|end)":)"(?:[^"\\]|\\.)*"/g) ?? [];
  expect(patterns.length).toBeGreaterThan(10);
  for (const pattern of patterns) expect(() => new RegExp(JSON.parse(pattern), "u")).not.toThrow();
});

test.each([
  ['type: "ReLU"', "type", ["type", ":", '"ReLU"']],
  ["  type : 'Batch Norm' # x", "type", ["type", ":", "'Batch Norm'"]],
  ["layer {", "message", ["layer", undefined, undefined]],
  ["weight_filler: <", "message", ["weight_filler", ":", undefined]],
  ["lr_mult: 0.5", "field", ["lr_mult", ":", undefined]],
])("%j is of the kind %s", (line, kind, [first, second, third]) => {
  const { repository } = json("extension/syntaxes/prototxt.tmLanguage.json");
  const match = new RegExp(repository[kind].match).exec(line);
  expect([match?.[1], match?.[2], match?.[3]]).toEqual([first, second, third]);
});

test.each([
  ["1", "1"],
  ["-1.5e-3f", "-1.5e-3f"],
  [".5", ".5"],
  ["0x1F", "0x1F"],
  ["-inf", "-inf"],
  ["conv1_1", undefined],
])("in %j the number is %j", (text, number) => {
  const { repository } = json("extension/syntaxes/prototxt.tmLanguage.json");
  expect(new RegExp(repository.number.match).exec(text)?.[0]).toBe(number);
});

test("the client loads where VS Code is, and has what VS Code calls", () => {
  // Any property of any depth, which can be called and constructed: all that the client takes from VS Code as it loads.
  const anything = (): object =>
    new Proxy(class {}, {
      get: (target, key) =>
        key === "version"
          ? "1.91.0"
          : key === "prototype"
            ? target.prototype
            : key === Symbol.toPrimitive
              ? () => ""
              : anything(),
      apply: () => anything(),
    });
  const module = { exports: {} };
  const require = createRequire(import.meta.url);
  const run = new Function("require", "module", "exports", textOf("extension/dist/client.cjs"));
  run((id: string) => (id === "vscode" ? anything() : require(id)), module, module.exports);
  expect(Object.keys(module.exports).sort()).toEqual(["activate", "deactivate"]);
});

test("the server is the one of the setting, else the workspace's, else the one on the PATH", () => {
  const [a, b] = [join(folder, "a"), join(folder, "b")];
  const bin = join(b, "node_modules", ".bin");
  mkdirSync(bin, { recursive: true });
  for (const name of ["moka", "moka.cmd"]) writeFileSync(join(bin, name), "");
  chmodSync(join(bin, "moka"), 0o755);
  expect(findServer("/opt/moka", [a, b], "linux")).toBe("/opt/moka");
  expect(findServer("", [a, b], "linux")).toBe(join(bin, "moka"));
  expect(findServer("", [a, b], "win32")).toBe(join(bin, "moka.cmd"));
  expect(findServer("", [a], "linux")).toBe("moka");
  expect(findServer("", [], "darwin")).toBe("moka");
});

test("the extension's version is the package's", () => {
  expect(JSON.parse(tree.read("editors/vscode/package.json")).version).toBe(version);
});

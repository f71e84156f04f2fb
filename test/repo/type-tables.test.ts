// What a layer type knows stands in its class: outside src/layers no table goes by the names of types.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { forkTypes, layers } from "../../src/layers/registry.js";

const src = fileURLToPath(new URL("../../src/", import.meta.url));
const registered = layers.map(({ type }): string => type);
const names: ReadonlySet<string> = new Set([...registered, ...forkTypes.keys()]);

/** Files that may have such a table, and why. */
const allowed: Readonly<Record<string, string>> = {
  "onnx/import/fold/arrange.ts": "operators of ONNX, of which some have the names of layers",
  "onnx/import/fold/elementwise.ts": "operators of ONNX, of which some have the names of layers",
  "onnx/targets/ascend.ts": "what a vendor's compiler takes, from its documents",
  "onnx/targets/bvlc.ts": "a target as the others: BVLC's layers for inference",
  "onnx/targets/nnie.ts": "what a vendor's compiler takes, from its documents",
  "onnx/targets/nvdla.ts": "what a vendor's compiler takes, from its source",
  "onnx/targets/rknn.ts": "what a vendor's compiler takes, from its documents",
  "onnx/targets/sigmastar.ts": "what a vendor's compiler takes, from its documents",
  "onnx/targets/ssd.ts": "what BVLC's Caffe has and a fork of an earlier time has not",
  "proto/upgrade/v1.ts": "the enum of V1 layers is a table of the format itself",
  "tools/fold/affine-layer.ts": "what is folded away: it reads the parameters of these types",
  "tools/fold/linear.ts": "what is folded into: it rewrites the weights of these three types",
};

/** A bracket that is open, and how many names of types stand in it as items, keys, values or cases. */
interface Frame {
  readonly opener: string;
  found: number;
  /** The names that something is compared with in it, blocks within it apart. */
  readonly compared: Set<string>;
  /** Whether its first item is a name of a type: an entry of a Map. */
  isEntry: boolean;
  items: number;
}

function frameOf(opener: string): Frame {
  return { opener, found: 0, compared: new Set(), isEntry: false, items: 0 };
}

/**
 * The lines on which tables by names of layer types end: objects, arrays, arguments, switches, lists of words, regular
 * expressions, and comparisons with three names or more in one block.
 */
function tablesIn(text: string): number[] {
  const lineAt = (index: number) => text.slice(0, index).split("\n").length;
  const tables: number[] = [];
  const frames: Frame[] = [frameOf("")];
  let [before, second] = ["", ""];
  const token =
    /\/\/.*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|[A-Za-z_$][\w$]*|\S/g;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [word] = match;
    if (word.startsWith("//") || word.startsWith("/*")) continue;
    if (word === "/" && /^[(,=:[!&|?{};]?$/.test(before)) {
      const regex = /\/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+\//y;
      regex.lastIndex = match.index;
      const source = regex.exec(text)?.[0] ?? "";
      if (source) token.lastIndex = regex.lastIndex;
      const named = new Set(source.match(/[A-Za-z]\w*/g)?.filter((each) => names.has(each)));
      if (named.size > 1) tables.push(lineAt(match.index));
      before = "/regex/";
      continue;
    }
    const frame = frames.at(-1) as Frame;
    const isString = /^["'`]/.test(word);
    const value = isString ? word.slice(1, -1) : word;
    const words = value.split(/[\s,|]+/).filter((each) => each !== "");
    if (isString && words.length > 1 && words.every((each) => names.has(each))) tables.push(lineAt(match.index));
    if (names.has(value)) {
      const next = /\S/.exec(text.slice(token.lastIndex))?.[0];
      const isItem = isString && /^[[(]$/.test(frame.opener) && /^[[(,]$/.test(before);
      const isKey = frame.opener === "{" && next === ":" && /^[{,]$/.test(before);
      const isValue = isString && frame.opener === "{" && before === ":" && (next === "," || next === "}");
      if (isItem || isKey || isValue || (isString && before === "case")) frame.found++;
      if (isItem && frame.opener === "[" && frame.items === 0) frame.isEntry = true;
      const isCompared = `${second}${before}` === "==" || /^\s*[!=]==?/.test(text.slice(token.lastIndex));
      if (isString && isCompared) frame.compared.add(value);
    }
    if (word === ";" && frames.length === 1) {
      if (frame.compared.size > 2) tables.push(lineAt(match.index));
      frame.compared.clear();
    }
    if (word !== ",") frame.items++;
    if (/^[{[(]$/.test(word)) frames.push(frameOf(word));
    if (/^[}\])]$/.test(word) && frames.length > 1) {
      const { opener, found, compared, isEntry } = frames.pop() as Frame;
      const outer = frames.at(-1) as Frame;
      if (found > 1 || (opener === "{" && compared.size > 2)) tables.push(lineAt(match.index));
      else if (isEntry && outer.opener === "[") outer.found++;
      if (opener !== "{") for (const each of compared) outer.compared.add(each);
    }
    [before, second] = [word, before];
  }
  return tables;
}

test.each([
  ['const a = new Set(["ReLU", "ELU"]);'],
  ['const a = new Set([...["ReLU", "Quantum", "LSTM"]]);'],
  ["const a = { ReLU: 1, Quantum: 2, ELU: 3 };"],
  ['const a = { "ReLU": 1, [x]: [2, 3], "ELU": (x) => ({ x }) };'],
  ['const a = { one: "ReLU", two: "ELU" };'],
  ['const a = new Map([["ReLU", 1], ["ELU", 2]]);'],
  ['switch (type) { case "ReLU": return 1; case "ELU": { return /["]/; } }'],
  ['const a = { vision: "Convolution Pooling" };'],
  ['const a = "ReLU,ELU".split(",");'],
  ['const a = new Map().set("ReLU", 1) && oneOf(type, "ReLU", "ELU");'],
  ["const a = /^(?:ReLU|ELU)$/.test(type);"],
  ['const f = (type) => { if (type === "ReLU") return 1; if ("ELU" === type) { return 2; } return type !== "BN"; };'],
  ['const a = type === "ReLU" ? 1 : type === "ELU" ? 2 : type == "BN" ? 3 : 4;'],
])("%s is a table", (text) => void expect(tablesIn(text)).toEqual([1]));

test.each([
  ['if (type === "ReLU" || type === "ELU") return;'],
  ['// ["ReLU", "ELU"]'],
  ['const a = [`"ReLU", "ELU"`, "ReLU and ELU"];'],
  ['f({ type: "Scale" }, ["BatchNorm"], /["ReLU]/, "ELU");'],
  ['const a = type === "ReLU"; const b = type === "ELU"; const c = type === "BN";'],
  ['const a = isNorm ? "Scale" : "BatchNorm";'],
])("%s is none", (text) => void expect(tablesIn(text)).toEqual([]));

test("no table by the names of layer types is left outside src/layers", () => {
  const files = readdirSync(src, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts") && !/^layers\/|\/gen\//.test(path));
  const found = files.flatMap((path) => {
    const lines = tablesIn(readFileSync(`${src}${path}`, "utf8"));
    return lines.length > 0 ? [{ path, lines }] : [];
  });
  expect(found.filter(({ path }) => !Object.hasOwn(allowed, path))).toEqual([]);
  const paths = found.map(({ path }) => path).filter((path) => Object.hasOwn(allowed, path));
  expect(paths.sort()).toEqual(Object.keys(allowed));
});

test("a fork's type that has its row among the layers is not listed among those that are not here", () => {
  expect(registered.filter((type) => forkTypes.has(type))).toEqual([]);
});

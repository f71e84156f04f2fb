// The examples of docs/api.md and of other pages run, and print what their comments say. Every function has one, and every method
// of a class. docs/api.md is what the doc comments say: see test/repo/api-page.test.ts.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { transform } from "esbuild";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { alone } from "../../src/core/communicator.js";
import * as moka from "../../src/index.js";
import { makeExampleFiles } from "../example-files.js";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** What docs/api.md says below each heading of a function, class or method. */
const entries = new Map(
  read("docs/api.md")
    .split(/^#{3,4} /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf("\n")), text.split(/^## /m)[0] as string]),
);
const examplesOf = (text: string) => [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code as string);

/** What stands for itself in an example that does not make it: `net`, `pixels`, … */
const given: Readonly<Record<string, () => unknown>> = {
  net: () => moka.Net.load("net.prototxt", { weights: "net.caffemodel" }),
  solver: () => moka.Solver.load("solver.prototxt"),
  classifier: () => moka.Classifier.load("net.prototxt", "net.caffemodel"),
  detector: () => moka.Detector.load("net.prototxt", "net.caffemodel"),
  session: () => moka.deploy("net.prototxt", "net.caffemodel"),
  transformer() {
    const transformer = new moka.Transformer({ data: [1, 3, 8, 8] });
    transformer.setTranspose("data", [2, 0, 1]);
    return transformer;
  },
  text: () => readFileSync("net.prototxt", "utf8"),
  input: () => ({ files: [new Blob([readFileSync("train_lmdb/data.mdb")])] }),
  bytes: () => new Uint8Array(readFileSync("net.caffemodel")),
  pixels: () => Float32Array.from({ length: 192 }, (_, i) => (i % 17) / 17),
};

const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "moka-examples-"));
beforeAll(async () => {
  process.chdir(folder);
  vi.stubGlobal("fetch", async (url: string) => new Response(readFileSync(new URL(url).pathname.slice(1))));
  await makeExampleFiles();
});
afterAll(() => {
  vi.unstubAllGlobals();
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

describe("docs/api.md", () => {
  const examples = [...entries].flatMap(([name, text]) => examplesOf(text).map((code) => [name, code] as const));
  test.each(examples)("%s", (_, code) => run(code));
});

/** Pages whose code is a part of a class, or stands on classes of the reader's. */
const withoutProgram = ["architecture.md", "layers.md", "api.md"];
const pages = readdirSync(new URL("../../docs/", import.meta.url)).filter((name) => name.endsWith(".md"));
const programs = ["README.md", ...pages.filter((name) => !withoutProgram.includes(name)).map((name) => `docs/${name}`)];
describe.each(programs.filter((path) => examplesOf(read(path)).length > 0))("%s", (path) => {
  // The digits of its first example are larger.
  const own = path === "README.md" ? { pixels: () => new Float32Array(28 * 28) } : {};
  test.each(examplesOf(read(path)).map((code, i) => [i + 1, code] as const))("example %i", (_, code) => run(code, own));
});

test("every function and class has an example, and every method", () => {
  const names = Object.entries<unknown>(moka).flatMap(([name, value]) => (typeof value === "string" ? [] : [name]));
  const has = (name: string) => examplesOf(entries.get(name) ?? "").length > 0;
  const methods = [...entries.keys()].filter((name) => name.includes("."));
  // An example of a method is one of its class too.
  const isShown = (name: string) =>
    has(name) || methods.some((method) => method.toLowerCase().startsWith(`${name.toLowerCase()}.`) && has(method));
  expect(methods.length).toBeGreaterThan(40);
  const without = [...names.filter((name) => !isShown(name)), ...methods.filter((name) => !has(name))];
  expect(without, "no @example in the doc comments of these; then: npm run docs").toEqual([]);
});

test("an example that throws, or prints something else than it says, is a failure", async () => {
  await expect(run('await Net.load("missing.prototxt");')).rejects.toThrow("missing.prototxt");
  await expect(run("console.log(1 + 1); // 3")).rejects.toThrow("expected '2' to be '3'");
  await run("console.log(1 + 1, [3]); // 2 [ 3 ]");
});

/** Without a launcher there is one rank, and no MPI is needed for it. */
const library = { ...moka, connectMpi: async () => ({ ...alone, close: async () => {} }) };

/** Runs an example in the folder of its files. `console.log(x); // y` must print y, and `x; // y` be y. */
async function run(example: string, own: typeof given = {}): Promise<void> {
  const checked = example
    .replace(/^import \{([^}]*)\} from "(.*)";$/gm, (_, names: string, from: string) => {
      const source = from === "moka-caffe" ? "moka" : `await load("${from}")`;
      return `const {${names.replaceAll(" as ", ": ")}} = ${source};`;
    })
    .replace(/console\.log\((.*)\); \/\/ (.*)$/gm, (_, values, said) => `says(${JSON.stringify(said)}, ${values});`)
    .replaceAll("console.log(", "shows(")
    .replace(
      /^(?!const |await |for |if |says)(.*); \/\/ ((?:["[{\d-]|true|false).*)$/gm,
      (_, value, said) => `is(${JSON.stringify(said)}, ${value});`,
    );
  const { code } = await transform(`async function example() {\n${checked}\n}`, { loader: "ts", target: "es2022" });
  const names = Object.keys(given).filter(
    (name) => new RegExp(`\\b${name}\\b`).test(example) && !new RegExp(`const (?:\\{[^}]*)?${name}\\b`).test(example),
  );
  const values = await Promise.all(names.map((name) => (own[name] ?? given[name])?.()));
  const says = (said: string, ...printed: unknown[]) => expect(textOf(printed)).toBe(said);
  const is = (said: string, value: unknown) => expect(said.replace(/: .*(?<![\]}"])$/, "")).toBe(shortText(value));
  const load = (name: string) => import(name);
  const scope = {
    ...library,
    moka: library,
    load,
    says,
    is,
    shows: textOf,
    ...Object.fromEntries(names.map((name, i) => [name, values[i]])),
  };
  await new Function(...Object.keys(scope), `${code}\nreturn example();`)(...Object.values(scope));
  for (const value of values) await (value as { dispose?: () => Promise<void> }).dispose?.();
}

/** As a comment behind an expression says it: `1, 2` for a typed array. */
function shortText(value: unknown): string {
  const text = inspect(value, { breakLength: Number.POSITIVE_INFINITY });
  const short = text.replace(/\[ | \]|Array\(\d+\)/g, (part) => part.trim().replace(/\(.*/, ""));
  return short.replaceAll("'", '"').replace(/^\w+Array \[(.*)\]$/, "$1");
}

/** As `console.log` prints it. */
function textOf(values: readonly unknown[]): string {
  return [values]
    .flat()
    .map((value) => (typeof value === "string" ? value : inspect(value)))
    .join(" ");
}

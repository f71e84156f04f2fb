// The size of what a user downloads: the package from npm, and a page's bundle. Both need dist/, which `npm run build` makes.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { root, tree } from "./tree.js";

/**
 * The most that a page may load before it can call a function, in bytes: its bundle, minified and compressed by gzip, without the
 * parts that are loaded when they are needed (the kernels among them). Raising one is a decision. The schema of 23 forks took 30 kB
 * of each, their numbers 15 kB, their layers the rest.
 */
const budgets = { createFiles: 3_000, parseNet: 72_000, lint: 292_000, Net: 273_000, Solver: 291_000 } as const;

/**
 * The most bytes of the package, compressed. ONNX, with its schema and both ways of 118 layer types, took 220 kB; Moka Studio, with all of
 * Moka once more for its workers, a megabyte.
 */
const packageBudget = 3_400_000;

/** The same of moka-caffe/worker: the page has the calls alone, its worker all else. */
const workerBudget = 6_500;

async function sizeOf(name: string, file = "index.js"): Promise<number> {
  const index = join(root, "dist", file);
  const { outputFiles, metafile } = await build({
    stdin: { contents: `import { ${name} } from ${JSON.stringify(index)}; console.log(${name});`, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    splitting: true,
    outdir: "out",
    write: false,
    metafile: true,
    logLevel: "error",
  });
  const sizes = new Map(outputFiles.map(({ path, contents }) => [basename(path), gzipSync(contents).length]));
  const [entry = ""] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === "<stdin>") ?? [];
  const loaded = new Set([entry]);
  for (const file of loaded) {
    const needs = metafile.outputs[file]?.imports ?? [];
    for (const { path, kind } of needs) if (kind === "import-statement") loaded.add(path);
  }
  return [...loaded].reduce((sum, file) => sum + (sizes.get(basename(file)) ?? Number.NaN), 0);
}

test.each(Object.entries(budgets))("a page that imports %s alone loads at most %d bytes", async (name, budget) => {
  const size = await sizeOf(name);
  expect(size).toBeLessThanOrEqual(budget);
  // A budget far above the size would hold nothing.
  expect(size).toBeGreaterThan(0.5 * budget);
});

test(`a page that imports moka-caffe/worker loads at most ${workerBudget} bytes`, async () => {
  const size = await sizeOf("Solver", "worker.js");
  expect(size).toBeLessThanOrEqual(workerBudget);
  expect(size).toBeGreaterThan(0.5 * workerBudget);
});

describe("the package", () => {
  const bundle = join(root, "dist", "bin", "moka.js");
  if (!existsSync(bundle)) execFileSync(process.execPath, ["scripts/bundle.mjs"], { cwd: root });
  execFileSync(process.execPath, ["scripts/npmignore.mjs"], { cwd: root }); // dist/ may be newer than the bundle
  const list = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root,
    encoding: "utf8",
    shell: process.platform === "win32",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ size, files }] = JSON.parse(list) as [{ size: number; files: { path: string; size: number }[] }];
  const paths = files.map(({ path }) => path);

  test(`has at most ${packageBudget} bytes`, () => {
    expect(size).toBeLessThanOrEqual(packageBudget);
    expect(size).toBeGreaterThan(0.5 * packageBudget);
  });

  test("has what is run, its types and its pages, and no more", () => {
    for (const path of [
      "dist/index.js",
      "dist/index.d.ts",
      "dist/bin/moka.js",
      "docs/lint/unused-top.md",
      "README.md",
    ]) {
      expect(paths).toContain(path);
    }
    expect(paths.filter((path) => /\.test\.|\.tsbuildinfo$|^dist\/cli\/|\.map$|^src\/.*\.ts$/.test(path))).toEqual([]);
    const large = files.filter(({ path, size }) => path.endsWith(".d.ts") && size > 100_000);
    // The messages and fields of BVLC's Caffe and of its forks.
    expect(large.map(({ path }) => path)).toEqual(["dist/proto/gen/caffe_pb.d.ts"]);
  });

  test("has every file that its files import", () => {
    const missing = paths
      .filter((path) => /^dist\/.*\.(?:js|d\.ts)$/.test(path))
      .flatMap((path) =>
        [...tree.read(path).matchAll(/(?:from|import)\s*\(?\s*["`'](\.{1,2}\/[^"`'\s]+)["`']/g)]
          .map(([, specifier = ""]) => posix.join(dirname(path), specifier))
          .map((target) => (path.endsWith(".d.ts") ? target.replace(/\.js$/, ".d.ts") : target))
          .filter((target) => !paths.includes(target))
          .map((target) => `${path} imports ${target}`),
      );
    expect(missing).toEqual([]);
  });

  test("has no source maps, and no file that names one", () => {
    const scripts = paths.filter((path) => path.endsWith(".js"));
    expect(scripts.length).toBeGreaterThan(100);
    expect(scripts.filter((path) => tree.read(path).includes("\n//# sourceMappingURL="))).toEqual([]);
  });

  test("says where it comes from, and that unused files may be left out", () => {
    const { repository, homepage, bugs, keywords, sideEffects } = JSON.parse(tree.read("package.json"));
    expect(sideEffects).toBe(false);
    for (const address of [repository.url, homepage, bugs]) expect(address).toMatch(/^(?:git\+)?https:\/\//);
    expect(keywords).toContain("caffe");
  });

  test("no file is imported for what it does alone, as sideEffects says", () => {
    const scripts = paths.filter((path) => /^dist\/(?!bin\/).*\.js$/.test(path));
    expect(scripts.filter((path) => /^import ["']/m.test(tree.read(path)))).toEqual([]);
  });
});

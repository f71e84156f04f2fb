// What a reader of Moka Studio downloads, compressed. The times are held by `npm run budgets`.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { buildStudio, element, page } from "./studio.js";

/** The most bytes, compressed. HDF5's library, a megabyte by itself, is loaded by those who use HDF5 alone. */
// 900,000 are aimed at; the texts of lint in Chinese, which load when they are asked for, are 30,000 of them.
const budgets = { firstView: 250_000, all: 925_000, element: 850_000 } as const;

const gzipped = (path: string) => gzipSync(readFileSync(path), { level: 9 }).length;
const brotli = (path: string) => brotliCompressSync(readFileSync(path)).length;
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe("the built page", () => {
  beforeAll(buildStudio);

  test("the first view: the page, its style, and the scripts that it loads at once", () => {
    const html = readFileSync(join(page, "index.html"), "utf8");
    const files = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, path = ""]) => path);
    const loaded = new Set(["index.html", ...files]);
    for (const file of loaded) {
      if (!file.endsWith(".js")) continue;
      for (const [, path = ""] of readFileSync(join(page, file), "utf8").matchAll(
        /(?:from|import)\s*["'`]\.\/([^"'`]+)["'`]/g,
      ))
        loaded.add(join("assets", path));
    }
    const size = sum([...loaded].map((file) => gzipped(join(page, file))));
    expect(size).toBeLessThanOrEqual(budgets.firstView);
    expect(size).toBeGreaterThan(0.3 * budgets.firstView);
  });

  test("all of it, without HDF5", () => {
    const files = readdirSync(page, { recursive: true, encoding: "utf8" }).filter(
      (path) => statSync(join(page, path)).isFile() && !path.includes("h5wasm"),
    );
    const small = sum(files.map((path) => brotli(join(page, path))));
    expect(small).toBeLessThanOrEqual(budgets.all);
  });

  test("the element", () => {
    expect(gzipped(join(element, "moka-net.js"))).toBeLessThanOrEqual(budgets.element);
  });
});

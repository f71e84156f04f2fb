// The page trains nearly as quickly as Node does: the same solver, the same iterations, one after the other. The figures are printed.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFiles, Solver, writeDigits } from "../../src/index.js";
import {
  buildStudio,
  page as built,
  chromium,
  iterationFrom,
  numberIn,
  openBrowser,
  root,
  type Site,
  serveFolder,
  visit,
  withoutChromium,
} from "./studio.js";

/** The first iterations compile and draw; these are counted. */
const [from, to] = [20, 140];

describe.skipIf(!chromium)(`training in the page${chromium ? "" : ` (skipped: ${withoutChromium})`}`, () => {
  let browser: Browser;
  let site: Site;
  const folder = mkdtempSync(join(tmpdir(), "moka-speed-"));
  beforeAll(async () => {
    buildStudio();
    [site, browser] = [await serveFolder(built), await openBrowser()];
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    rmSync(folder, { recursive: true });
  });

  // Other tests run on the same cores: of three tries the quickest tells.
  test("is at least 0.8 times as quick as in Node, with threads on", { retry: 2 }, async () => {
    const inPage = await pageRate();
    const inNode = await nodeRate();
    const figures = `page ${inPage.toFixed(1)}, Node ${inNode.toFixed(1)} iterations a second: ${(inPage / inNode).toFixed(2)}`;
    writeFileSync(join(root, "build", "studio-speed.txt"), `${figures}\n`);
    process.stdout.write(`training: ${figures}\n`);
    expect(inPage / inNode, figures).toBeGreaterThanOrEqual(0.8);
  });

  async function pageRate(): Promise<number> {
    const { page, close } = await visit(browser, site.address);
    expect(await page.evaluate("crossOriginIsolated")).toBe(true);
    await page.getByTestId("train-start").click();
    const at = async (iteration: number) => {
      await iterationFrom(page, iteration);
      const start = performance.now();
      return { iteration: await numberIn(page, "iteration"), time: (start + performance.now()) / 2 };
    };
    const [first, last] = [await at(from), await at(to)];
    await close();
    return (1000 * (last.iteration - first.iteration)) / (last.time - first.time);
  }

  async function nodeRate(): Promise<number> {
    const files = createFiles({
      "net.prototxt": readFileSync(join(root, "examples", "browser", "net.prototxt"), "utf8"),
      "solver.prototxt": readFileSync(join(root, "studio", "src", "example", "solver.prototxt"), "utf8"),
    });
    const drawn = createFiles();
    await writeDigits("drawn", { files: drawn, train: 3000, test: 500 });
    for (const name of ["train_lmdb", "test_lmdb"])
      files.add(`${name}/data.mdb`, await drawn.read(`drawn/${name}/data.mdb`));
    const solver = await Solver.load("solver.prototxt", { files, engine: "wasm", threads: availableParallelism() });
    await solver.step(from);
    const start = performance.now();
    await solver.step(to - from);
    const rate = (1000 * (to - from)) / (performance.now() - start);
    await solver.dispose();
    return rate;
  }
});

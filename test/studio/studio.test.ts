// Moka Studio as its readers use it, in a real browser: from a static site with nothing behind it, and from `moka studio`.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFiles, Net } from "../../src/index.js";
import {
  buildStudio,
  page as built,
  chromium,
  drawSeven,
  iterationFrom,
  numberIn,
  openBrowser,
  root,
  type Site,
  serveFolder,
  startCommand,
  trainTo,
  typeText,
  type Visit,
  visit,
  withoutChromium,
} from "./studio.js";

const steps = 10;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const models = join(root, "..", "shared", "corpus", "models");

describe.skipIf(!chromium)(`Moka Studio${chromium ? "" : ` (skipped: ${withoutChromium})`}`, () => {
  let browser: Browser;
  const sites: Record<string, Site> = {};
  beforeAll(async () => {
    buildStudio();
    sites["a static site"] = await serveFolder(built);
    sites["moka studio"] = await startCommand(join(root, "examples", "browser", "solver.prototxt"));
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    for (const site of Object.values(sites)) await site.close();
  });
  const address = (of: string) => sites[of]?.address ?? "";

  describe.each(["a static site", "moka studio"])("from %s", (of) => {
    let visited: Visit;
    let page: Page;
    beforeAll(async () => {
      visited = await visit(browser, address(of));
      page = visited.page;
    });
    afterAll(() => visited.close());

    test("a mistake that is typed gets a squiggle and a finding, and its fix takes both away", async () => {
      await page.getByTestId("graph").locator("[data-layer=bn1]").first().waitFor();
      if (of === "moka studio") await page.getByRole("tab", { name: /net\.prototxt/ }).click();
      const editor = page.getByTestId("editor").locator(".cm-content");
      await editor.click();
      await page.keyboard.press("ControlOrMeta+End");
      await page.keyboard.insertText(
        '\nlayer { name: "last" type: "BatchNorm" bottom: "ip" top: "last" batch_norm_param { eps: 0 } }\n',
      );
      const finding = page.getByTestId("findings").locator("[data-rule=bn-eps]");
      await finding.first().waitFor();
      await page.locator(".cm-lintRange").first().waitFor();
      await page.getByTestId("fix-all").click();
      await finding.first().waitFor({ state: "detached" });
      expect(await editor.innerText()).not.toContain("eps: 0");
      // All of it is undone: the view that follows trains the net as it was.
      await editor.click();
      for (let i = 0; i < 3; i++) await page.keyboard.press("ControlOrMeta+z");
      await page.getByTestId("graph").locator("[data-layer=last]").first().waitFor({ state: "detached" });
    });

    test("100 iterations: the loss falls, and the accuracy passes 90 %", async () => {
      await page.getByTestId("train-step").click();
      await iterationFrom(page, 1);
      const first = await numberIn(page, "loss");
      await trainTo(page, of === "moka studio" ? 80 : 100);
      await page.getByTestId("train-pause").click();
      expect(await numberIn(page, "loss")).toBeLessThan(first / 2);
      await expect.poll(() => numberIn(page, "accuracy"), { timeout: 60_000 }).toBeGreaterThan(90);
    });

    test("a switch of use_global_stats shows what lint says of it, and the gap", async () => {
      const gap = page.getByTestId("bn-gap");
      await expect.poll(() => gap.innerText(), { timeout: 60_000 }).toMatch(/\d\.\d+/);
      const flip = page.getByTestId("bn-switch-use_global_stats");
      await flip.check();
      await page.locator("#norm [data-rule=global-stats-in-train]").first().waitFor();
      expect(await page.getByTestId("editor").locator(".cm-content").innerText()).toContain("use_global_stats: true");
      await flip.uncheck();
      await page.locator("#norm [data-rule=global-stats-in-train]").first().waitFor({ state: "detached" });
    });

    test("a drawn digit is read", async () => {
      await drawSeven(page);
      await expect.poll(() => page.getByTestId("prediction").innerText(), { timeout: 60_000 }).toMatch(/^\D*7\s/);
    });

    test("no script failed, and no request left this machine", () => {
      expect(visited.errors).toEqual([]);
      expect(visited.requests.length).toBeGreaterThan(5);
      const foreign = visited.requests.filter((url) => !url.startsWith(address(of)) && !/^(?:blob|data):/.test(url));
      expect(foreign).toEqual([]);
    });
  });

  test("weights that are dropped are shown layer by layer; damaged ones are said, and the page stays alive", async () => {
    const { page, close, errors } = await visit(browser, address("a static site"));
    const files = existsSync(models) ? readdirSync(models).filter((name) => name.endsWith(".caffemodel")) : [];
    const name = files.find((file) => file.includes("lenet"));
    // Without the corpus, a file that Moka has made.
    const bytes = name ? readFileSync(join(models, name)) : await someWeights();
    await page.locator("#weights").waitFor();
    await page.getByTestId("drop").setInputFiles({ name: "real.caffemodel", mimeType: "", buffer: bytes });
    await page.getByTestId("weights-layer").first().waitFor();
    expect(await page.getByTestId("weights-layer").count()).toBeGreaterThan(3);
    await page.getByTestId("drop").setInputFiles([
      { name: "cut.caffemodel", mimeType: "", buffer: bytes.subarray(0, bytes.length / 3) },
      { name: "no.png", mimeType: "", buffer: Buffer.from("no picture") },
      { name: "zero.bin", mimeType: "", buffer: Buffer.alloc(100) },
    ]);
    await expect.poll(() => page.getByTestId("message").innerText()).toMatch(/cut\.caffemodel.*damaged/s);
    await expect.poll(() => page.getByTestId("message").innerText()).toMatch(/no\.png/);
    await expect.poll(() => page.getByTestId("message").innerText()).toMatch(/zero\.bin/);
    await page.getByTestId("train-step").click();
    await iterationFrom(page, 1);
    expect(errors).toEqual([]);
    await close();
  });

  test("a large picture is read; a file, a blob and a net that are too large are said, and the page stays alive", async () => {
    const { page, close, errors } = await visit(browser, address("a static site"));
    const folder = mkdtempSync(join(tmpdir(), "moka-large-"));
    const side = 10_000;
    const picture = Buffer.from(
      encode({ width: side, height: side, data: new Uint8Array((side * side) / 8), depth: 1, channels: 1 }),
    );
    const dropPicture = () =>
      page.getByTestId("drop").setInputFiles({ name: "large.png", mimeType: "image/png", buffer: picture });
    const [message, prediction] = [page.getByTestId("message"), page.getByTestId("prediction")];
    try {
      await dropPicture();
      await expect.poll(() => prediction.innerText(), { timeout: 60_000 }).toMatch(/%/);
      // A sparse file: it takes no room.
      const path = join(folder, "large.caffemodel");
      writeFileSync(path, "");
      truncateSync(path, 2 ** 31 + 5);
      await page.getByTestId("drop").setInputFiles(path);
      await expect.poll(() => message.innerText()).toMatch(/large\.caffemodel has 2\.1 GB/);
    } finally {
      rmSync(folder, { recursive: true });
    }
    await typeText(page, convolutionOf(8000));
    await page.getByTestId("findings").locator("[data-rule=shape-mismatch]").waitFor();
    await typeText(page, convolutionOf(5000));
    await page.getByTestId("graph").locator("[data-layer=c]").waitFor();
    await dropPicture();
    await expect.poll(() => message.innerText(), { timeout: 60_000 }).toMatch(/MiB more do not fit/);
    // Not the answer of the net before.
    expect(await prediction.innerText()).not.toMatch(/%/);
    // It is tried again where it is seen.
    await typeText(page, convolutionOf(20));
    await prediction.scrollIntoViewIfNeeded();
    await expect.poll(() => prediction.innerText(), { timeout: 60_000 }).toMatch(/%/);
    expect(errors).toEqual([]);
    await close();
  });

  test("a broken text keeps the page alive, and what was typed is there after a reload", async () => {
    const { page, close, errors } = await visit(browser, address("a static site"));
    await page.getByTestId("graph").locator("[data-layer=bn1]").first().waitFor();
    await typeText(page, 'layer { name: "broken" type: "Conv');
    await page.getByTestId("findings").locator("[data-rule=caffe-refuses]").first().waitFor();
    await page.reload();
    await page.getByTestId("findings").locator("[data-rule=caffe-refuses]").first().waitFor();
    expect(await page.getByTestId("editor").locator(".cm-content").innerText()).toBe(
      'layer { name: "broken" type: "Conv',
    );
    await page.getByTestId("editor").locator(".cm-content").click();
    await page.keyboard.press("ControlOrMeta+z");
    await page.getByTestId("graph").locator("[data-layer=bn1]").first().waitFor();
    expect(errors).toEqual([]);
    await close();
  });

  test("names from files are text and nothing else", async () => {
    const { page, close, errors } = await visit(browser, address("a static site"));
    await page.getByTestId("graph").locator("[data-layer=bn1]").first().waitFor();
    const evil = '<img src=x onerror=\\"document.title=1\\">';
    const net = readFileSync(join(root, "test", "cases", "terminal-escape", "inj.prototxt"), "utf8");
    await typeText(
      page,
      `${net}\nlayer { name: "${evil}" type: "Input" top: "${evil}" input_param { shape { dim: 1 dim: 1 dim: 4 dim: 4 } } }\n`,
    );
    await page.getByTestId("graph").locator("[data-layer*=onerror]").first().waitFor();
    await page.waitForTimeout(300);
    expect(await page.title()).toBe("Moka Studio");
    expect(await page.locator("img[src=x]").count()).toBe(0);
    expect(errors).toEqual([]);
    await close();
  });

  test("a net comes back from its link, in another browser's memory", async () => {
    const { page, close } = await visit(browser, address("a static site"));
    await page.getByTestId("graph").locator("[data-layer=bn1]").first().waitFor();
    await typeText(
      page,
      'name: "Shared"\nlayer { name: "only" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }\n',
    );
    await page.getByTestId("phase").selectOption("TEST");
    await page.getByTestId("share").click();
    await expect.poll(() => page.url()).toContain("#net=");
    const link = page.url();
    await close();
    const other = await visit(browser, link);
    await other.page.getByTestId("graph").locator("[data-layer=only]").first().waitFor();
    expect(await other.page.getByTestId("phase").inputValue()).toBe("TEST");
    expect(await other.page.getByTestId("editor").locator(".cm-content").innerText()).toContain('name: "Shared"');
    await other.page.goto(`${address("a static site")}#net=damaged`);
    await other.page.reload();
    await expect.poll(() => other.page.getByTestId("message").innerText()).toContain("link");
    await other.close();
  });

  test.each(["en", "zh"])("the whole tour, in %s", async (language) => {
    const { page, close, errors } = await visit(browser, address("a static site"), {
      locale: language === "zh" ? "zh-CN" : "en-US",
    });
    expect(await page.getByTestId("language").inputValue()).toBe(language);
    const seen = new Set<string>();
    for (let step = 1; step <= steps; step++) {
      await page.getByTestId("tour-next").click();
      expect(await page.getByTestId("tour-step").innerText()).toMatch(
        language === "zh" ? `第 ${step} 步` : `Step ${step} of`,
      );
      seen.add(await page.locator(".tour h2").innerText());
      // The experiments are the same in both languages.
      if (language === "zh" && step > 2) continue;
      await page.getByTestId("tour-option-0").click();
      await page.getByTestId("tour-answer").locator("strong").waitFor({ timeout: 30_000 });
    }
    expect(seen.size).toBe(steps);
    for (const title of seen) expect(/[一-鿿]/.test(title)).toBe(language === "zh");
    await page.getByTestId("tour-next").click();
    expect(await page.getByTestId("tour-step").getAttribute("data-step")).toBe("0");
    expect(errors).toEqual([]);
    await close();
  });

  test.each([
    ["light", "en"],
    ["dark", "zh"],
    ["dark", "en"],
    ["light", "zh"],
  ] as const)("axe finds nothing serious in any view: %s, %s", async (colorScheme, language) => {
    const locale = language === "zh" ? "zh-CN" : "en-US";
    const { page, close } = await visit(browser, address("a static site"), { colorScheme, locale });
    await page.getByTestId("graph").locator("[data-layer=bn1]").first().waitFor();
    await page.getByTestId("train-step").click();
    await page.getByTestId("tour-next").click();
    await drawSeven(page);
    await page.getByTestId("prediction").locator("li").first().waitFor({ timeout: 30_000 });
    await page.getByTestId("bn-switch-use_global_stats").check();
    await page.evaluate(axe);
    const violations = await page.evaluate(`axe.run().then(({ violations }) => violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 160)).join(" | ")))`);
    expect(violations).toEqual([]);
    await close();
  });

  test("works at 400 pixels: nothing is wider than the screen", async () => {
    const { page, close } = await visit(browser, address("a static site"), { viewport: { width: 400, height: 800 } });
    await page.getByTestId("graph").locator("[data-layer=bn1]").first().waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(400);
    await close();
  });

  /** Weights from the net's fillers. */
  async function someWeights(): Promise<Buffer> {
    const files = createFiles();
    const text = readFileSync(join(root, "examples", "browser", "net.prototxt"), "utf8");
    const net = await Net.load(text, { stages: ["deploy"], files });
    await net.save("some.caffemodel");
    await net.dispose();
    return Buffer.from(await files.read("some.caffemodel"));
  }
});

/** A classifier of one convolution, of images of a side; 64 maps of them have 64·(side − 2)² values. */
function convolutionOf(side: number): string {
  return `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 dim: ${side} dim: ${side} } } }
layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 64 kernel_size: 3 } }
layer { name: "pool" type: "Pooling" bottom: "c" top: "pool" pooling_param { global_pooling: true } }
layer { name: "prob" type: "Softmax" bottom: "pool" top: "prob" }
`;
}

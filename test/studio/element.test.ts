// <moka-net> in someone's page: one script, from a server with nothing behind it and no special headers.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFiles, Net } from "../../src/index.js";
import {
  buildStudio,
  chromium,
  element,
  openBrowser,
  root,
  type Site,
  serveFolder,
  visit,
  withoutChromium,
} from "./studio.js";

describe.skipIf(!chromium)(`<moka-net>${chromium ? "" : ` (skipped: ${withoutChromium})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "moka-element-"));
  let browser: Browser;
  let site: Site;
  const answer = { best: -1 };
  beforeAll(async () => {
    buildStudio();
    const text = readFileSync(join(root, "examples", "browser", "net.prototxt"), "utf8");
    const files = createFiles();
    const net = await Net.load(text, { stages: ["deploy"], files, seed: 3 });
    await net.save("w.caffemodel");
    const { prob = new Float32Array() } = await net.forward({ data: new Float32Array(784).fill(255) });
    answer.best = prob.indexOf(Math.max(...prob));
    await net.dispose();
    writeFileSync(join(folder, "net.prototxt"), text);
    writeFileSync(join(folder, "w.caffemodel"), await files.read("w.caffemodel"));
    writeFileSync(join(folder, "moka-net.js"), readFileSync(join(element, "moka-net.js")));
    const tags = `<moka-net src="net.prototxt" stage="deploy" weights="w.caffemodel"></moka-net><moka-net id="bad" src="missing.prototxt"></moka-net>`;
    writeFileSync(
      join(folder, "index.html"),
      `<!doctype html><html lang="en"><link rel="icon" href="data:,">${tags}<script type="module" src="moka-net.js"></script></html>`,
    );
    [site, browser] = [await serveFolder(folder, false), await openBrowser()];
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    rmSync(folder, { recursive: true });
  });

  test("shows the graph, and what the net sees in a picture, as Node computes it", async () => {
    const { page, requests, close } = await visit(browser, site.address);
    const net = page.locator("moka-net").first();
    await net.locator("img").waitFor();
    const white = await page.evaluate<number[]>(`(async () => {
      const canvas = new OffscreenCanvas(28, 28);
      const context = canvas.getContext("2d");
      context.fillStyle = "#fff";
      context.fillRect(0, 0, 28, 28);
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
    })()`);
    await net
      .locator("input[type=file]")
      .setInputFiles({ name: "white.png", mimeType: "image/png", buffer: Buffer.from(white) });
    await net.locator("li").first().waitFor();
    expect(await net.locator("li").first().innerText()).toContain(`class ${answer.best}`);
    expect(requests.every((url) => url.startsWith(site.address) || /^(?:blob|data):/.test(url))).toBe(true);
    expect(await page.locator("#bad [role=alert]").innerText()).toContain("missing.prototxt");
    await close();
  });
});

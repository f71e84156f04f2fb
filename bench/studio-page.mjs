// Moka Studio in Chromium, for the times that its readers wait: see bench/budgets.mjs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const moka = fileURLToPath(new URL("../dist/bin/moka.js", import.meta.url));

/** A browser, and `moka studio` with a net. Without Chromium (`CHROME_PATH`, or Debian's): undefined. */
export async function openStudio(net) {
  const executablePath = process.env.CHROME_PATH ?? "/usr/bin/chromium";
  const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
  const browser = await chromium.launch({ executablePath, args }).catch(() => undefined);
  if (!browser) return undefined;
  const server = spawn(process.execPath, [moka, "studio", "--port", "0", net], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let address;
  for await (const line of createInterface({ input: server.stdout })) {
    address = /^http:\S+$/.exec(line)?.[0];
    if (address) break;
  }
  return {
    /** From the request to a page that has painted its text and its largest part; nothing is in the cache. In ms. */
    async firstView() {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(address);
      await page.locator(".cm-line").first().waitFor();
      const ms = await page.evaluate(() => performance.now());
      await context.close();
      return ms;
    },
    /** From a key that breaks a word in the middle of the net to its squiggle, `count` times. In ms. */
    async lintAfterKey(count) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(address);
      await page.getByTestId("graph").locator("[data-layer]").first().waitFor();
      await page.locator(".cm-content").click();
      await page.keyboard.press("ControlOrMeta+Home");
      for (let line = 0; line < 3; line++) await page.keyboard.press("PageDown");
      await page.keyboard.press("End");
      const times = [];
      for (let i = 0; i < count; i++) {
        await page.evaluate(watch);
        await page.keyboard.type("%");
        times.push(await page.evaluate(() => window.squiggle));
        await page.keyboard.press("Backspace");
        await page.locator(".cm-lintRange-error").waitFor({ state: "detached" });
      }
      await context.close();
      return times;
    },
    async close() {
      await browser.close();
      server.kill();
      await once(server, "exit");
    },
  };
}

/** In the page: `window.squiggle` is the time from the next key to the next error that is underlined. */
function watch() {
  window.squiggle = new Promise((done) => {
    let start = 0;
    const key = () => {
      start = performance.now();
    };
    addEventListener("keydown", key, { capture: true, once: true });
    const observer = new MutationObserver(() => {
      if (start === 0 || !document.querySelector(".cm-lintRange-error")) return;
      observer.disconnect();
      done(performance.now() - start);
    });
    observer.observe(document.querySelector(".cm-content"), { childList: true, subtree: true, attributes: true });
  });
}

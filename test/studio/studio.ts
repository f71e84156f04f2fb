/** Moka Studio, built, served and opened in a browser, for its tests. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium as launcher, type Page } from "playwright-core";
import { expect } from "vitest";
import { chromium } from "../browser/chromium.js";

export const root = fileURLToPath(new URL("../../", import.meta.url));
export const page = join(root, "studio", "dist");
export const element = join(root, "studio", "dist-element");

/** Builds the page as `npm run build:studio` does. */
export function buildStudio(): void {
  execFileSync(process.execPath, ["scripts/studio.mjs"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
}

export interface Site {
  readonly address: string;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/**
 * Serves a folder as any web server does, with nothing behind it.
 *
 * @param isolated whether it sends the two headers that let a page have threads
 */
export async function serveFolder(folder: string, isolated = true): Promise<Site> {
  const headers = isolated
    ? { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" }
    : {};
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const file = join(folder, normalize(pathname === "/" ? "/index.html" : pathname));
    if (!existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { ...headers, "Content-Type": types[extname(file)] ?? "application/octet-stream" });
    response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Runs `moka studio` as a user does, and waits for the address that it prints on a line of its own. */
export async function startCommand(...args: readonly string[]): Promise<Site> {
  const command = [join(root, "dist", "cli", "main.js"), "studio", "--port", "0", ...args];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  let printed = "";
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (data) => {
      printed += data;
      const [, found] = /^(http:\/\/127\.0\.0\.1:\d+\/)$/m.exec(printed) ?? [];
      if (found !== undefined) resolve(found);
    });
    ended.then(() => reject(new Error(`moka studio ended: ${printed}`)), reject);
  });
  return {
    address,
    async close() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Debian's Chromium, or whichever there is; see test/browser/chromium.ts. */
export async function openBrowser(): Promise<Browser> {
  return launcher.launch({ executablePath: pathOf(chromium ?? ""), headless: true, args: flags });
}

/** Playwright wants a path, not a name. */
function pathOf(name: string): string {
  if (/[\\/]/.test(name)) return name;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find(existsSync) ?? name;
}

/** A page, with what went wrong in it and what it asked for. */
export interface Visit {
  readonly page: Page;
  /** Errors of scripts, errors and warnings of the console. */
  readonly errors: string[];
  /** The addresses of all requests. */
  readonly requests: string[];
  close(): Promise<void>;
}

export async function visit(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-US", ...options });
  // Other tests run on the same cores.
  context.setDefaultTimeout(60_000);
  const opened = await context.newPage();
  const [errors, requests]: [string[], string[]] = [[], []];
  opened.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) errors.push(message.text());
  });
  opened.on("pageerror", (error) => errors.push(String(error.stack ?? error)));
  // Of workers too.
  context.on("request", (request) => requests.push(request.url()));
  await opened.goto(address);
  return { page: opened, errors, requests, close: () => context.close() };
}

/** The number in an element's text. */
export async function numberIn(page: Page, testId: string): Promise<number> {
  const text = await page.getByTestId(testId).innerText();
  return Number(/[-−]?[\d.]+(?:e[-+−]?\d+)?/i.exec(text)?.[0].replaceAll("−", "-") ?? Number.NaN);
}

/** Waits until the page shows an iteration, or a later one. The page's policy lets no expression be evaluated in it again and again. */
export async function iterationFrom(page: Page, least: number): Promise<void> {
  await expect.poll(() => numberIn(page, "iteration"), { timeout: 60_000 }).toBeGreaterThanOrEqual(least);
}

/** Trains until an iteration at least. */
export async function trainTo(page: Page, iterations: number): Promise<void> {
  await page.getByTestId("train-start").click();
  await iterationFrom(page, iterations);
}

/** Draws a seven. */
export async function drawSeven(page: Page): Promise<void> {
  const canvas = page.getByTestId("digit-canvas");
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  if (!box) throw new Error("the canvas is not shown");
  const at = (x: number, y: number): [number, number] => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(0.3, 0.25));
  await page.mouse.down();
  await page.mouse.move(...at(0.7, 0.25), { steps: 5 });
  await page.mouse.move(...at(0.45, 0.8), { steps: 8 });
  await page.mouse.up();
}

/** Replaces all that the editor holds. */
export async function typeText(page: Page, text: string): Promise<void> {
  await page.getByTestId("editor").locator(".cm-content").click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
}

export { withoutChromium } from "../browser/chromium.js";
export { chromium };

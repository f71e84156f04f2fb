// The package, bundled as for a user's page, in a real browser: with and without what shared memory needs, and in a worker.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as moka from "../../src/index.js";
import { chromium, open, withoutChromium } from "./chromium.js";
import type { Report } from "./page.js";
import { run } from "./program.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = fileURLToPath(new URL("page.ts", import.meta.url));

/** What the server has, by name. */
const files = new Map<string, string | Uint8Array>([
  ["index.html", '<!doctype html><script type="module" src="page.js"></script>'],
]);

/** What a server sends with its pages so that they may share memory among threads. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
/** The strictest policy that Moka runs under. */
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:";
const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };

let server: Server;
let origin = "";
let received: (report: Report) => void = () => {};

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function bundlePage(): Promise<void> {
  const bundle = await rolldown({ cwd: root, input: page, platform: "browser", logLevel: "silent" });
  const { output } = await bundle.generate({ format: "esm" });
  for (const file of output) files.set(file.fileName, file.type === "chunk" ? file.code : file.source);
}

async function serve(): Promise<void> {
  server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === "/report") {
      received(JSON.parse(await bodyOf(request)));
      response.end();
      return;
    }
    const [, kind, name = ""] = pathname.split("/");
    response.setHeader("Content-Type", types[extname(name)] ?? "application/octet-stream");
    response.setHeader("Content-Security-Policy", policy);
    if (kind === "isolated") for (const [key, value] of Object.entries(isolation)) response.setHeader(key, value);
    const content = files.get(name);
    if (content === undefined) response.writeHead(404);
    response.end(content);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Opens a page and waits for what it reports. */
async function visit(address: string): Promise<Report> {
  const browser = open(chromium ?? "", `${origin}/${address}`);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Report>((resolve, reject) => {
      received = resolve;
      timer = setTimeout(() => reject(new Error(`no report after 60 s; the browser said: ${browser.said()}`)), 60_000);
    });
  } finally {
    clearTimeout(timer);
    await browser.close();
  }
}

describe.skipIf(!chromium)(`in a browser${chromium ? "" : ` (skipped: ${withoutChromium})`}`, () => {
  beforeAll(async () => {
    await bundlePage();
    await serve();
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  });

  test.each([
    ["isolated from others, on two threads", "isolated/index.html?threads=2", true, false],
    ["isolated from others, on two threads, in a worker", "isolated/index.html?threads=2&worker", true, true],
    ["not isolated, on one thread", "plain/index.html?threads=2", false, false],
  ])("a page %s, computes what Node does", async (_, address, isIsolated, inWorker) => {
    const report = await visit(address);
    expect(report.error).toBeUndefined();
    expect(report).toMatchObject({
      isIsolated,
      hasSharedMemory: isIsolated,
      inWorker,
      workers: 2 * Number(isIsolated),
    });
    expect(report.description).toMatch(isIsolated ? /SIMD, 2 threads$/ : /SIMD, 1 thread$/);

    const wanted = await run(moka, isIsolated ? 2 : 1);
    const { losses = [], probabilities = [], findings } = report;
    expect(losses).toHaveLength(8);
    expect(losses[7]).toBeLessThan(0.5 * (losses[0] as number));
    for (const [i, loss] of wanted.losses.entries()) {
      expect(Math.abs(losses[i] / loss - 1), `iteration ${i}`).toBeLessThan(1e-5);
    }
    expect(probabilities).toHaveLength(4);
    for (const [i, value] of wanted.probabilities.entries()) expect(probabilities[i]).toBeCloseTo(value, 5);
    expect(findings).toContain("bias-before-bn");
    expect(findings).toEqual(wanted.findings);
  });
});

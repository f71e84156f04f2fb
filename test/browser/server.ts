import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { chromium, open } from "./chromium.js";

/** What a server sends with its pages so that they may share memory among threads. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
/** The strictest policy that Moka runs under. */
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:";
const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".css": "text/css",
};

/** Serves pages under `isolated/` and `plain/`, with and without isolation, and gets what they report. */
export class PageServer<Report> {
  readonly #server: Server;
  #received: (report: Report) => void = () => {};

  private constructor(contentOf: (path: string) => string | Uint8Array | undefined) {
    this.#server = createServer(async (request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      if (pathname === "/report") {
        this.#received(JSON.parse(await bodyOf(request)));
        response.end();
        return;
      }
      const [, kind, ...path] = pathname.split("/");
      response.setHeader("Content-Type", types[extname(pathname)] ?? "application/octet-stream");
      response.setHeader("Content-Security-Policy", policy);
      if (kind === "isolated") for (const [key, value] of Object.entries(isolation)) response.setHeader(key, value);
      const content = contentOf(path.join("/"));
      if (content === undefined) response.writeHead(404);
      response.end(content);
    });
  }

  /** @param contentOf the file at a path below `isolated/` or `plain/`; undefined if there is none */
  static async start<Report>(
    contentOf: (path: string) => string | Uint8Array | undefined,
  ): Promise<PageServer<Report>> {
    const started = new PageServer<Report>(contentOf);
    await new Promise<void>((resolve) => void started.#server.listen(0, "127.0.0.1", resolve));
    return started;
  }

  /** Opens a page in the browser, started with these flags too, and waits for `count` reports. */
  async visitAll(address: string, count: number, flags?: readonly string[]): Promise<Report[]> {
    const { port } = this.#server.address() as AddressInfo;
    const browser = open(chromium ?? "", `http://127.0.0.1:${port}/${address}`, flags);
    const reports: Report[] = [];
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Report[]>((resolve, reject) => {
        this.#received = (report) => {
          if (reports.push(report) === count) resolve(reports);
        };
        const failed = () =>
          reject(new Error(`${reports.length} of ${count} reports after 60 s; the browser said: ${browser.said()}`));
        timer = setTimeout(failed, 60_000);
      });
    } finally {
      clearTimeout(timer);
      await browser.close();
    }
  }

  /** Opens a page in the browser, and waits for its report. */
  async visit(address: string, flags?: readonly string[]): Promise<Report> {
    const [report] = await this.visitAll(address, 1, flags);
    return report as Report;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => void this.#server.close(resolve));
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** The server of `moka studio`: a page and its project, for browsers on this machine alone. */
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createFiles } from "#platform";
import { MokaError } from "../../util/errors.js";
import { type Project, stampOf } from "./project.js";

/** The only addresses that a browser may call the server by: another name that leads here belongs to someone else's page. */
const hosts = ["127.0.0.1", "localhost", "[::1]"];

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** What every answer says: pages of others get nothing, and this page may share memory among threads. */
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
} as const;

/** A text that a page may save has at most this many bytes. */
const mostSaved = 64 << 20;

export interface StudioServer {
  readonly address: string;
  close(): Promise<void>;
}

interface ServeOptions {
  /** 0: any that is free. */
  readonly port: number;
  /** Where the built page is. */
  readonly page: string;
  readonly project: Project;
}

/** An answer that is no file. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, reason: string) {
    super(reason);
    this.status = status;
  }
}

/**
 * Serves the page on 127.0.0.1.
 *
 * @throws MokaError `MOKA_USAGE` if the port is taken
 */
export async function serveStudio({ port, page, project }: ServeOptions): Promise<StudioServer> {
  const server = createServer((request, response) => {
    answer(request, response, page, project, () => portOf(server)).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      const status = error instanceof Refusal ? error.status : 500;
      response.writeHead(status, { ...headers, "Content-Type": "text/plain; charset=utf-8" });
      response.end(error instanceof Refusal ? `${error.message}\n` : "The server could not answer.\n");
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "EADDRINUSE" ? "it is in use" : error.message;
      reject(new MokaError("MOKA_USAGE", `cannot listen on port ${port}: ${reason}; --port 0 takes one that is free`));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    address: `http://127.0.0.1:${portOf(server)}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  page: string,
  project: Project,
  port: () => number,
): Promise<void> {
  checkOrigin(request, port());
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  const [, part, index] = pathname.split("/");
  if (part === "project" && index !== undefined) return projectFile(request, response, project, index);
  if (request.method !== "GET" && request.method !== "HEAD") throw new Refusal(405, "Only GET is answered here.");
  if (pathname === "/project.json") {
    const files = await Promise.all(
      project.files.map(async ({ name, kind, size, path }, i) => {
        return { name, kind, size, address: `project/${i}`, ...(kind === "text" && { stamp: await stampOf(path) }) };
      }),
    );
    return send(response, ".json", JSON.stringify({ ...project, files }));
  }
  await pageFile(response, page, pathname);
}

/** Refuses what another page asks for: by a name of its own that leads here, or from its own origin. */
function checkOrigin(
  { headers: { host, origin, "sec-fetch-site": site }, method }: IncomingMessage,
  port: number,
): void {
  const allowed = hosts.map((name) => `${name}:${port}`);
  if (host === undefined || !allowed.includes(host)) {
    throw new Refusal(403, `This server answers to 127.0.0.1:${port} alone.`);
  }
  const isOwn = origin === undefined ? method === "GET" || method === "HEAD" : origin === `http://${host}`;
  const isForeign = site !== undefined && site !== "same-origin" && site !== "none";
  if (!isOwn || isForeign) throw new Refusal(403, "This server answers to its own page alone.");
}

async function pageFile(response: ServerResponse, page: string, pathname: string): Promise<void> {
  const path = posix.normalize(decoded(pathname));
  if (path.includes("\\") || path.includes("\0") || path.split("/").includes(".."))
    throw new Refusal(404, "Not found.");
  const file = await firstFile([join(page, path === "/" ? "index.html" : path), ...inLibrary(path)]);
  if (file === undefined) throw new Refusal(404, "Not found.");
  if (path !== "/" && path !== "/index.html") return send(response, extname(file), await readFile(file));
  // So the page knows that there is a project; elsewhere it asks for nothing that is not there.
  const html = (await readFile(file, "utf8")).replace(
    "<head>",
    '<head><meta name="moka-project" content="project.json">',
  );
  return send(response, ".html", html);
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const isFile = await stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isFile) return path;
  }
  return undefined;
}

/** The files of HDF5, which the package does not have twice: they are those of the library that it depends on. */
function inLibrary(path: string): readonly string[] {
  const [, name] = /^\/assets\/h5wasm\/([\w.]+)$/.exec(path) ?? [];
  return name === undefined ? [] : [fileURLToPath(new URL(name, import.meta.resolve("h5wasm")))];
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    throw new Refusal(400, "The address is not encoded as addresses are.");
  }
}

async function projectFile(
  request: IncomingMessage,
  response: ServerResponse,
  { files }: Project,
  index: string,
): Promise<void> {
  const file = /^\d+$/.test(index) ? files[Number(index)] : undefined;
  if (!file) throw new Refusal(404, "The project has no such file.");
  if (request.method === "PUT") {
    if (file.kind !== "text") throw new Refusal(403, `${file.name} is no text of the project.`);
    const before = request.headers["x-moka-stamp"];
    if (before !== (await stampOf(file.path))) {
      throw new Refusal(409, `${file.name} was changed on the disk since this page read it.`);
    }
    await createFiles().write(file.path, await bodyOf(request));
    return send(response, ".json", JSON.stringify({ stamp: await stampOf(file.path) }));
  }
  if (request.method !== "GET" && request.method !== "HEAD") throw new Refusal(405, "Files are read and saved here.");
  response.writeHead(200, {
    ...headers,
    "Content-Type": "application/octet-stream",
    "Content-Length": (await stat(file.path)).size,
  });
  await pipeline(createReadStream(file.path), response);
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostSaved) throw new Refusal(413, `A text has at most ${mostSaved} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, type: string, content: string | Uint8Array): void {
  response.writeHead(200, { ...headers, "Content-Type": types[type] ?? "application/octet-stream" });
  response.end(content);
}

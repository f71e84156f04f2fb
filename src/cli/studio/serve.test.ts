import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { projectOf } from "./project.js";
import { type StudioServer, serveStudio } from "./serve.js";

const folder = mkdtempSync(join(tmpdir(), "moka-studio-"));
const net = join(folder, "net.prototxt");
const solver = join(folder, "solver.prototxt");
const text =
  'name: "N"\nlayer { name: "d" type: "Data" top: "d" top: "l" data_param { source: "some_lmdb" batch_size: 1 } }\n';
let server: StudioServer;

beforeAll(async () => {
  mkdirSync(join(folder, "page"));
  mkdirSync(join(folder, "some_lmdb"));
  writeFileSync(join(folder, "page", "index.html"), "<html><head></head></html>");
  writeFileSync(join(folder, "page", "main.js"), "1;");
  writeFileSync(join(folder, "secret"), "secret");
  writeFileSync(join(folder, "some_lmdb", "data.mdb"), "data");
  writeFileSync(net, text);
  writeFileSync(solver, 'net: "net.prototxt" base_lr: 1 weights: "missing.caffemodel"\n');
  server = await serveStudio({ port: 0, page: join(folder, "page"), project: await projectOf([solver], []) });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A request as any program can make it; browsers do not let pages choose `Host` and `Origin`. */
function ask(
  path: string,
  {
    method = "GET",
    headers = {},
    body = "",
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { port } = new URL(server.address);
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      let content = "";
      response.on("data", (chunk) => {
        content += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: content, headers: response.headers }));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

const own = () => ({ origin: server.address.replace(/\/$/, "") });

test("the project has the text, the net that it names, and the data that this names", async () => {
  const { files, active } = JSON.parse((await ask("/project.json")).body);
  expect(active).toBe(solver);
  expect(files.map(({ name, kind }: { name: string; kind: string }) => [name, kind])).toEqual([
    [solver, "text"],
    ["net.prototxt", "text"],
    ["some_lmdb/data.mdb", "data"],
  ]);
  expect((await ask("/project/1")).body).toBe(text);
  expect((await ask("/project/2")).body).toBe("data");
});

test("HDF5's files are those of its library", async () => {
  expect((await ask("/assets/h5wasm/file_handlers.js")).body).toContain("export");
});

test("the page is told of the project, and may share memory", async () => {
  const { body, headers } = await ask("/");
  expect(body).toContain('<meta name="moka-project" content="project.json">');
  expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
  expect(headers["cross-origin-embedder-policy"]).toBe("require-corp");
  expect((await ask("/main.js")).body).toBe("1;");
});

describe("refuses", () => {
  test.each([
    ["another host", { host: "evil.example" }],
    ["another host with this port", { host: "evil.example:80" }],
    ["an address that leads here", { host: "127.0.0.1.nip.io" }],
    ["another origin", { origin: "http://evil.example" }],
    ["no origin at all, as of a file or a frame without one", { origin: "null" }],
    ["the origin of another port", { origin: "http://127.0.0.1:1" }],
    ["what another site's page asks for", { "sec-fetch-site": "cross-site" }],
    ["what another port's page asks for", { "sec-fetch-site": "same-site" }],
  ])("%s", async (_, headers) => {
    for (const path of ["/", "/project.json", "/project/0"]) {
      const { status, body } = await ask(path, { headers });
      expect(status).toBe(403);
      expect(body).not.toContain("prototxt");
    }
  });

  test.each([
    "/../secret",
    "/..%2fsecret",
    "/%2e%2e/secret",
    "/..%5csecret",
    "/%00",
    "/%ff",
    "/project/99",
    "/project/-1",
    "/nothing",
  ])("the path %s", async (path) => {
    const { status, body } = await ask(path);
    expect([400, 404]).toContain(status);
    expect(body).not.toContain("secret\n");
  });

  test("to save what is no text of the project, without an origin, or over a text that was changed meanwhile", async () => {
    const stamp = JSON.parse((await ask("/project.json")).body).files[1].stamp;
    const save = (path: string, headers: Record<string, string>) =>
      ask(path, { method: "PUT", headers, body: "changed" });
    expect((await save("/project/2", { ...own(), "x-moka-stamp": stamp })).status).toBe(403);
    expect((await save("/project/1", { "x-moka-stamp": stamp })).status).toBe(403);
    expect((await save("/project/1", { ...own(), "x-moka-stamp": "0" })).status).toBe(409);
    expect((await ask("/main.js", { method: "DELETE", headers: own() })).status).toBe(405);
    expect(readFileSync(net, "utf8")).toBe(text);
  });
});

test("saves a text that the page has seen", async () => {
  const { stamp } = JSON.parse((await ask("/project.json")).body).files[1];
  const saved = await ask("/project/1", {
    method: "PUT",
    headers: { ...own(), "x-moka-stamp": stamp },
    body: `# saved\n${text}`,
  });
  expect(saved.status).toBe(200);
  expect(readFileSync(net, "utf8")).toBe(`# saved\n${text}`);
  expect(JSON.parse(saved.body).stamp).not.toBe(stamp);
});

test("a port that is taken is said", async () => {
  const port = Number(new URL(server.address).port);
  const again = serveStudio({ port, page: folder, project: { files: [], active: undefined, left: [] } });
  await expect(again).rejects.toMatchObject({ code: "MOKA_USAGE", message: expect.stringContaining("in use") });
});

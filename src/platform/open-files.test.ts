import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WorkProgress } from "../util/work.js";
import { createFiles } from "./memory-files.js";
import { openFile, openFiles } from "./open-files.js";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe("files of the web", () => {
  let server: Server;
  let origin = "";
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === "/dir/a.txt") response.end("hello");
      else if (request.url === "/gzip") response.writeHead(200, { "Content-Encoding": "gzip" }).end(gzipSync("packed"));
      else if (request.url === "/short") {
        response.writeHead(200, { "Content-Length": 100 }).write("abc", () => response.destroy());
      } else response.writeHead(404).end("<html>");
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  test("are read, with their progress", async () => {
    const seen: WorkProgress[] = [];
    const files = openFiles({ onProgress: (progress) => void seen.push(progress) });
    const url = `${origin}/dir/a.txt`;
    expect(text(await files.read(url))).toBe("hello");
    expect(seen[0]).toEqual({ what: "bytes", url, done: 0, total: 5 });
    expect(seen.at(-1)).toEqual({ what: "bytes", url, done: 5, total: 5 });
    expect(await files.readText(url)).toBe("hello");
    expect(text((await files.open(url)).read(1, 3))).toBe("ell");
  });

  test("have no total if they come compressed", async () => {
    const seen: WorkProgress[] = [];
    const files = openFiles({ onProgress: (progress) => void seen.push(progress) });
    expect(await files.readText(`${origin}/gzip`)).toBe("packed");
    expect(seen.at(-1)).toMatchObject({ done: 6, total: undefined });
  });

  test("an error of the caller's onProgress stays what it is", async () => {
    const files = openFiles({
      onProgress: () => {
        throw new RangeError("enough");
      },
    });
    await expect(files.read(`${origin}/dir/a.txt`)).rejects.toThrow(new RangeError("enough"));
  });

  test("that cannot be read are errors with their address", async () => {
    const files = openFiles({});
    const fails = (path: string, reason: RegExp) =>
      expect(files.read(path)).rejects.toMatchObject({ code: "MOKA_FILE", message: expect.stringMatching(reason) });
    await fails(`${origin}/none`, /^cannot read http:\S+\/none: the server answers 404 Not Found$/);
    await fails(`${origin}/short`, /^cannot read http:\S+\/short: ./);
    await fails("http://127.0.0.1:1/x", /^cannot read http:\S+\/x: fetch failed: ./);
    for (const path of ["ftp://a/b", "file://host/x"]) await fails(path, /only http:, https:, data: and blob:/);
    await fails("data:image/png;base64,%", /^cannot read data:image\/png;base64: fetch failed/);
    await expect(files.write(`${origin}/x`, new Uint8Array())).rejects.toThrow("files of the web can only be read");
    await expect(files.list(`${origin}/x`)).rejects.toThrow("cannot list http");
  });

  test("name files beside them, unless there is one here", async () => {
    const files = openFiles({ files: createFiles({ "here.txt": "1" }) });
    const from = `${origin}/dir/solver.prototxt`;
    expect(await files.resolve("here.txt", from)).toBe("here.txt");
    expect(await files.resolve("a.txt", from)).toBe(`${origin}/dir/a.txt`);
    expect(await files.resolve("../b.txt", from)).toBe(`${origin}/b.txt`);
    expect(await files.resolve("https://other/c", from)).toBe("https://other/c");
    expect(await files.resolve("here.txt", "there.txt")).toBe("here.txt");
  });
});

test("a file that is given by its content has a path", async () => {
  const bytes = new TextEncoder().encode("abc");
  for (const source of [bytes, new Blob([bytes])]) {
    const { files, path } = openFile({ files: createFiles({ other: "x" }) }, source);
    expect(await files.readText(path)).toBe("abc");
    expect(await files.isFolder(path)).toBe(false);
    expect(await files.readText("other")).toBe("x");
  }
  expect(openFile({ files: createFiles() }, "a/b").path).toBe("a/b");
});

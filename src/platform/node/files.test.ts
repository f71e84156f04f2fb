import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFiles } from "./index.js";

const files = createFiles();
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "moka-files-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const text = (content: string) => new TextEncoder().encode(content);

describe("read", () => {
  it("gives the bytes or the text of a file", async () => {
    await writeFile(join(folder, "a.txt"), "grün");
    expect(await files.read(join(folder, "a.txt"))).toEqual(text("grün"));
    expect(await files.readText(join(folder, "a.txt"))).toBe("grün");
  });

  it("reads empty files", async () => {
    await writeFile(join(folder, "empty"), "");
    expect(await files.read(join(folder, "empty"))).toEqual(new Uint8Array(0));
  });

  it.runIf(existsSync("/proc/self/stat"))("reads files that hide their size (where there is /proc)", async () => {
    expect((await files.readText("/proc/self/stat")).length).toBeGreaterThan(10);
  });

  it("makes folders with their parents, twice too, and says where there can be none", async () => {
    await files.makeFolder(join(folder, "p/q/r/"));
    await files.makeFolder(join(folder, "p/q/r"));
    expect(await files.isFolder(join(folder, "p/q/r"))).toBe(true);
    await writeFile(join(folder, "p/file"), "");
    await expect(files.makeFolder(join(folder, "p/file"))).rejects.toThrow("there is a file of that name");
    await expect(files.makeFolder(join(folder, "p/file/q"))).rejects.toThrow("a part of the path is no folder");
    await expect(files.makeFolder("")).rejects.toThrow("no such file or folder");
    if (existsSync("/proc/self"))
      await expect(files.makeFolder("/proc/x/y")).rejects.toThrow("cannot create /proc/x/y");
  });

  it.runIf(existsSync("/dev/zero"))("refuses devices that do not end (where there is /dev/zero)", async () => {
    await expect(files.read("/dev/zero")).rejects.toThrow("cannot read /dev/zero: it is a device that does not end");
    expect(await files.read("/dev/null")).toEqual(new Uint8Array(0));
  });

  it("says what is wrong with the path", async () => {
    const missing = join(folder, "missing");
    await expect(files.read(missing)).rejects.toMatchObject({
      code: "MOKA_FILE",
      message: `cannot read ${missing}: no such file or folder (ENOENT)`,
    });
    await expect(files.read(folder)).rejects.toThrow(`cannot read ${folder}: it is a folder (EISDIR)`);
    await expect(files.readText(join(folder, "a.txt", "b"))).rejects.toThrow("a part of the path is no folder");
  });
});

describe("write", () => {
  it("puts several chunks, shared memory among them, into one file", async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 3).fill(66);
    const path = join(folder, "chunks");
    await files.write(path, [text("a"), shared, new Uint8Array(0), text("c")]);
    expect(await readFile(path, "utf8")).toBe("aBBBc");
    await files.write(path, text("short"));
    expect(await readFile(path, "utf8")).toBe("short");
  });

  it("shows the old file until the new one is complete, and leaves no other file", async () => {
    const inner = join(folder, "atomic");
    const path = join(inner, "file");
    await mkdir(inner);
    await writeFile(path, "old");
    const seen: Promise<[string, string[]]>[] = [];
    const chunks = [text("new"), text("er")];
    Object.defineProperty(chunks, 1, {
      get: () => {
        seen.push(Promise.all([readFile(path, "utf8"), readdir(inner)]));
        return text("er");
      },
    });
    await files.write(path, chunks);
    const [content, names] = (await seen[0]) as [string, string[]];
    expect(content).toBe("old");
    expect(names.length).toBe(2);
    expect(names.some((name) => /^\.moka-.*\.tmp$/.test(name))).toBe(true);
    expect(await readdir(inner)).toEqual(["file"]);
    expect(await readFile(path, "utf8")).toBe("newer");
  });

  it("cleans up after a failure and keeps the old file", async () => {
    const inner = join(folder, "failure");
    const path = join(inner, "file");
    await mkdir(inner);
    await writeFile(path, "old");
    const chunks = [text("new")];
    Object.defineProperty(chunks, 1, {
      enumerable: true,
      get: () => {
        throw new Error("the net is gone");
      },
    });
    await expect(files.write(path, chunks)).rejects.toThrow(`cannot write ${path}: the net is gone`);
    expect(await readdir(inner)).toEqual(["file"]);
    expect(await readFile(path, "utf8")).toBe("old");
  });

  it("writes through links", async () => {
    await writeFile(join(folder, "target"), "old");
    await symlink("target", join(folder, "link"));
    await files.write(join(folder, "link"), text("new"));
    expect(await readFile(join(folder, "target"), "utf8")).toBe("new");
  });

  it("says why it cannot", async () => {
    const nowhere = join(folder, "no", "where");
    await expect(files.write(nowhere, text("x"))).rejects.toMatchObject({
      code: "MOKA_FILE",
      message: `cannot write ${nowhere}: no such file or folder (ENOENT)`,
    });
    await expect(files.write(folder, text("x"))).rejects.toThrow("it is a folder (EISDIR)");
  });

  it.runIf(existsSync("/dev/full"))("reports a full device (where there is /dev/full)", async () => {
    await expect(files.write("/dev/full", text("x"))).rejects.toThrow("no space left on the device (ENOSPC)");
    expect(existsSync("/dev/full")).toBe(true);
  });
});

describe("probe", () => {
  it("succeeds where a file can be written, and leaves nothing", async () => {
    const inner = join(folder, "probed");
    await mkdir(inner);
    await files.probe(join(inner, "snap_iter_0"));
    expect(await readdir(inner)).toEqual([]);
    await writeFile(join(inner, "there"), "x");
    await files.probe(join(inner, "there"));
    expect(await readFile(join(inner, "there"), "utf8")).toBe("x");
  });

  it("fails where none can", async () => {
    const nowhere = join(folder, "nowhere", "snap_iter_0");
    await expect(files.probe(nowhere)).rejects.toThrow(`cannot write ${nowhere}: no such file or folder (ENOENT)`);
    await expect(files.probe(folder)).rejects.toThrow(`cannot write ${folder}: it is a folder`);
    await files.probe(join(folder, "probed", "snap_iter_0"), { readOnly: true });
    const inFile = join(folder, "probed", "there", "snap");
    await expect(files.probe(inFile, { readOnly: true })).rejects.toThrow("a part of the path is no folder");
    await expect(files.probe(nowhere, { readOnly: true })).rejects.toThrow("no such file or folder (ENOENT)");
    await expect(files.probe(folder, { readOnly: true })).rejects.toThrow("it is a folder");
  });
});

describe("folders", () => {
  it("are created with their parents, and may be there already", async () => {
    const path = join(folder, "x", "y");
    expect(await files.isFolder(path)).toBe(false);
    await files.makeFolder(path);
    await files.makeFolder(path);
    expect(await files.isFolder(path)).toBe(true);
  });

  it("do not replace files", async () => {
    const path = join(folder, "plain");
    await writeFile(path, "");
    expect(await files.isFolder(path)).toBe(false);
    await expect(files.makeFolder(path)).rejects.toThrow(
      `cannot create ${path}: there is a file of that name (EEXIST)`,
    );
    expect(await files.isFolder(join(path, "inner"))).toBe(false);
  });
});

describe("list", () => {
  it("names what is in a folder, sorted", async () => {
    const path = join(folder, "listed");
    await files.makeFolder(join(path, "b"));
    await files.write(join(path, "c"), Uint8Array.of(1));
    await files.write(join(path, "a"), Uint8Array.of(1));
    expect(await files.list(path)).toEqual(["a", "b", "c"]);
    await expect(files.list(join(folder, "nowhere"))).rejects.toThrow(
      /^cannot read \S+nowhere: no such file or folder/,
    );
  });
});

describe("resolve", () => {
  it("looks where the path says, then beside the file that names it", async () => {
    const inner = join(folder, "nets");
    await mkdir(inner);
    await writeFile(join(inner, "net.prototxt"), "");
    const from = join(inner, "solver.prototxt");
    expect(await files.resolve("net.prototxt", from)).toBe(join(inner, "net.prototxt"));
    expect(await files.resolve("package.json", from)).toBe("package.json"); // it is in the working directory
    expect(await files.resolve("nowhere.prototxt", from)).toBe("nowhere.prototxt");
    expect(await files.resolve("net.prototxt")).toBe("net.prototxt");
    expect(await files.resolve(join(inner, "net.prototxt"), "elsewhere/x")).toBe(join(inner, "net.prototxt"));
  });
});

describe("open", () => {
  it("reads any piece of a file of several blocks", async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) ^ (i >> 8));
    const path = join(folder, "large");
    await writeFile(path, bytes);
    const source = await files.open(path);
    expect(source.size).toBe(bytes.length);
    fc.assert(
      fc.property(fc.nat(310_000), fc.oneof(fc.nat(100), fc.nat(70_000), fc.nat(310_000)), (offset, length) => {
        expect(Buffer.compare(source.read(offset, length), bytes.subarray(offset, offset + length))).toBe(0);
      }),
    );
    source.close();
    source.close();
    expect(() => source.read(0, 1)).toThrow("is read after it was closed");
  });

  it("keeps earlier views valid", async () => {
    const path = join(folder, "many-blocks");
    await writeFile(path, new Uint8Array(200 << 16).fill(1));
    const source = await files.open(path);
    const first = source.read(0, 4);
    for (let offset = 0; offset < source.size; offset += 1 << 16) source.read(offset, 1);
    expect(first).toEqual(Uint8Array.of(1, 1, 1, 1));
    expect(source.read(0, 4)).toEqual(first);
    source.close();
  });

  it("refuses folders and what is not there", async () => {
    await expect(files.open(folder)).rejects.toThrow(`cannot open ${folder}: it is a folder`);
    await expect(files.open(join(folder, "missing"))).rejects.toMatchObject({ code: "MOKA_FILE" });
  });

  it("notices that the file became shorter", async () => {
    const path = join(folder, "cut");
    await writeFile(path, new Uint8Array(100));
    const source = await files.open(path);
    await writeFile(path, new Uint8Array(10));
    expect(() => source.read(0, 100)).toThrow(`cannot read ${path}: it has become shorter`);
    source.close();
  });
});

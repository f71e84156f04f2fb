import { describe, expect, it } from "vitest";
import { createFiles } from "./memory-files.js";

const text = (content: string) => new TextEncoder().encode(content);

describe("files in memory", () => {
  it("are the same under every spelling of their path", async () => {
    const files = createFiles({ "nets/lenet.prototxt": "name: 'a'" });
    for (const path of ["nets/lenet.prototxt", "./nets//lenet.prototxt", "/nets/x/../lenet.prototxt"]) {
      expect(await files.readText(path)).toBe("name: 'a'");
    }
    expect(files.paths()).toEqual(["/nets/lenet.prototxt"]);
  });

  it("are written as copies, and removed by take", async () => {
    const files = createFiles();
    const chunk = text("ab");
    await files.write("out/model", [chunk, text("c")]);
    chunk.fill(0);
    expect(await files.readText("out/model")).toBe("abc");
    await files.write("out/model", text("d"));
    expect(files.take("out/model")).toEqual(text("d"));
    expect(files.take("out/model")).toBeUndefined();
    expect(await files.isFolder("out")).toBe(true);
  });

  it("are not changed by changes to what was read", async () => {
    const files = createFiles({ a: "xyz" });
    (await files.read("a")).fill(0);
    expect(await files.readText("a")).toBe("xyz");
  });

  it("are listed by folder", async () => {
    const files = createFiles({ "db/b": "1", "db/inner/x": "2", a: "3" });
    expect(await files.list("db/")).toEqual(["b", "inner"]);
    expect(await files.list("/")).toEqual(["a", "db"]);
    await expect(files.list("nowhere")).rejects.toThrow("cannot read nowhere: no such folder");
  });

  it("open as sources", async () => {
    const files = createFiles({ a: "0123456789" });
    const source = await files.open("a");
    expect(source.size).toBe(10);
    expect(source.read(8, 5)).toEqual(text("89"));
  });

  it("make folders, which are no files", async () => {
    const files = createFiles({ "a/b/c": "" });
    await files.makeFolder("x/y");
    for (const path of ["/", "a", "a/b", "x", "x/y/"]) expect(await files.isFolder(path)).toBe(true);
    expect(await files.isFolder("a/b/c")).toBe(false);
    await expect(files.write("a/b", text(""))).rejects.toThrow("cannot write a/b: it is a folder");
    await expect(files.read("a/b")).rejects.toThrow("cannot read a/b: it is a folder");
    await expect(files.makeFolder("a/b/c/d")).rejects.toThrow("/a/b/c is no folder");
    await expect(files.write("a/b/c/d", text(""))).rejects.toMatchObject({ code: "MOKA_FILE" });
  });

  it("are probed without leaving a file", async () => {
    const files = createFiles({ "a/b": "" });
    await files.probe("x/snap");
    expect(files.paths()).toEqual(["/a/b"]);
    expect(await files.isFolder("x")).toBe(false);
    await expect(files.probe("a")).rejects.toThrow("cannot write a: it is a folder");
    await expect(files.probe("a/b/snap")).rejects.toThrow("cannot write a/b/snap: /a/b is no folder");
  });

  it("do not change with what is read of them, also if a Buffer was given", async () => {
    const files = createFiles({ a: Buffer.from([1, 2]) });
    (await files.read("a"))[0] = 9;
    expect([...(await files.read("a"))]).toEqual([1, 2]);
  });

  it("that are missing are MOKA_FILE errors", async () => {
    const files = createFiles();
    const expected = { code: "MOKA_FILE", message: "cannot read a: no such file or folder" };
    await expect(files.read("a")).rejects.toMatchObject(expected);
    await expect(files.readText("a")).rejects.toMatchObject(expected);
    await expect(files.open("a")).rejects.toMatchObject({ code: "MOKA_FILE" });
  });

  it("resolve where the path says, then beside the file that names it", async () => {
    const files = createFiles({ "nets/net.prototxt": "", "top.prototxt": "" });
    const from = "nets/solver.prototxt";
    expect(await files.resolve("net.prototxt", from)).toBe("/nets/net.prototxt");
    expect(await files.resolve("top.prototxt", from)).toBe("top.prototxt");
    expect(await files.resolve("nowhere", from)).toBe("nowhere");
    expect(await files.resolve("net.prototxt")).toBe("net.prototxt");
  });
});

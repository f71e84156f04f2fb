import { spawnSync } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFiles as createMemoryFiles } from "../../platform/memory-files.js";
import { createFiles } from "../../platform/node/index.js";
import { readDatum } from "../../proto/binary/index.js";
import type { DatabaseRecord } from "../../util/database.js";
import { MokaError } from "../../util/errors.js";
import { bytesSource } from "../../util/files.js";
import { Lmdb, openLmdb } from "./reader.js";
import { writeLmdb } from "./writer.js";

const golden = fileURLToPath(new URL("../../../test/golden/files", import.meta.url));
const files = createFiles();

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}

function database(records: Iterable<DatabaseRecord>): Uint8Array {
  return concat(writeLmdb(records));
}

function open(bytes: Uint8Array): Lmdb {
  return new Lmdb(bytesSource(bytes), "test_lmdb");
}

/** Keys and values as hexadecimal digits, one after the other: what mdb_dump prints. */
function dump(db: Lmdb): string[] {
  const lines: string[] = [];
  const cursor = db.cursor();
  for (let more = cursor.first(); more; more = cursor.next()) {
    lines.push(Buffer.from(cursor.key).toString("hex"), Buffer.from(cursor.value).toString("hex"));
  }
  return lines;
}

function numbered(count: number, value: (index: number) => Uint8Array): DatabaseRecord[] {
  return Array.from({ length: count }, (_, i) => ({ key: String(i).padStart(8, "0"), value: value(i) }));
}

describe("reading what C++ Caffe wrote", () => {
  it.each([
    ["glyphs_train_lmdb", 1000],
    ["glyphs_test_lmdb", 300],
  ])("%s", async (name, count) => {
    const db = await openLmdb(files, join(golden, name));
    expect(db.count).toBe(count);
    const cursor = db.cursor();
    let seen = 0;
    for (let more = cursor.first(); more; more = cursor.next()) {
      expect(Buffer.from(cursor.key).toString()).toBe(String(seen).padStart(8, "0"));
      const datum = readDatum(cursor.value);
      expect([datum.channels, datum.height, datum.width, datum.data.length]).toEqual([1, 28, 28, 784]);
      expect(datum.label).toBeLessThan(10);
      seen += 1;
    }
    expect(seen).toBe(count);
    expect(cursor.valid).toBe(false);
    db.close();
  });

  it("takes the file itself as well as its folder", async () => {
    const db = await openLmdb(files, join(golden, "glyphs_test_lmdb", "data.mdb"));
    expect(db.count).toBe(300);
    db.close();
  });

  it("goes to any record by its index", async () => {
    const db = await openLmdb(files, `${golden}/glyphs_train_lmdb/`);
    const cursor = db.cursor();
    for (const position of [999, 0, 500, 3, 4, 5]) {
      expect(cursor.seek(position)).toBe(true);
      expect(cursor.position).toBe(position);
      expect(Buffer.from(cursor.key).toString()).toBe(String(position).padStart(8, "0"));
    }
    expect(cursor.seek(1000)).toBe(false);
    expect(() => cursor.value).toThrow("has no current record");
    db.close();
  });
});

describe("a file that is not a data set", () => {
  const sound = database(numbered(3, (i) => Uint8Array.of(i)));

  /** The file with some bytes changed. */
  function changed(...changes: [offset: number, ...bytes: number[]][]): Uint8Array {
    const bytes = sound.slice();
    for (const [offset, ...values] of changes) bytes.set(values, offset);
    return bytes;
  }

  it("is recognized by the content of the folder or file", async () => {
    const memory = createMemoryFiles({
      "level/CURRENT": "MANIFEST-000002\n",
      "empty/data.mdb": "",
      "text/data.mdb": "hello",
      "image.png": new Uint8Array(5000).fill(7),
    });
    await expect(openLmdb(memory, "level")).rejects.toThrow("level: it is a LevelDB, not an LMDB");
    await expect(openLmdb(memory, "empty")).rejects.toThrow("empty: the file is empty");
    await expect(openLmdb(memory, "text")).rejects.toThrow("text: 5 bytes are no LMDB");
    await expect(openLmdb(memory, "image.png")).rejects.toMatchObject({ code: "MOKA_DATA" });
    await expect(openLmdb(memory, "nothing")).rejects.toMatchObject({ code: "MOKA_FILE" });
    await memory.makeFolder("folder");
    await expect(openLmdb(memory, "folder")).rejects.toThrow("cannot open folder/data.mdb: no such file or folder");
  });

  it("may be from a machine of another kind", () => {
    const narrow = changed([16, 0, 0, 0, 0], [12, 0xde, 0xc0, 0xef, 0xbe]);
    expect(() => open(narrow.fill(0, 4096, 8192))).toThrow("written on a 32-bit one");
    const big = changed([16, 0xbe, 0xef, 0xc0, 0xde]).fill(0, 4096, 8192);
    expect(() => open(big)).toThrow("written on a big-endian one");
  });

  it("may have features that Caffe does not use", () => {
    const meta = 4096;
    expect(() => open(changed([20, 2], [meta + 20, 2]))).toThrow("format version 2");
    expect(() => open(changed([92, 4], [meta + 92, 4]))).toThrow("keys with several values");
    const node = 2 * 4096 + (sound[2 * 4096 + 16] as number) + 256 * (sound[2 * 4096 + 17] as number);
    const cursor = open(changed([node + 4, 2])).cursor();
    cursor.first();
    expect(() => cursor.value).toThrow("a named sub-database");
  });

  it("is still read if only the older meta page is damaged", () => {
    expect(open(changed([0, ...Array(150).fill(0xff)])).count).toBe(3);
    expect(open(changed([4096 + 144, 0])).count).toBe(0); // both are valid now, and equally old
  });

  it("may be truncated", () => {
    const large = database(numbered(20, () => new Uint8Array(10_000)));
    const cursor = open(large.subarray(0, 100_000)).cursor();
    cursor.first();
    expect(() => {
      while (cursor.next()) expect(cursor.value.length).toBe(10_000);
    }).toThrow(/test_lmdb: cut off: page \d+ should be at byte \d+, it ends at 100000/);
  });

  it("may contain a cycle", () => {
    const deep = database(numbered(300, () => new Uint8Array(700)));
    const root = Number(new DataView(deep.buffer).getBigUint64(4096 + 88 + 40, true));
    const view = new DataView(deep.buffer, root * 4096, 4096);
    const child = view.getUint16(16, true);
    view.setUint32(child, root, true);
    expect(() => open(deep).cursor().first()).toThrow(`page ${root} is not at its level of the tree`);
    view.setUint32(child, view.getUint32(view.getUint16(18, true), true), true); // the second leaf twice
    expect(() => dump(open(deep))).not.toThrow(); // the number of records is that of the header
  });

  it("is refused or read to an end, however it is damaged", () => {
    const whole = database(numbered(40, (i) => new Uint8Array(i === 7 ? 9000 : 400).fill(i)));
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    // The most important fields are at the beginning of a page.
    const header = fc
      .tuple(fc.nat(whole.length / 4096 - 1), fc.nat(160), fc.nat(255))
      .map(([page, offset, value]) => [page * 4096 + offset, value] as const);
    fc.assert(
      fc.property(fc.array(fc.oneof(change, header), { minLength: 1, maxLength: 6 }), fc.nat(2000), (changes, cut) => {
        const bytes = whole.slice(0, whole.length - (cut < 1000 ? 0 : cut));
        for (const [offset, value] of changes) if (offset < bytes.length) bytes[offset] = value;
        try {
          const db = open(bytes);
          expect(dump(db).length).toBe(2 * db.count);
        } catch (error) {
          if (!(error instanceof MokaError)) throw error;
          expect(["MOKA_DATA", "MOKA_UNSUPPORTED"]).toContain(error.code);
          expect(error.message).toMatch(/^test_lmdb: /);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("writeLmdb", () => {
  const key = fc.uint8Array({ minLength: 1, maxLength: 511 });
  const value = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.nat(20_000).map((length) => new Uint8Array(length).fill(3)),
  );

  it("writes what is read back the same", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          key.map((bytes) => Buffer.from(bytes).toString("hex")),
          value,
          { maxKeys: 60 },
        ),
        (map) => {
          const records = Object.entries(map)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([hex, bytes]) => ({ key: Buffer.from(hex, "hex"), value: bytes }));
          const db = open(database(records));
          expect(db.count).toBe(records.length);
          expect(dump(db)).toEqual(
            records.flatMap((record) => [record.key.toString("hex"), Buffer.from(record.value).toString("hex")]),
          );
        },
      ),
    );
  });

  it("makes trees of several levels", () => {
    const suffix = "k".repeat(400);
    const records = numbered(3000, (i) => Uint8Array.of(i)).map(({ key, value }) => ({ key: key + suffix, value }));
    const cursor = open(database(records)).cursor();
    expect(cursor.seek(2999)).toBe(true);
    expect(cursor.value).toEqual(Uint8Array.of(2999 & 255));
  });

  it("writes an empty database", () => {
    const db = open(database([]));
    expect(db.count).toBe(0);
    expect(db.cursor().first()).toBe(false);
  });

  it("refuses keys that LMDB could not find", () => {
    const value = new Uint8Array(1);
    const both = (...keys: string[]) => writeLmdb(keys.map((key) => ({ key, value })));
    expect(() => both("b", "a")).toThrow('keys must come in the order of their bytes, each once: "a" came after "b"');
    expect(() => both("a", "a")).toThrow(MokaError);
    expect(() => both("ab", "a")).toThrow(MokaError);
    expect(() => both("")).toThrow("a key of 0 bytes, where LMDB allows 1 to 511");
    expect(() => both("k".repeat(512))).toThrow("a key of 512 bytes");
  });
});

const hasTools = spawnSync("mdb_dump", ["-V"]).status === 0;
const toolsRequired = process.env["MOKA_REQUIRE_TOOLS"] === "1";

describe.runIf(hasTools || toolsRequired)("LMDB's own tools (skipped without Debian's lmdb-utils)", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "moka-lmdb-"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  function mdbDump(path: string): string[] {
    const { status, stdout, stderr } = spawnSync("mdb_dump", [path], { encoding: "utf8", maxBuffer: 1 << 28 });
    expect([status, stderr]).toEqual([0, ""]);
    const lines = stdout.trimEnd().split("\n");
    return lines.slice(lines.indexOf("HEADER=END") + 1, -1).map((line) => line.trim());
  }

  it("read the same from a database of C++ Caffe", async () => {
    const copy = join(folder, "golden"); // the tools leave a lock file
    await cp(join(golden, "glyphs_test_lmdb"), copy, { recursive: true });
    const db = await openLmdb(files, copy);
    expect(mdbDump(copy)).toEqual(dump(db));
    db.close();
  });

  it.each([
    ["small records", numbered(2000, (i) => new Uint8Array(795).fill(i))],
    ["records on overflow pages", numbered(50, (i) => new Uint8Array(2000 + 300 * i).fill(i))],
    ["three levels", numbered(4000, () => new Uint8Array(3)).map((r) => ({ ...r, key: r.key + "k".repeat(300) }))],
    ["one record", numbered(1, () => new Uint8Array(0))],
    ["no record", []],
  ])("read what we write: %s", async (name, records) => {
    const path = join(folder, name);
    await files.makeFolder(path);
    await files.write(join(path, "data.mdb"), writeLmdb(records));
    expect(mdbDump(path)).toEqual(dump(await openLmdb(files, path)));
    const { status, stdout } = spawnSync("mdb_stat", ["-e", "-ff", path], { encoding: "utf8" });
    expect(status).toBe(0);
    expect(stdout).toContain(`Entries: ${records.length}\n`);
  });
});

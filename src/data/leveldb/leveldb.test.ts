import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ClassicLevel } from "classic-level";
import { afterAll, describe, expect, test } from "vitest";
import { createFiles } from "../../platform/node/index.js";
import type { DatabaseCursor } from "../../util/database.js";
import { Random } from "../../util/random.js";
import { createDatabase, openDatabase } from "../database.js";
import { decompressSnappy } from "./snappy.js";

const golden = fileURLToPath(new URL("../../../test/golden/files", import.meta.url));
const files = createFiles();
const folder = mkdtempSync(join(tmpdir(), "moka-leveldb-"));
afterAll(() => rmSync(folder, { recursive: true }));
let folders = 0;
const fresh = () => join(folder, `db-${folders++}`);

/** Values as texts with one character per byte: they are compared faster. */
type Records = [key: string, value: string][];

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

async function rest(cursor: DatabaseCursor): Promise<Records> {
  const records: Records = [];
  for (let valid = cursor.valid; valid; valid = await cursor.next()) {
    records.push([text(cursor.key), text(cursor.value)]);
  }
  return records;
}

async function read(path: string): Promise<Records> {
  const db = await openDatabase(files, "leveldb", path);
  const cursor = db.cursor();
  await cursor.first();
  const records = await rest(cursor);
  db.close();
  return records;
}

/** The content of a folder: names, sizes and times. */
const contents = (path: string) =>
  readdirSync(path).map((name) => [name, statSync(join(path, name)).size, statSync(join(path, name)).mtimeMs]);

test.each(["train", "test"])(
  "the reference's glyphs_%s_leveldb has the records of its LMDB, and is not touched",
  async (set) => {
    const path = `${golden}/glyphs_${set}_leveldb`;
    const before = contents(path);
    const lmdb = (await openDatabase(files, "lmdb", `${golden}/glyphs_${set}_lmdb`)).cursor();
    await lmdb.first();
    const wanted = await rest(lmdb);
    expect(wanted.length).toBe(set === "train" ? 1000 : 300);
    expect(await read(path)).toEqual(wanted);
    expect(contents(path)).toEqual(before);
  },
);

describe("what LevelDB itself wrote", () => {
  /** Random writes and deletions over several openings: logs, tables of several levels, compressed blocks. */
  async function written(sittings: number, options: object): Promise<{ path: string; wanted: Records }> {
    const path = fresh();
    const records = new Map<string, string>();
    const random = new Random(7);
    for (let sitting = 0; sitting < sittings; sitting++) {
      const db = new ClassicLevel<string, Uint8Array>(path, { valueEncoding: "view", ...options });
      await db.open();
      for (let i = 0; i < 1500; i++) {
        const key = `key${random.below(2000)}`;
        if (random.below(8) === 0) {
          await db.del(key);
          records.delete(key);
        } else {
          const length = i % 300 === 0 ? 100_000 : random.below(900);
          const value = Uint8Array.from({ length }, (_, j) =>
            sitting % 2 ? (j >> 4) % 7 : (j * j * sitting) ^ (j >> 3),
          );
          await db.put(key, value);
          records.set(key, text(value));
        }
      }
      await db.close();
    }
    return { path, wanted: [...records].sort(([a], [b]) => (a < b ? -1 : 1)) };
  }

  test.each([
    ["compressed", 3, { writeBufferSize: 1 << 16, maxFileSize: 1 << 20 }],
    ["not compressed", 2, { writeBufferSize: 1 << 16, compression: false }],
    ["in a log only", 1, {}],
  ])("%s: every record is read once, in order, as it was written last", async (_name, sittings, options) => {
    const { path, wanted } = await written(sittings, options);
    expect(await read(path)).toEqual(wanted);

    const db = await openDatabase(files, "leveldb", path);
    const cursor = db.cursor();
    for (const at of [0, 1, Math.floor(wanted.length / 2), wanted.length - 1]) {
      expect(await cursor.seek(at, Buffer.from(wanted[at][0]))).toBe(true);
      expect(cursor.position).toBe(at);
      expect(await rest(cursor)).toEqual(wanted.slice(at));
    }
    expect(await cursor.seek(3, Buffer.from("key1x"))).toBe(false);
    db.close();
  });
});

describe("what is written", () => {
  const record = (i: number): Records[number] => [
    `${String(i).padStart(8, "0")}_a/b.jpg`,
    String.fromCharCode(i % 251).repeat(i % 50 === 3 ? 2_000_000 : (i * 7) % 15_000),
  ];

  test.each([0, 1, 20, 500])("%i records are read again, by LevelDB too", async (count) => {
    const path = fresh();
    const wanted = Array.from({ length: count }, (_, i) => record(i));
    const writer = await createDatabase(files, "leveldb", path);
    for (const [key, value] of wanted) await writer.add(key, Buffer.from(value, "latin1"));
    await writer.finish();
    expect(await read(path)).toEqual(wanted);

    const db = new ClassicLevel<string, Uint8Array>(path, { valueEncoding: "view", createIfMissing: false });
    const found: Records = [];
    for await (const [key, value] of db.iterator()) found.push([key, text(value)]);
    expect(found).toEqual(wanted);
    await db.put("zzz", Uint8Array.of(1));
    await db.close();
    expect((await read(path)).length).toBe(count + 1);
  });

  test("must come in order, and into a new folder", async () => {
    const path = fresh();
    const writer = await createDatabase(files, "leveldb", path);
    await writer.add("b", new Uint8Array(1));
    for (const key of ["a", "b"]) {
      await expect(async () => writer.add(key, new Uint8Array(1))).rejects.toThrow(
        `the key "${key}" does not come after "b"`,
      );
    }
    await writer.finish();
    await expect(createDatabase(files, "leveldb", path)).rejects.toThrow(
      /cannot create .*: there is a LevelDB already$/,
    );
  });
});

describe("errors", () => {
  const copy = () => {
    const path = fresh();
    cpSync(`${golden}/glyphs_test_leveldb`, path, { recursive: true });
    return path;
  };
  const fails = (path: string) => expect(openDatabase(files, "leveldb", path)).rejects;

  test("a folder that is missing, or holds something else", async () => {
    await fails(join(folder, "nowhere")).toThrow(/^cannot open \S+nowhere: no such file or folder \(ENOENT\)$/);
    await fails(`${golden}/glyphs_test_lmdb`).toThrow(/: it is an LMDB, not a LevelDB \(backend: LMDB\)$/);
    await fails(golden).toThrow(/: no LevelDB$/);
    await fails(`${golden}/glyphs_mean.binaryproto`).toThrow(/: a file, where a LevelDB is a folder$/);
  });

  test("a manifest or log with other bytes than were written", async () => {
    for (const name of ["MANIFEST-000002", "000003.log"]) {
      const path = copy();
      const bytes = readFileSync(join(path, name));
      bytes[20] ^= 1;
      writeFileSync(join(path, name), bytes);
      await fails(path).toThrow(/is damaged: the record at byte 0 has a wrong checksum$/);
    }
    const path = copy();
    writeFileSync(join(path, "CURRENT"), "MANIFEST-000077\n");
    await fails(path).toThrow(/is damaged: its CURRENT names "MANIFEST-000077", which is not there$/);
  });

  test("a truncated log is read up to its last complete record, as by LevelDB", async () => {
    const path = copy();
    const bytes = readFileSync(join(path, "000003.log"));
    writeFileSync(join(path, "000003.log"), bytes.subarray(0, bytes.length - 10));
    expect((await read(path)).length).toBe(0); // the converter wrote all 300 at once
  });

  test("a table with other bytes than were written, cut off or missing", async () => {
    const path = fresh();
    const writer = await createDatabase(files, "leveldb", path);
    for (let i = 0; i < 3; i++) await writer.add(`key${i}`, new Uint8Array(100));
    await writer.finish();
    const table = join(path, "000004.ldb");
    const bytes = readFileSync(table);
    writeFileSync(
      table,
      bytes.map((byte, i) => (i === 50 ? byte ^ 1 : byte)),
    );
    await expect(read(path)).rejects.toThrow(/000004.ldb is damaged: the block at byte 0 has a wrong checksum/);
    writeFileSync(table, bytes.subarray(0, 100));
    await expect(read(path)).rejects.toThrow(/000004.ldb is damaged: it has 100 bytes of \d+$/);
    rmSync(table);
    await expect(read(path)).rejects.toThrow(/is damaged: its table 000004.ldb is missing$/);
  });
});

describe("Snappy", () => {
  const packed = (...bytes: number[]) => decompressSnappy(Uint8Array.from(bytes), "block");

  test("repeats earlier output, also output of the same piece", () => {
    expect(text(packed(11, 2 << 2, 97, 98, 99, 1 | (4 << 2), 3))).toBe("abcabcabcab");
    expect(text(packed(6, 0, 97, 2 | (4 << 2), 1, 0))).toBe("aaaaaa");
  });

  test("damaged bytes are an error, not an endless or vast result", () => {
    for (const bytes of [
      [],
      [5],
      [5, 0, 97],
      [3, 2 << 2, 97],
      [9, 0, 97, 1, 2],
      [1, 1 << 2, 97, 98],
      [255, 255, 255, 255, 7, 0, 1],
    ]) {
      expect(() => packed(...bytes)).toThrow(/^block is damaged: /);
    }
  });
});

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromBinary, isFieldSet } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFiles, createImages } from "#platform";
import { type Backend, openDatabase } from "../data/database.js";
import { toPlanes } from "../data/images/planes.js";
import { resize } from "../data/images/resize.js";
import { type Datum, DatumSchema } from "../proto/gen/caffe_pb.js";
import type { Image } from "../util/images.js";
import { convertImageset } from "./convert-imageset.js";

const folder = mkdtempSync(join(tmpdir(), "moka-imageset-"));
afterAll(() => rmSync(folder, { recursive: true }));
const images = createImages();

/** An image without two equal rows, columns or channels. */
function image(width: number, height: number): Image {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 37) % 251);
  return { width, height, channels: 3, data };
}

const [a, b] = [image(6, 4), image(8, 5)];
beforeAll(async () => {
  writeFileSync(join(folder, "a.png"), await images.encode(a, "png"));
  writeFileSync(join(folder, "b c.png"), await images.encode(b, "png"));
  writeFileSync(join(folder, "d.JPEG"), await images.encode(image(16, 16), "jpg"));
  writeFileSync(join(folder, "list.txt"), "a.png 3\nb c.png 0\n");
});

let databases = 0;
const newPath = () => join(folder, `db${databases++}`);

async function records(path: string, backend: Backend = "lmdb"): Promise<[string, Datum][]> {
  const database = await openDatabase(createFiles(), backend, path);
  const found: [string, Datum][] = [];
  const cursor = database.cursor();
  for (let more = await cursor.first(); more; more = await cursor.next()) {
    found.push([new TextDecoder().decode(cursor.key), fromBinary(DatumSchema, cursor.value.slice())]);
  }
  database.close();
  return found;
}

test.each(["lmdb", "leveldb"] as const)("writes planes, blue first, to a %s with Caffe's keys", async (backend) => {
  const path = newPath();
  const counts = await convertImageset(`${folder}/`, join(folder, "list.txt"), path, { backend });
  expect(counts).toEqual({ count: 2, skipped: 0 });
  const [first, second] = await records(path, backend);
  expect([first?.[0], second?.[0]]).toEqual(["00000000_a.png", "00000001_b c.png"]);
  expect(first?.[1]).toMatchObject({ channels: 3, height: 4, width: 6, label: 3, encoded: false });
  expect(first?.[1].data).toEqual(toPlanes(a));
  expect(second?.[1].data).toEqual(toPlanes(b));
});

test("a BMP has the values of the PNG it was made of; as a file it is stored unchanged", async () => {
  const cases = fileURLToPath(new URL("../../test/cases/image-formats/", import.meta.url));
  const list = join(folder, "formats.txt");
  writeFileSync(list, "rgb.bmp 1\nrgb.png 2\na.pgm 3\na.ppm 4\n");
  const [values, encoded] = [newPath(), newPath()];
  expect(await convertImageset(cases, list, values)).toEqual({ count: 4, skipped: 0 });
  const [bmp, png] = await records(values);
  expect(bmp?.[1].data).toEqual(png?.[1].data);
  expect(await convertImageset(cases, list, encoded, { encoded: true })).toEqual({ count: 4, skipped: 0 });
  expect(
    Buffer.compare((await records(encoded))[0]?.[1].data ?? new Uint8Array(), readFileSync(`${cases}rgb.bmp`)),
  ).toBe(0);
});

test("gray, resized", async () => {
  const path = newPath();
  const size = { resizeWidth: 3, resizeHeight: 7 };
  await convertImageset(folder, join(folder, "list.txt"), path, { gray: true, ...size, checkSize: true });
  const [[, datum] = []] = await records(path);
  const gray = await images.decode(readFileSync(join(folder, "a.png")), { color: false });
  expect(datum).toMatchObject({ channels: 1, height: 7, width: 3 });
  expect(datum?.data).toEqual(resize(gray, 3, 7).data);
});

test("encoded: files as they are, or in another kind or size", async () => {
  const kept = newPath();
  await convertImageset(folder, join(folder, "list.txt"), kept, { encoded: true });
  const [[, datum] = []] = await records(kept);
  expect(datum?.data).toEqual(new Uint8Array(readFileSync(join(folder, "a.png"))));
  expect(datum && isFieldSet(datum, DatumSchema.field.channels)).toBe(false);
  expect(datum).toMatchObject({ encoded: true, label: 3 });

  const list = join(folder, "jpegs.txt");
  writeFileSync(list, "d.JPEG 1\na.png 2\n");
  const jpegs = newPath();
  await convertImageset(folder, list, jpegs, { encodeType: "jpg" });
  const [first, second] = await records(jpegs);
  expect(first?.[1].data).toEqual(new Uint8Array(readFileSync(join(folder, "d.JPEG"))));
  expect([...(second?.[1].data ?? []).slice(0, 3)]).toEqual([0xff, 0xd8, 0xff]);

  const small = newPath();
  await convertImageset(folder, list, small, { encodeType: "png", resizeWidth: 4, resizeHeight: 4 });
  const [[, png] = []] = await records(small);
  const decoded = await images.decode(png?.data ?? new Uint8Array(0), { color: true });
  expect(decoded).toMatchObject({ width: 4, height: 4, channels: 3 });
});

test("shuffles the list, the same way with the same seed", async () => {
  const list = join(folder, "many.txt");
  writeFileSync(list, Array.from({ length: 12 }, (_, i) => `a.png ${i}\n`).join(""));
  const labels = async (seed: number) => {
    const path = newPath();
    await convertImageset(folder, list, path, { shuffle: true, seed });
    return (await records(path)).map(([, { label }]) => label);
  };
  const one = await labels(1);
  expect(await labels(1)).toEqual(one);
  expect(await labels(2)).not.toEqual(one);
  expect([...one].sort((x, y) => x - y)).toEqual(Array.from({ length: 12 }, (_, i) => i));
});

test("what cannot be read is logged and left out, with its number", async () => {
  const list = join(folder, "gaps.txt");
  writeFileSync(join(folder, "bad.png"), "no picture");
  writeFileSync(list, "none.png 1\nbad.png 2\na.png 3");
  const path = newPath();
  const told: string[] = [];
  const log = (severity: string, _: string, message: string) => void told.push(`${severity}: ${message}`);
  expect(await convertImageset(folder, list, path, { log })).toEqual({ count: 1, skipped: 2 });
  expect((await records(path)).map(([key]) => key)).toEqual(["00000002_a.png"]);
  expect(told.filter((line) => line.startsWith("error: Could not open or find file")).length).toBe(2);
});

test("a blank line is logged and left out, with its number; blanks may follow a label", async () => {
  const list = join(folder, "blank.txt");
  writeFileSync(list, "\uFEFFa.png 3\t\r\n\r\n \nb c.png\t5 \n\n\n");
  const path = newPath();
  const told: string[] = [];
  const log = (severity: string, _: string, message: string) => void told.push(`${severity}: ${message}`);
  expect(await convertImageset(folder, list, path, { log })).toEqual({ count: 2, skipped: 2 });
  const found = (await records(path)).map(([key, value]) => [key, value.label]);
  expect(found).toEqual([
    ["00000000_a.png", 3],
    ["00000003_b c.png", 5],
  ]);
  expect(told).toContain("info: A total of 4 images.");
  expect(
    told.filter((line) => line === `error: Could not open or find file ${folder}/: the line is blank`).length,
  ).toBe(2);
});

test("whatever names a list has, nothing but the database is written", async () => {
  const root = join(folder, "inner");
  mkdirSync(root);
  const names = [
    "../a.png",
    "../../etc/passwd",
    "/etc/passwd",
    join(folder, "a.png"),
    "a\0b.png",
    "..",
    ".",
    "\x1b[31m",
  ];
  writeFileSync(join(folder, "names.txt"), names.map((name, i) => `${name} ${i}`).join("\n"));
  const files = () => readdirSync(folder, { recursive: true, encoding: "utf8" });
  const before = files();
  const path = newPath();
  expect(await convertImageset(`${root}/`, join(folder, "names.txt"), path)).toEqual({ count: 1, skipped: 7 });
  expect((await records(path)).map(([key]) => key)).toEqual(["00000000_../a.png"]); // a name, as in Caffe
  const made = files().filter((name) => !before.includes(name));
  expect(made.sort()).toEqual([basename(path), `${basename(path)}/data.mdb`]);
});

test("a name too long for a key of an LMDB is said, and no database made", async () => {
  const name = `${"./".repeat(260)}a.png`;
  writeFileSync(join(folder, "long.txt"), `a.png 0\n${name} 1`);
  const path = newPath();
  await expect(convertImageset(folder, join(folder, "long.txt"), path)).rejects.toThrow(
    `long.txt: "${name}": a key of 534 bytes, where LMDB allows 1 to 511`,
  );
  expect(existsSync(join(path, "data.mdb"))).toBe(false);
});

test("errors leave no database", async () => {
  const convert = (list: string, options = {}) => {
    const path = newPath();
    writeFileSync(join(folder, "errors.txt"), list);
    return { path, done: convertImageset(folder, join(folder, "errors.txt"), path, options) };
  };
  const sizes = convert("a.png 0\nb c.png 1", { checkSize: true });
  await expect(sizes.done).rejects.toThrow(/b c\.png is of size 3×5×8, the first image of 3×4×6/);
  expect(existsSync(join(sizes.path, "data.mdb"))).toBe(false);
  await expect(convert("a.png").done).rejects.toThrow(/errors\.txt:1:1: expected a file, a space and a label/);
  await expect(convert("").done).rejects.toThrow(/the list is empty/);
  for (const backend of ["lmdb", "leveldb"]) {
    const none = convert("none.png 1", { backend });
    await expect(none.done).rejects.toThrow(/none of its 1 images/);
    expect(existsSync(none.path)).toBe(false);
  }
  await expect(convert("a.png 1", { resizeWidth: 3 }).done).rejects.toThrow(/give both, or none/);
  await expect(convert("a.png 1", { encodeType: "bmp" }).done).rejects.toThrow(/not as "bmp"/);
  const twice = convert("a.png 1");
  await twice.done;
  await expect(convertImageset(folder, join(folder, "errors.txt"), twice.path)).rejects.toThrow(/already/);
});

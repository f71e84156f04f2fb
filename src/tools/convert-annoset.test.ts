import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFiles, createImages } from "#platform";
import { type Backend, openDatabase } from "../data/database.js";
import { toPlanes } from "../data/images/planes.js";
import { resize } from "../data/images/resize.js";
import { type AnnotatedDatumValues, readAnnotatedDatum } from "../proto/binary/index.js";
import type { Image } from "../util/images.js";
import { type ConvertAnnosetOptions, convertAnnoset } from "./convert-annoset.js";

const folder = mkdtempSync(join(tmpdir(), "moka-annoset-"));
afterAll(() => rmSync(folder, { recursive: true }));
const images = createImages();

function image(width: number, height: number): Image {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 37) % 251);
  return { width, height, channels: 3, data };
}

const [a, b] = [image(10, 5), image(8, 20)];
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
beforeAll(async () => {
  writeFileSync(join(folder, "a.png"), await images.encode(a, "png"));
  writeFileSync(join(folder, "b.png"), await images.encode(b, "png"));
  write(
    "a.xml",
    "<annotation><size><width>10</width><height>5</height></size><object><name>cat</name>" +
      "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>6</xmax><ymax>5</ymax></bndbox></object></annotation>",
  );
  write("b.xml", "<annotation><size><width>8</width><height>20</height></size></annotation>");
  write("a.json", '{"image": {"width": 10, "height": 5}, "annotation": [{"category_id": 8, "bbox": [1, 1, 5, 4]}]}');
  write("a.txt", "2 1 1 6 5\n");
  write("map.prototxt", 'item { name: "cat" label: 2 }\nitem { name: "8" label: 2 }\n');
  write("list.txt", "a.png a.xml\nb.png b.xml\n");
  write("labels.txt", "a.png 3\n\nb.png -1\n");
});

let databases = 0;
async function convert(list: string, options: ConvertAnnosetOptions = {}) {
  const path = join(folder, `db${databases++}`);
  const detection = { annoType: "detection", labelMapFile: join(folder, "map.prototxt") } as const;
  const counts = await convertAnnoset(folder, join(folder, list), path, { ...detection, ...options });
  return { counts, records: await recordsOf(path, options.backend) };
}

async function recordsOf(path: string, backend: Backend = "lmdb"): Promise<[string, AnnotatedDatumValues][]> {
  const database = await openDatabase(createFiles(), backend, path);
  const found: [string, AnnotatedDatumValues][] = [];
  const cursor = database.cursor();
  for (let more = await cursor.first(); more; more = await cursor.next()) {
    found.push([new TextDecoder().decode(cursor.key), readAnnotatedDatum(cursor.value.slice())]);
  }
  database.close();
  return found;
}

const f32 = Math.fround;
const cat = { label: 2, instance: 0, xmin: f32(0.1), ymin: f32(0.2), xmax: f32(0.6), ymax: 1, difficult: false };

describe("detection", () => {
  test.each(["lmdb", "leveldb"] as const)("writes planes and boxes to a %s", async (backend) => {
    const { counts, records } = await convert("list.txt", { backend });
    expect(counts).toEqual({ count: 2, skipped: 0, boxes: 1, withoutFile: 0 });
    expect(records.map(([key]) => key)).toEqual(["00000000_a.png", "00000001_b.png"]);
    const datum = { channels: 3, height: 5, width: 10, data: toPlanes(a), label: -1, encoded: false };
    expect(records[0]?.[1]).toEqual({ datum, type: 0, boxes: [cat] });
    expect(records[1]?.[1]).toMatchObject({ type: 0, boxes: [], datum: { height: 20, width: 8 } });
  });

  test("the boxes of json and txt", async () => {
    for (const labelType of ["json", "txt"] as const) {
      write("one.txt", `a.png a.${labelType}`);
      expect((await convert("one.txt", { labelType })).records[0]?.[1].boxes).toEqual([cat]);
    }
  });

  test("an image without its file of boxes has none, and is counted; one that cannot be read is left out", async () => {
    write("holes.txt", "a.png nothing.xml\nnothing.png a.xml\nb.png b.xml\n");
    const said: string[] = [];
    const { counts, records } = await convert("holes.txt", {
      log: (severity, _, text) => said.push(`${severity} ${text}`),
    });
    expect(counts).toEqual({ count: 2, skipped: 1, boxes: 0, withoutFile: 1 });
    expect(records.map(([key]) => key)).toEqual(["00000000_a.png", "00000002_b.png"]);
    expect(said.join("\n")).toMatch(/warning \S+nothing.xml does not exist: the image has no boxes/);
    expect(said.join("\n")).toMatch(/warning Failed to read nothing.png/);
  });

  test("boxes do not change when images are resized; sides keep their ratio with min_dim and max_dim", async () => {
    const fixed = await convert("list.txt", { resizeWidth: 4, resizeHeight: 6 });
    expect(fixed.records[0]?.[1]).toMatchObject({ boxes: [cat], datum: { height: 6, width: 4 } });
    expect(fixed.records[0]?.[1].datum.data).toEqual(toPlanes(resize(a, 4, 6)));
    const sizes = async (options: ConvertAnnosetOptions) =>
      (await convert("list.txt", options)).records.map(([, { datum }]) => [datum.height, datum.width]);
    expect(await sizes({ minDim: 10 })).toEqual([
      [10, 20],
      [25, 10],
    ]);
    expect(await sizes({ minDim: 10, maxDim: 15 })).toEqual([
      [8, 15],
      [15, 6],
    ]);
    expect(await sizes({ maxDim: 100 })).toEqual([
      [5, 10],
      [20, 8],
    ]);
  });

  test("encoded records: files that are not resized are stored unchanged", async () => {
    const { records } = await convert("list.txt", { encoded: true, gray: false });
    const { readFileSync } = await import("node:fs");
    const file = new Uint8Array(readFileSync(join(folder, "a.png")));
    expect(records[0]?.[1].datum).toEqual({ channels: 3, height: 5, width: 10, data: file, label: -1, encoded: true });
    const jpg = (await convert("list.txt", { encodeType: "jpg" })).records[0]?.[1].datum;
    expect([jpg?.encoded, jpg?.data[0], jpg?.data[1]]).toEqual([true, 0xff, 0xd8]);
    const gray = (await convert("list.txt", { gray: true })).records[0]?.[1].datum;
    expect([gray?.channels, gray?.data.length]).toEqual([1, 50]);
  });
});

test("classification: a label, no type and no boxes", async () => {
  const { counts, records } = await convert("labels.txt", { annoType: "classification" });
  expect(counts).toEqual({ count: 2, skipped: 0, boxes: 0, withoutFile: 0 });
  expect(records.map(([, { type, boxes, datum }]) => [type, boxes.length, datum.label])).toEqual([
    [undefined, 0, 3],
    [undefined, 0, -1],
  ]);
});

test("shuffle puts the list into the order of the seed", async () => {
  write("many.txt", Array.from({ length: 12 }, (_, i) => `a.png ${i}`).join("\n"));
  const order = async (seed: number) =>
    (await convert("many.txt", { annoType: "classification", shuffle: true, seed })).records.map(
      ([, { datum }]) => datum.label,
    );
  const first = await order(1);
  expect(first).not.toEqual([...first].sort((x, y) => x - y));
  expect(await order(1)).toEqual(first);
});

describe("errors", () => {
  const fails = async (list: string, options: ConvertAnnosetOptions = {}) => {
    const path = join(folder, `db${databases}`);
    const error = await convert(list, options).then(
      () => undefined,
      (each) => each as Error,
    );
    expect(existsSync(join(path, "data.mdb"))).toBe(false);
    return error?.message;
  };

  test("name the file and the line, and leave no database", async () => {
    write("bad.xml", "<annotation>\n<object>\n<name>cow</name><bndbox/></object></annotation>");
    write("bad.txt", "b.png b.xml\na.png bad.xml");
    expect(await fails("bad.txt")).toMatch(/\/bad.xml:3:1: .*|\/bad.xml:3:1: <bndbox> has no <xmin>/);
    write("three.txt", "a.png a.xml\na.png a.xml x");
    expect(await fails("three.txt")).toMatch(
      /three.txt:2:1: expected an image and its file with boxes; came "a.png a.xml x"/,
    );
    expect(await fails("list.txt", { annoType: "classification" })).toMatch(
      /list.txt:1:1: expected an image and its label/,
    );
    write("empty.txt", "\n");
    expect(await fails("empty.txt")).toMatch(/empty.txt: the list is empty/);
  });

  test("options that do not fit", async () => {
    expect(await fails("list.txt", { labelMapFile: undefined })).toMatch(
      /label_type xml names classes: give label_map_file/,
    );
    expect(await fails("list.txt", { resizeWidth: 3 })).toMatch(/give both, or none/);
    expect(await fails("list.txt", { encodeType: "gif" })).toMatch(/jpg or png/);
    expect(await fails("list.txt", { checkSize: true })).toMatch(/b.png is of size 3×20×8, the first image of 3×5×10/);
    write("twice.prototxt", 'item { name: "cat" label: 1 }\nitem { name: "cat" label: 2 }');
    const twice = { labelMapFile: join(folder, "twice.prototxt"), checkLabel: true };
    expect(await fails("list.txt", twice)).toMatch(/twice.prototxt:1:1: the name "cat" comes twice/);
  });
});

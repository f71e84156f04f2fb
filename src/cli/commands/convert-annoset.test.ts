import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";
import { createImages } from "../../platform/node/index.js";

const folder = mkdtempSync(join(tmpdir(), "moka-annoset-command-"));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);

beforeAll(async () => {
  const picture = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  write("a.png", await createImages().encode(picture, "png"));
  write("map.prototxt", 'item { name: "cat" label: 2 }');
  write(
    "a.xml",
    "<annotation><size><width>2</width><height>1</height></size><object><name>cat</name>" +
      "<bndbox><xmin>0</xmin><ymin>0</ymin><xmax>1</xmax><ymax>1</ymax></bndbox></object></annotation>",
  );
  write("list.txt", "a.png a.xml\na.png none.xml\nnone.png a.xml\n");
  write("labels.txt", "a.png 1\n");
});

const detection = () => ["--anno_type", "detection", "--label_map_file", join(folder, "map.prototxt"), "--check_label"];

test("says how many images and boxes it wrote, and what was missing", async () => {
  const path = join(folder, "db");
  const { code, out, err } = await moka("convert_annoset", ...detection(), folder, join(folder, "list.txt"), path);
  expect(code).toBe(0);
  expect(out).toBe(`2 images with 1 boxes written to ${path}, 1 could not be read, 1 without a file of boxes\n`);
  expect(err).toMatch(/none.xml does not exist: the image has no boxes/);
  const again = await moka("convert_annoset", ...detection(), folder, join(folder, "list.txt"), path);
  expect(again.code).toBe(1);
  expect(again.err).toMatch(/there is an LMDB already/);
});

test("--json prints the counts; without anno_type the list has labels", async () => {
  const counts = await moka(
    "convert_annoset",
    "--json",
    ...detection(),
    folder,
    join(folder, "list.txt"),
    join(folder, "d2"),
  );
  expect(JSON.parse(counts.out)).toEqual({ count: 2, skipped: 1, boxes: 1, withoutFile: 1 });
  const { out } = await moka(
    "convert_annoset",
    folder,
    join(folder, "labels.txt"),
    join(folder, "d3"),
    "--backend",
    "leveldb",
  );
  expect(out).toBe(`1 images written to ${join(folder, "d3")}\n`);
});

test.each([
  ["--anno_type", "segmentation"],
  ["--label_type", "csv"],
  ["--min_dim", "-1"],
])("%s %s is a wrong call", async (option, value) => {
  expect(
    (await moka("convert_annoset", option, value, folder, join(folder, "list.txt"), join(folder, "d4"))).code,
  ).toBe(2);
});

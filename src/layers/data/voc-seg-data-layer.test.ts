// Numbers: by hand, after fcn.berkeleyvision.org's voc_layers.py; the colors are those of VOC's own color map.
// No gradient: it has no bottoms and no parameters.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { netFromText } from "../../../test/nets.js";
import { createImages } from "../../platform/node/index.js";

const folder = mkdtempSync(join(tmpdir(), "moka-voc-"));
afterAll(() => rmSync(folder, { recursive: true }));
const images = createImages();
/** VOC's colors as blue, green, red: background, aeroplane, person (15), and the border, 255. */
const colors = [0, 0, 0, 0, 0, 128, 128, 128, 192, 192, 224, 224];

beforeAll(async () => {
  for (const each of ["ImageSets/Segmentation", "JPEGImages", "SegmentationClass"]) {
    mkdirSync(join(folder, each), { recursive: true });
  }
  const save = async (name: string, width: number, height: number, data: readonly number[]) => {
    const channels = data.length / (width * height);
    writeFileSync(
      join(folder, name),
      await images.encode({ width, height, channels, data: Uint8Array.from(data) }, "png"),
    );
  };
  // The content tells the format, not the name.
  await save("JPEGImages/a.jpg", 4, 1, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  await save("SegmentationClass/a.png", 4, 1, colors);
  await save("JPEGImages/b.jpg", 1, 2, [50, 60, 70, 80, 90, 100]);
  await save("SegmentationClass/b.png", 1, 2, [7, 255]);
  await save("JPEGImages/c.jpg", 1, 1, [1, 2, 3]);
  await save("SegmentationClass/c.png", 1, 1, [1, 2, 3]);
  await save("JPEGImages/d.jpg", 2, 1, [1, 2, 3, 4, 5, 6]);
  await save("SegmentationClass/d.png", 1, 1, [1]);
  const list = (name: string, lines: string) =>
    writeFileSync(join(folder, `ImageSets/Segmentation/${name}.txt`), lines);
  list("val", "a\nb\n");
  list("train", "a\nb\n");
  list("color", "c\n");
  list("size", "d\n");
  list("empty", "\n");
});

const python = (param: string) =>
  `python_param { module: "voc_layers" layer: "VOCSegDataLayer" param_str: "{'voc_dir': '${folder}', ${param}}" }`;
const net = (param: string) =>
  netFromText(`layer { name: "layer" type: "Python" top: "data" top: "label" ${python(param)} }`, { phase: "TRAIN" });
const mean = "'mean': (1, 2, 3)";

test("gives the images of a split in its order, less the mean, and their classes by color or gray value", async () => {
  const it = await net(`'split': 'val', ${mean}, 'seed': 1337`);
  const first = await it.forward();
  expect([...first["data"]]).toEqual([0, 3, 6, 9, 0, 3, 6, 9, 0, 3, 6, 9]);
  expect([...first["label"]]).toEqual([0, 1, 15, 255]);
  expect(it.blobs.get("label")?.shape).toEqual([1, 1, 1, 4]);
  const second = await it.forward();
  expect([...second["data"]]).toEqual([49, 79, 58, 88, 67, 97]);
  expect([...second["label"]]).toEqual([7, 255]);
  expect((await it.forward())["label"]).toHaveLength(4);
  await it.dispose();
});

test("draws images of a train split, and goes on from a saved state", async () => {
  const [it, other] = [await net(`'split': 'train', ${mean}`), await net(`'split': 'train', ${mean}, 'seed': 9`)];
  const sizes = [];
  for (let i = 0; i < 20; i++) sizes.push((await it.forward())["label"]?.length);
  expect(new Set(sizes)).toEqual(new Set([4, 2]));
  await other.layers[0]?.restoreState?.(JSON.parse(JSON.stringify(it.layers[0]?.saveState?.())));
  for (let i = 0; i < 8; i++) expect((await other.forward())["label"]).toEqual((await it.forward())["label"]);
  expect(() => other.layers[0]?.restoreState?.({ next: 5 })).toThrow(/does not fit a list of 2 images/);
  await Promise.all([it.dispose(), other.dispose()]);
});

test.each([
  [`'split': 'val'`, /must give mean, three numbers, not null$/],
  [`${mean}`, /must give split, a text$/],
  [`'split': 'val', ${mean}, 'seed': 'x'`, /seed must be a whole number, not "x"$/],
  [`'split': 'none', ${mean}`, /none\.txt/],
  [`'split': 'empty', ${mean}`, /empty\.txt: the list is empty/],
])("%s is an error", async (param, message) => {
  await expect(net(param)).rejects.toThrow(message);
});

test.each([
  ["color", /c\.png: blue, green, red 1, 2, 3 at row 0, column 0 is no color of VOC's/],
  ["size", /d\.png has 1 1 \(1\) pixels, its image 1 2 \(2\)/],
])("a wrong %s of a label is an error", async (split, message) => {
  const it = await net(`'split': '${split}', ${mean}`);
  await expect(it.forward()).rejects.toThrow(message);
  await it.dispose();
});

testContract("voc_layers.VOCSegDataLayer", {
  tops: ["data", "label"],
  param: python(`'split': 'val', ${mean}`),
  changes: ["TRAIN", "TEST"],
});

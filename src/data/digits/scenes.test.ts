import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createImages } from "#platform";
import { createFiles } from "../../platform/memory-files.js";
import { readAnnotatedDatum, readDatum } from "../../proto/binary/index.js";
import { toPlanes } from "../images/planes.js";
import { openLmdb } from "../lmdb/reader.js";
import { drawScene, PortableRandom, type Scene, scenes, voidLabel, writeScenes } from "./index.js";

const area = (box: { xmin: number; ymin: number; xmax: number; ymax: number }) =>
  Math.max(0, box.xmax - box.xmin) * Math.max(0, box.ymax - box.ymin);

describe("drawScene", () => {
  const many: Scene[] = [...scenes(60, 3, { size: 96, gray: false })];

  it("draws one to four digits, of all classes and many sizes", () => {
    const counts = new Set(many.map(({ boxes }) => boxes.length));
    expect([...counts].sort()).toEqual([1, 2, 3, 4]);
    const labels = new Set(many.flatMap(({ boxes }) => boxes.map(({ label }) => label)));
    expect([...labels].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const heights = many.flatMap(({ boxes }) => boxes.map(({ ymin, ymax }) => 96 * (ymax - ymin)));
    expect(Math.min(...heights)).toBeLessThan(22);
    expect(Math.max(...heights)).toBeGreaterThan(38);
    expect(Math.min(...heights)).toBeGreaterThan(12);
  });

  it("puts boxes around the ink, as its mask has it, where digits do not overlap", () => {
    let compared = 0;
    for (const { boxes, mask } of many) {
      for (const box of boxes) {
        if (boxes.filter(({ label }) => label === box.label).length > 1) continue;
        const at = [...mask.keys()].filter((i) => mask[i] === box.label);
        const [xs, ys] = [at.map((i) => i % 96), at.map((i) => Math.floor(i / 96))];
        const inner = [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1];
        const outer = [box.xmin, box.ymin, box.xmax, box.ymax].map((edge) => 96 * edge);
        // The blurred edge, which the mask has as void, is at most a few pixels wide.
        for (const [i, edge] of outer.entries()) {
          expect(Math.abs(edge - Math.round(edge))).toBeLessThan(1e-5);
          const inside = i < 2 ? (inner[i] ?? 0) - edge : edge - (inner[i] ?? 0);
          expect(inside).toBeGreaterThan(-1e-4);
          expect(inside).toBeLessThan(12);
        }
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(100);
  });

  it("digits overlap by little, and lie in the picture", () => {
    for (const { boxes } of many) {
      for (const [i, a] of boxes.entries()) {
        expect(Math.min(a.xmin, a.ymin, 1 - a.xmax, 1 - a.ymax)).toBeGreaterThanOrEqual(0);
        for (const b of boxes.slice(i + 1)) {
          const both = {
            xmin: Math.max(a.xmin, b.xmin),
            ymin: Math.max(a.ymin, b.ymin),
            xmax: Math.min(a.xmax, b.xmax),
            ymax: Math.min(a.ymax, b.ymax),
          };
          expect(area(both) / Math.min(area(a), area(b))).toBeLessThan(0.0801);
        }
      }
    }
  });

  it("numbers the objects of a class, and keeps classes together, as a record does", () => {
    const twins = many.filter(({ boxes }) => new Set(boxes.map(({ label }) => label)).size < boxes.length);
    expect(twins.length).toBeGreaterThan(0);
    for (const { boxes } of twins) {
      const seen = new Map<number, number>();
      boxes.forEach(({ label, instance }, i) => {
        expect(instance).toBe(seen.get(label) ?? 0);
        seen.set(label, instance + 1);
        if (instance > 0) expect(boxes[i - 1]?.label).toBe(label);
      });
    }
  });

  it("the digit differs from the background", () => {
    for (const { image, mask } of many) {
      const mean = (of: (label: number) => boolean) => {
        const at = [...mask.keys()].filter((i) => of(mask[i] ?? 0));
        const values = at.map(
          (i) => ((image.data[3 * i] ?? 0) + (image.data[3 * i + 1] ?? 0) + (image.data[3 * i + 2] ?? 0)) / 3,
        );
        return values.reduce((a, b) => a + b, 0) / at.length;
      };
      const inked = mean((label) => label > 0 && label !== voidLabel);
      expect(Math.abs(inked - mean((label) => label === 0))).toBeGreaterThan(30);
    }
  });

  it("the same numbers give the same bytes on every machine", () => {
    const hash = createHash("sha256");
    for (const gray of [false, true]) {
      const { image, mask } = drawScene(new PortableRandom(4, 2), { size: 64, gray });
      expect([image.width, image.height, image.channels]).toEqual([64, 64, gray ? 1 : 3]);
      hash.update(image.data).update(mask);
    }
    expect(hash.digest("hex").slice(0, 16)).toBe("cb7fcee61fa417b8");
  });
});

describe("writeScenes", () => {
  it("writes records, classes of pixels, lists, names of classes and sizes", async () => {
    const files = createFiles({});
    const options = { train: 5, test: 3, seed: 2, size: 48, gray: true, masks: true };
    expect(await writeScenes(files, createImages(), "d", options)).toEqual({
      train: "d/train_lmdb",
      test: "d/test_lmdb",
    });
    const drawn = [...scenes(3, 5, { size: 48, gray: true })];
    const images = await openLmdb(files, "d/test_lmdb");
    const masks = await openLmdb(files, "d/test_masks_lmdb");
    const [image, mask] = [images.cursor(), masks.cursor()];
    expect([images.count, masks.count]).toEqual([3, 3]);
    await image.first();
    await mask.first();
    for (const scene of drawn) {
      const record = readAnnotatedDatum(image.value);
      expect(record.boxes).toEqual(scene.boxes);
      expect(record.type).toBe(0);
      expect(record.datum.data).toEqual(toPlanes(scene.image));
      expect(readDatum(mask.value).data).toEqual(scene.mask);
      await image.next();
      await mask.next();
    }
    expect((await files.readText("d/test.txt")).split("\n")[2]).toBe(
      "test_images/00000002.png test_masks/00000002.png",
    );
    const decoded = await createImages().decode(await files.read("d/test_masks/00000002.png"), { color: false });
    expect(Uint8Array.from(decoded.data)).toEqual(drawn[2]?.mask);
    expect(await files.readText("d/test_name_size.txt")).toBe("00000000 48 48\n00000001 48 48\n00000002 48 48\n");
    expect(await files.readText("d/labelmap.prototxt")).toContain(
      'item {\n  name: "9"\n  label: 10\n  display_name: "9"\n}',
    );
    await expect(writeScenes(files, createImages(), "d", options)).rejects.toThrow(
      "train_lmdb: there is an LMDB already",
    );
  });

  it.each([31, 1025, 40.5])("no scenes of %d pixels", async (size) => {
    await expect(writeScenes(createFiles({}), createImages(), "d", { size })).rejects.toThrow("32 to 1024");
  });
});

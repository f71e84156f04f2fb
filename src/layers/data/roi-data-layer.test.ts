// Numbers: worked out by hand, by the rules of the fork's code.
// No gradient: it has no bottoms.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { layerNet } from "../../../test/layers.js";
import { createImages } from "../../platform/node/index.js";
import type { RoIDataLayer, RoiImage } from "./roi-data-layer.js";

const folder = mkdtempSync(join(tmpdir(), "moka-roi-"));
/** An image of 4×2 pixels, of which each is its number. */
const picture = join(folder, "a.png");
const list = [
  {
    image: "a.png",
    boxes: [
      [0, 0, 1, 1],
      [1, 0, 3, 1],
    ],
    gt_classes: [1, 2],
  },
  { image: "a.png", boxes: [], gt_classes: [] },
];

beforeAll(async () => {
  const data = Uint8Array.from({ length: 8 * 3 }, (_, i) => Math.floor(i / 3));
  writeFileSync(picture, await createImages().encode({ width: 4, height: 2, channels: 3, data }, "png"));
  writeFileSync(join(folder, "list.json"), JSON.stringify(list));
});
afterAll(() => rmSync(folder, { recursive: true }));

const text = `layer { name: "layer" type: "Python" top: "data" top: "im_info" top: "gt_boxes" python_param {
  module: "roi_data_layer.layer" layer: "RoIDataLayer" param_str: "'num_classes': 3" } }`;
const settings = { HAS_RPN: true, IMS_PER_BATCH: 1, SCALES: [4], MAX_SIZE: 10, USE_FLIPPED: false };
const load = (more = {}, seed = 1) =>
  layerNet(text, {}, { seed, cfg: { TRAIN: { ...settings, ...more }, PIXEL_MEANS: [[[1, 2, 3]]] } });
const roidb = (...images: Partial<RoiImage>[]) =>
  images.map((each) => ({ image: picture, boxes: [[0, 0, 1, 1]], gt_classes: [1], ...each }));
const given = async (images: readonly RoiImage[], more = {}, seed = 1) => {
  const net = await load(more, seed);
  (net.layers[0] as RoIDataLayer).setRoidb(images);
  return net;
};

test("an image with its objects, scaled, from a list in a file", async () => {
  const net = await load({ ROIDB: join(folder, "list.json") });
  expect(net.blobs.get("data")?.shape).toEqual([1, 3, 4, 10]);
  const { data = [], im_info: info = [], gt_boxes: boxes = [] } = await net.forward();
  expect(net.blobs.get("data")?.shape).toEqual([1, 3, 4, 8]);
  expect([data[0], data[7], data[32], data[64]]).toEqual([-1, 2, -2, -3]);
  expect([...info]).toEqual([4, 8, 2]);
  expect(net.blobs.get("gt_boxes")?.shape).toEqual([2, 5]);
  expect([...boxes]).toEqual([0, 0, 2, 2, 1, 2, 0, 6, 2, 2]);
  await net.dispose();
});

test("the longer side is at most MAX_SIZE, and boxes of class 0 are left out", async () => {
  const boxes = [
    [0, 0, 1, 1],
    [1, 0, 3, 1],
  ];
  const net = await given(roidb({ boxes, gt_classes: [0, 2] }), { MAX_SIZE: 6 });
  const { im_info: info = [], gt_boxes: found = [] } = await net.forward();
  expect([...info]).toEqual([3, 6, 1.5]);
  expect([...found]).toEqual([1.5, 0, 4.5, 1.5, 2]);
  await net.dispose();
});

test("flipped images, with their boxes; a new order when one is left", async () => {
  const net = await given(roidb({}), { USE_FLIPPED: true, SCALES: [2] });
  const seen = new Map<number, string>();
  for (let i = 0; i < 20; i++) {
    const { data = [], gt_boxes: boxes = [] } = await net.forward();
    seen.set(data[0] ?? 0, [...boxes].join());
  }
  expect(seen).toEqual(
    new Map([
      [-1, "0,0,1,1,1"],
      [2, "2,0,3,1,1"],
    ]),
  );
  await net.dispose();
});

test("goes on from a saved state", async () => {
  const images = roidb({ gt_classes: [1] }, { gt_classes: [2] }, { boxes: [[1, 1, 2, 1]] }, { boxes: [[2, 0, 3, 0]] });
  const [a, b] = [await given(images), await given(images, {}, 2)];
  const next = async (net: typeof a) => [...((await net.forward()).gt_boxes ?? [])];
  await next(a);
  const [from, to] = [a.layers[0] as RoIDataLayer, b.layers[0] as RoIDataLayer];
  to.restoreState(JSON.parse(JSON.stringify(from.saveState())));
  expect(await next(b)).toEqual(await next(a));
  expect(() => to.restoreState({ order: [0], next: 0 })).toThrow("does not fit a list of 4 images");
  await Promise.all([a.dispose(), b.dispose()]);
});

test("errors", async () => {
  const without = await load();
  await expect(without.forward()).rejects.toThrow("it has no images: call setRoidb of this layer, or name a list");
  const set =
    (...images: unknown[]) =>
    () =>
      (without.layers[0] as RoIDataLayer).setRoidb(images as RoiImage[]);
  expect(set({ boxes: [], gt_classes: [] })).toThrow('entry 0 must name its file as "image"');
  expect(set({ image: "a", boxes: [[0, 0, 1, 1]], gt_classes: [] })).toThrow(
    'entry 0 (a) must have "boxes" and as many',
  );
  expect(set({ image: "a", boxes: [[2, 0, 1, 1]], gt_classes: [1] })).toThrow(
    "box 0 must be x1, y1, x2, y2, with x2 ≥ x1",
  );
  expect(set({ image: "a", boxes: [[0, 0, 1]], gt_classes: [1] })).toThrow("not [0,0,1]");
  expect(set({ image: "a", boxes: [[0, 0, 1, 1]], gt_classes: [3] })).toThrow("class 3 of box 0 is none of 3");
  expect(set({ image: "a", boxes: [], gt_classes: [] })).toThrow("none of the 1 images of the roidb has an object");
  await without.dispose();
  const missing = await given(roidb({ image: "no.png" }));
  await expect(missing.forward()).rejects.toThrow("no.png");
  await missing.dispose();
  const old = await load({ HAS_RPN: false });
  await expect(old.forward()).rejects.toThrow("needs regions that were made before");
  await old.dispose();
  await expect(load({ IMS_PER_BATCH: 2 })).rejects.toThrow("IMS_PER_BATCH must be 1, not 2");
  await expect(load({ ROIDB: picture })).rejects.toThrow("is not JSON");
});

testContract("roi_data_layer.layer.RoIDataLayer", {
  tops: ["data", "im_info", "gt_boxes"],
  cfg: { TRAIN: settings },
  prepare: (net) => (net.layers[0] as RoIDataLayer).setRoidb(roidb({}, { gt_classes: [2] }, { boxes: [[1, 0, 3, 1]] })),
  changes: ["TRAIN", "TEST"],
  param: `python_param { module: "roi_data_layer.layer" layer: "RoIDataLayer" param_str: "'num_classes': 3" }`,
});

// Numbers: by hand, after yjxiong's video_data_layer.cpp and data_transformer.cpp.
// No gradient: it has no bottoms and no parameters.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { netFromText } from "../../../test/nets.js";
import { createImages } from "../../platform/node/index.js";
import { cornersOf, cropsOf } from "./video-crops.js";

const folder = mkdtempSync(join(tmpdir(), "moka-videos-"));
afterAll(() => rmSync(folder, { recursive: true }));
const images = createImages();

/** Video v has frames f from 1 on, of 2 × 3 pixels: blue 10·v + f, green 100, red 200; flows along x have 10·v + f, along y 99. */
beforeAll(async () => {
  for (const [v, frames] of [
    [1, 6],
    [2, 3],
  ] as const) {
    mkdirSync(join(folder, `v${v}`));
    for (let f = 1; f <= frames; f++) {
      const save = async (name: string, values: readonly number[]) => {
        const data = Uint8Array.from({ length: 6 * values.length }, (_, i) => values[i % values.length]);
        const file = await images.encode({ width: 3, height: 2, channels: values.length, data }, "png");
        writeFileSync(join(folder, `v${v}`, name), file);
      };
      await save(`image_000${f}.png`, [10 * v + f, 100, 200]);
      await save(`flow_x_${f}.png`, [10 * v + f]);
      await save(`flow_y_${f}.png`, [99]);
    }
  }
  writeFileSync(join(folder, "list.txt"), `${folder}/v1 6 7\n${folder}/v2 3 8\n`);
});

const layer = (param: string, more = "", list = "list.txt") =>
  `layer { name: "layer" type: "VideoData" top: "data" top: "label" video_data_param { source: "${folder}/${list}" ${param} } ${more} }`;
const rgb = 'modality: RGB name_pattern: "image_%04d.png"';
const flow = 'name_pattern: "flow_%c_%d.png"';

/** The shape and values of the batches of some forwards. */
async function batches(text: string, phase: "TRAIN" | "TEST", forwards = 1) {
  const net = await netFromText(text, { phase });
  const seen: { data: number[]; label: number[] }[] = [];
  for (let i = 0; i < forwards; i++) {
    const { data, label } = await net.forward();
    seen.push({ data: [...data], label: [...label] });
  }
  const shape = net.blobs.get("data")?.shape;
  await net.dispose();
  return { shape, seen };
}

/** The first value of each channel of each item. */
const firsts = (data: readonly number[]) => data.filter((_, i) => i % 6 === 0);

test("in TEST takes frames from the middle of each part, their channels one after the other", async () => {
  const { shape, seen } = await batches(layer(`${rgb} batch_size: 2 num_segments: 3`), "TEST");
  expect(shape).toEqual([2, 9, 2, 3]);
  const frames = (list: readonly number[]) => list.flatMap((blue) => [blue, 100, 200]);
  expect(firsts(seen[0]?.data ?? [])).toEqual([...frames([12, 14, 16]), ...frames([21, 22, 23])]);
  expect(seen[0]?.label).toEqual([7, 8]);
});

test("takes new_length frames of each part, x and y of a flow; the first ones if a part is too short", async () => {
  const { shape, seen } = await batches(layer(`${flow} batch_size: 1 new_length: 2 num_segments: 2`), "TEST", 3);
  expect(shape).toEqual([1, 8, 2, 3]);
  const flows = (list: readonly number[]) => list.flatMap((x) => [x, 99]);
  expect(seen.map(({ data }) => firsts(data))).toEqual([
    flows([12, 13, 15, 16]),
    flows([21, 22, 21, 22]),
    flows([12, 13, 15, 16]),
  ]);
});

test("in TRAIN draws where the frames begin", async () => {
  const { seen } = await batches(layer(`${rgb} batch_size: 2 num_segments: 2 shuffle: true`), "TRAIN", 40);
  const drawn = seen.flatMap(({ data, label }) =>
    label.map((each, i) => [each, ...firsts(data.slice(36 * i, 36 * i + 36)).filter((_, c) => c % 3 === 0)]),
  );
  const of = (label: number, part: number) => new Set(drawn.filter(([each]) => each === label).map((row) => row[part]));
  expect([...of(7, 1)].sort()).toEqual([11, 12, 13]);
  expect([...of(7, 2)].sort()).toEqual([14, 15, 16]);
  expect([[...of(8, 1)], [...of(8, 2)]]).toEqual([[21], [22]]);
});

test("repeats a group of mean values, mirrors flows as flows, and resizes", async () => {
  const mean = "transform_param { mean_value: [1, 2, 3] scale: 2 }";
  const { seen } = await batches(layer(`${rgb} batch_size: 1 num_segments: 2`, mean), "TEST");
  expect(firsts(seen[0]?.data ?? [])).toEqual([22, 196, 394, 28, 196, 394]);
  const mirrored = "transform_param { mirror: true is_flow: true }";
  const { seen: flows } = await batches(layer(`${flow} batch_size: 1`, mirrored), "TEST", 20);
  const videos = flows.filter((_, i) => i % 2 === 0).map(({ data }) => JSON.stringify(firsts(data)));
  expect([...new Set(videos)].sort()).toEqual(["[14,99]", "[241,99]"]);
  const { shape } = await batches(layer(`${rgb} batch_size: 1 new_height: 5 new_width: 4`), "TEST");
  expect(shape).toEqual([1, 3, 5, 4]);
});

test("with multi_scale and fix_crop every batch has the size of the crop", async () => {
  const crop =
    "transform_param { crop_size: 8 multi_scale: true fix_crop: true mirror: true scale_ratios: [1, .5] max_distort: 1 }";
  const { shape, seen } = await batches(layer(`${rgb} batch_size: 2 new_height: 16 new_width: 20`, crop), "TRAIN", 5);
  expect(shape).toEqual([2, 3, 8, 8]);
  for (const { data } of seen) expect([...new Set(data.slice(64, 192))]).toEqual([100, 200]);
});

test("SSD's fields are ignored, and the log names them", async () => {
  const said: string[] = [];
  const log = (_: string, origin: string, text: string) => void (origin === "moka:0" && said.push(text));
  const crop = "crop_h: 1 crop_w: 1 resize_param { height: 1 width: 1 prob: 1 } is_flow: true";
  const net = await netFromText(layer(`${rgb} batch_size: 1`, `transform_param { ${crop} }`), { phase: "TEST", log });
  expect((await net.forward()).data).toHaveLength(18);
  await net.dispose();
  expect(said).toEqual([
    "layer: ignored, as fields of forks: transform_param.crop_h, transform_param.crop_w, transform_param.resize_param",
  ]);
});

describe("crops", () => {
  test("have the ratios of the shorter side, near the net's size its own", () => {
    expect(cropsOf({ height: 256, width: 340 }, 224, [], 1)).toEqual([
      [256, 256],
      [256, 224],
      [224, 256],
      [224, 224],
      [224, 192],
      [192, 224],
      [192, 192],
      [192, 168],
      [168, 192],
      [168, 168],
    ]);
    expect(cropsOf({ height: 256, width: 340 }, 224, [1, 0.5], 0)).toEqual([
      [256, 256],
      [128, 128],
    ]);
  });

  test("lie in the corners and the middle, or at thirteen places", () => {
    const size = { height: 20, width: 30 };
    expect(cornersOf(size, 10, 10, false)).toEqual([
      [0, 0],
      [0, 20],
      [8, 0],
      [8, 20],
      [4, 10],
    ]);
    expect(new Set(cornersOf(size, 10, 10, true).map(String)).size).toBe(13);
  });
});

test("goes on from a saved state with the same frames", async () => {
  const text = layer(`${rgb} batch_size: 1 num_segments: 2 shuffle: true`);
  const [a, b] = [await netFromText(text, { phase: "TRAIN" }), await netFromText(text, { phase: "TRAIN", seed: 5 })];
  for (let i = 0; i < 3; i++) await a.forward();
  const state = JSON.parse(JSON.stringify(a.layers[0]?.saveState?.()));
  await b.layers[0]?.restoreState?.(state);
  for (let i = 0; i < 6; i++) {
    const [x, y] = [await a.forward(), await b.forward()];
    expect([...y["data"]]).toEqual([...x["data"]]);
  }
  await expect(b.layers[0]?.restoreState?.({ position: { list: {} } })).rejects.toThrow();
  await Promise.all([a.dispose(), b.dispose()]);
});

describe("errors", () => {
  const building = (text: string) => netFromText(text, { phase: "TRAIN" });

  test("of fields", async () => {
    await expect(
      building('layer { name: "d" type: "VideoData" top: "a" top: "b" video_data_param { video_type: WEBCAM } }'),
    ).rejects.toThrow(/SSD's VideoData/);
    await expect(building(layer(rgb))).rejects.toThrow(/batch_size must be greater than 0/);
    await expect(building(layer(`${rgb} batch_size: 1 new_height: 2`))).rejects.toThrow(
      /both new_height and new_width/,
    );
    await expect(building(layer('batch_size: 1 name_pattern: "x_%d.png"'))).rejects.toThrow(/must have %c, then %d/);
    const means = "transform_param { mean_value: [1, 2] }";
    await expect(building(layer(`${rgb} batch_size: 1`, means))).rejects.toThrow(/given 2 times for 3 channels/);
    const scales = "transform_param { multi_scale: true }";
    await expect(building(layer(`${rgb} batch_size: 1`, scales))).rejects.toThrow(/multi_scale needs crop_size/);
  });

  test("of lists and files", async () => {
    writeFileSync(join(folder, "short.txt"), `${folder}/v1 7\n`);
    await expect(building(layer(`${rgb} batch_size: 1`, "", "short.txt"))).rejects.toThrow(
      /short.txt:1.*number of frames/,
    );
    writeFileSync(join(folder, "long.txt"), `${folder}/v2 99 7\n`);
    await expect(building(layer(`${rgb} batch_size: 1 new_length: 50`, "", "long.txt"))).rejects.toThrow(
      /image_00\d\d.png/,
    );
  });
});

testContract("VideoData", {
  tops: ["data", "label"],
  param: `video_data_param { source: "${folder}/list.txt" ${rgb} batch_size: 2 }`,
  changes: ["TRAIN", "TEST"],
});

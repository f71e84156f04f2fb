import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFiles, createImages } from "#platform";
import type { Files } from "../util/files.js";
import { type NdArray, slice } from "../util/nd-array.js";
import { Detector, type Window } from "./detector.js";
import { Net } from "./net.js";

const folder = mkdtempSync(join(tmpdir(), "moka-detector-"));
const weights = join(folder, "net.caffemodel");
afterAll(() => rmSync(folder, { recursive: true }));

// The mean of each channel of the input is the prediction, and there are two outputs' worth of rows a batch.
const model = (height: number, width: number, channels = 3) => `
layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 2 dim: ${channels} dim: ${height} dim: ${width} } } }
layer { name: "mean" type: "Pooling" bottom: "data" top: "mean" pooling_param { pool: AVE global_pooling: true } }
layer { name: "ip" type: "InnerProduct" bottom: "mean" top: "ip" inner_product_param { num_output: 2 } }`;

const image: NdArray = {
  shape: [12, 10, 3],
  data: Float32Array.from({ length: 360 }, (_, i) => (i ** 2 % 29) / 28),
};
const settings = { rawScale: 255, channelSwap: [2, 1, 0], mean: { shape: [3], data: [30, 20, 10] } } as const;

beforeAll(async () => {
  const net = await Net.load(model(8, 8), { engine: "reference" });
  net.params.get("ip")?.[0]?.data.set([1, 0, 0, 0, 0, 1]);
  await net.save(weights);
  await net.dispose();
});

const load = (options: object, text = model(8, 8)) =>
  Detector.load(text, weights, { engine: "reference", ...settings, ...options });

/** The mean of a channel over a part of the image, scaled as the settings say. */
function expected(window: Window, channel: number, mean: number): number {
  const [ymin, xmin, ymax, xmax] = window;
  const values = slice(image, [ymin, ymax], [xmin, xmax], channel).data;
  return (values.reduce((a, b) => a + b, 0) / values.length) * 255 - mean;
}

test("windows of the input's size are seen as they are, in batches, in their order", async () => {
  const detector = await load({});
  const windows: Window[] = [
    [0, 0, 8, 8],
    [4, 2, 12, 10],
    [1, 1, 9, 9],
  ];
  const path = join(folder, "image.png");
  const pixels = { width: 10, height: 12, channels: 3, data: Uint8Array.from({ length: 360 }, (_, i) => i % 251) };
  writeFileSync(path, await createImages().encode(pixels, "png"));
  const found = await detector.detectWindows([
    [image, windows],
    [path, [[0, 0, 8, 8]]],
    [image, []],
  ]);
  expect(found.map(({ window, filename }) => [window, filename])).toEqual([
    ...windows.map((window) => [window, undefined]),
    [[0, 0, 8, 8], path],
  ]);
  for (const [i, window] of windows.entries()) {
    // The first channel of the input is blue, the last one red.
    expect(found[i].prediction[0]).toBeCloseTo(expected(window, 2, 30), 3);
    expect(found[i].prediction[1]).toBeCloseTo(expected(window, 0, 10), 3);
  }
  expect(await detector.detectWindows([])).toEqual([]);
  await detector.dispose();
});

test("pictures are read where the other files are", async () => {
  const files = createFiles();
  const asked: string[] = [];
  const read = (path: string) => {
    asked.push(path);
    return files.read(path);
  };
  const detector = await load({ files: { ...bound(files), read } });
  await expect(detector.detectWindows([["none.png", [[0, 0, 4, 4]]]])).rejects.toThrow("none.png");
  expect(asked).toContain("none.png");
  await detector.dispose();
});

/** The methods of an object by name, so that some can be replaced. */
function bound(files: Files): Files {
  const names = ["resolve", "read", "readText", "open", "write", "probe", "makeFolder", "isFolder", "list"] as const;
  return Object.fromEntries(names.map((name) => [name, files[name].bind(files)])) as unknown as Files;
}

test("a window of another size is warped", async () => {
  const detector = await load({});
  const part = detector.crop(image, [2, 3, 5, 9]);
  expect(part.shape).toEqual([3, 6, 3]);
  expect(part.data[0]).toBe(image.data[(2 * 10 + 3) * 3]);
  const [found] = await detector.detectWindows([[image, [[2, 3, 5, 9]]]]);
  const input = detector.transformer.preprocess("data", part);
  const [blue] = [input.data.subarray(0, 64)];
  expect(found.prediction[0]).toBeCloseTo(blue.reduce((a, b) => a + b, 0) / 64, 3);
  await detector.dispose();
});

// NumPy 2.4 and SciPy 1.17, by the formulas of pycaffe's Detector.crop: every third row and column of the 8 × 8 result, and its sum.
test.each<[Window, number[], number]>([
  [
    [0, 0, 5, 6],
    [
      0.03922, 0.07843, 0.11765, 0.03922, 0.07843, 0.11765, 0.03922, 0.07843, 0.11765, 0.03922, 0.07843, 0.11765,
      0.33929, 0.66964, 0.55357, 0.36607, 0.73214, 0.65179, 0.03922, 0.07843, 0.11765, 0.96429, 0.83929, 0.78571,
      0.11607, 0.02679, 0.00893,
    ],
    59.642,
  ],
  [
    [3, 2, 9, 8],
    [
      0.03922, 0.07843, 0.11765, 0.86395, 0.67517, 0.68112, 0.32908, 0.17602, 0.09439, 0.03922, 0.07843, 0.11765,
      0.65476, 0.4881, 0.7381, 0.30357, 0.51786, 0.45833, 0.03922, 0.07843, 0.11765, 0.5085, 0.58588, 0.63605, 0.56293,
      0.57738, 0.31803,
    ],
    67.663,
  ],
  [
    [6, 5, 12, 10],
    [
      0.42262, 0.74405, 0.44643, 0.59325, 0.44841, 0.54762, 0.03922, 0.07843, 0.11765, 0.84524, 0.77579, 0.72024,
      0.41071, 0.22024, 0.10119, 0.03922, 0.07843, 0.11765, 0.03922, 0.07843, 0.11765, 0.03922, 0.07843, 0.11765,
      0.03922, 0.07843, 0.11765,
    ],
    58.316,
  ],
])("a window %j with its context, and the mean beyond the image", async (window, values, sum) => {
  const detector = await load({ contextPad: 2 });
  const crop = detector.crop(image, window);
  expect(crop.shape).toEqual([8, 8, 3]);
  const chosen = [0, 3, 6].flatMap((row) => [0, 3, 6].flatMap((column) => [...slice(crop, row, column).data]));
  for (const [i, value] of values.entries()) expect(chosen[i], `value ${i}`).toBeCloseTo(value, 4);
  expect(crop.data.reduce((a, b) => a + b, 0)).toBeCloseTo(sum, 2);
  await detector.dispose();
});

test("without a mean, it is black beyond the image", async () => {
  const detector = await load({ contextPad: 2, mean: undefined });
  expect([...slice(detector.crop(image, [0, 0, 5, 6]), 0, 0).data]).toEqual([0, 0, 0]);
  await detector.dispose();
});

test("what is no window, no image or no net for it is refused", async () => {
  const detector = await load({});
  for (const window of [
    [0, 0, 0, 5],
    [-1, 0, 4, 4],
    [0, 10, 4, 12],
    [0.5, 0, 4, 4],
    [0, 0, 4],
  ]) {
    expect(() => detector.crop(image, window as never), `${window}`).toThrow(
      /is no part of an image of 12 × 10 pixels/,
    );
  }
  expect(detector.crop(image, [8, 6, 20, 20]).shape).toEqual([4, 4, 3]);
  const gray = { shape: [8, 8, 1], data: new Float32Array(64) };
  await expect(detector.detectWindows([[gray, [[0, 0, 4, 4]]]])).rejects.toThrow(
    /1 channels, the net's input "data" 3/,
  );
  await detector.dispose();
  await expect(load({ contextPad: 4 })).rejects.toThrow(/below half the input's width 8, not 4/);
  await expect(load({ contextPad: 1 }, model(8, 10))).rejects.toThrow(/needs a square input/);
});

// Numbers: numpy, single precision, SSD's comparison written again from its formulas.
// No gradient: it counts.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { scene } from "../../../test/detection-scene.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";
import { localRanks } from "../../../test/local-ranks.js";
import { ResizeParameter_Resize_mode as Resize, ResizeParameterSchema } from "../../proto/gen/caffe_pb.js";
import { overlapOfPixels, toPixels } from "./pixel-overlap.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "moka-evaluate-"));
  writeFileSync(join(folder, "sizes.txt"), "a 300 500\nb 400 200\nc 33 35\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

const layer = (param: string) =>
  `layer { name: "layer" type: "DetectionEvaluate" bottom: "found" bottom: "truth" top: "y" detection_evaluate_param { ${param} } }`;

const values = ({ found, truth }: { found: number[][]; truth: number[][] }) => ({
  found: { shape: [1, 1, found.length, 7], data: found.flat() },
  truth: { shape: [1, 1, truth.length, 8], data: truth.flat() },
});

/** The counts of classes; a mark for each detection, `+` right, `-` wrong, `0` neither; and the sum of scores times place, from 1. */
function read(data: readonly number[], classes: number) {
  const rows = Array.from({ length: data.length / 5 }, (_, i) => data.slice(5 * i, 5 * i + 5));
  const found = rows.slice(classes);
  return {
    counts: rows.slice(0, classes).map((row) => row[2]),
    marks: found.map((row) => (row[3] ? "+" : row[4] ? "-" : "0")).join(""),
    scores: found.reduce((sum, row, i) => sum + (row[2] ?? 0) * (i + 1), 0),
  };
}

test("one right, one double, one of another class", async () => {
  const box = [0.1, 0.1, 0.5, 0.5];
  const found = [
    [0, 1, 0.6, ...box],
    [0, 1, 0.9, ...box],
    [0, 2, 0.7, ...box],
  ];
  const { y } = await runLayer(layer("num_classes: 3"), values({ found, truth: [[0, 1, 0, ...box, 0]] }));
  expect(y?.shape).toEqual([1, 1, 5, 5]);
  expect(y?.data.map((v) => Math.round(v * 10) / 10)).toEqual(
    [
      [-1, 1, 1, -1, -1],
      [-1, 2, 0, -1, -1],
      [0, 1, 0.9, 1, 0],
      [0, 1, 0.6, 0, 1],
      [0, 2, 0.7, 0, 1],
    ].flat(),
  );
});

test.each([
  ["", [7, 4, 7], "---+-----+---+--+--+--+--+------+------+"],
  ["evaluate_difficult_gt: false overlap_threshold: 0.6", [6, 2, 6], "---0-----+------0--+-----0------+------0"],
  ["background_label_id: 4294967295", [0, 7, 4, 7], "---+-----+---+--+--+--+--+------+------+"],
])("with %j", async (param, counts, marks) => {
  const { y } = await runLayer(layer(`num_classes: 4 ${param}`), values(scene()));
  const result = read(y?.data ?? [], counts.length);
  expect(result).toMatchObject({ counts, marks });
  expect(result.scores).toBeCloseTo(399.967, 2);
});

test.each([
  ["", "---+-----+------+--+-----+------+------+", "---+-----+------+--+-----+------+------+"],
  [
    "resize_param { resize_mode: FIT_LARGE_SIZE_AND_PAD height: 300 width: 300 }",
    "---+-----+------+--+-----+------+------+",
    "---+-----+------+--+-----+------+------+",
  ],
  [
    "resize_param { resize_mode: FIT_SMALL_SIZE height_scale: 320 width_scale: 240 }",
    "---+-----+------+--+------------+------+",
    "---+-----+---------------+------+-------",
  ],
])("in pixels, with %j: the second batch goes on with the sizes", async (param, first, second) => {
  const { found, truth } = values(scene());
  const text = `num_classes: 4 overlap_threshold: 0.7 name_size_file: "${folder}/sizes.txt" ${param}`;
  const net = await layerNet(layer(text), { found: found.shape, truth: truth.shape }, { phase: "TEST" });
  const marks = async () => {
    await net.forward({ found: found.data, truth: truth.data });
    return read([...(net.blobs.get("y")?.data ?? [])], 3).marks;
  };
  expect([await marks(), await marks()]).toEqual([first, second]);
  const saved = net.layers.at(-1);
  expect(saved?.saveState?.()).toEqual({ image: 2 });
  await saved?.restoreState?.({ image: 0 });
  expect(await marks()).toBe(first);
  expect(() => saved?.restoreState?.({ image: 3 })).toThrow(/must name an image of name_size_file, not 3$/);
  await net.dispose();
});

test("boxes in pixels", () => {
  const boxes = Float32Array.of(-0.1, 0.2, 0.55, 0.9, 0.3, 0.02, 0.6, 0.1, 0.02, 0.4, 0.1, 1.2);
  const cases = [
    [
      undefined,
      [
        [
          [0.0, 60.0, 275.0, 270.0, 58236.0],
          [150.0, 6.0, 300.0, 30.0, 3775.0],
          [10.0, 120.0, 50.0, 300.0, 7421.0],
        ],
        [1.6e-5, 0.10411, 8.9e-5],
      ],
    ],
    [
      { resizeMode: Resize.FIT_LARGE_SIZE_AND_PAD, height: 300, width: 300 },
      [
        [
          [0.0, 0.0, 275.0, 300.0, 83076.0],
          [150.0, 6.0, 300.0, 30.0, 3775.0],
          [10.0, 100.0, 50.0, 300.0, 8241.0],
        ],
        [0.037634, 0.099198, 8.3e-5],
      ],
    ],
    [
      { resizeMode: Resize.FIT_LARGE_SIZE_AND_PAD, height: 100, width: 300 },
      [
        [
          [0.0, 60.0, 295.0, 270.0, 62456.0],
          [70.0, 6.0, 340.0, 30.0, 6775.0],
          [10.0, 120.0, 50.0, 300.0, 7421.0],
        ],
        [1.4e-5, 0.097211, 7e-5],
      ],
    ],
    [
      { resizeMode: Resize.FIT_SMALL_SIZE, heightScale: 320, widthScale: 240 },
      [
        [
          [0.0, 64.0, 132.0, 288.0, 29568.0],
          [72.0, 6.4, 144.0, 32.0, 1843.2],
          [4.8, 128.0, 24.0, 300.0, 3302.4],
        ],
        [3.2e-5, 0.109804, 0.000194],
      ],
    ],
  ] as const;
  for (const [resize, [places, overlaps]] of cases) {
    const param = resize && create(ResizeParameterSchema, resize);
    const found = [0, 4, 8].map((at) => toPixels(boxes, at, [300, 500], param));
    found.forEach(({ corners, area }, i) => {
      [...corners, area].forEach(
        (v, j) => void expect(Math.abs(v - (places[i]?.[j] ?? Number.NaN))).toBeLessThan(0.05),
      );
    });
    const [a, b, c] = found as [(typeof found)[0], (typeof found)[0], (typeof found)[0]];
    [overlapOfPixels(a, b), overlapOfPixels(a, c), overlapOfPixels(b, c)].forEach((v, i) => {
      expect(v).toBeCloseTo(overlaps[i] ?? Number.NaN, 5);
    });
  }
});

test("nothing found, and no true boxes", async () => {
  const none = [[0, -1, -1, -1, -1, -1, -1]];
  const truth = [Array<number>(8).fill(-1), [0, 1, 0, 0, 0, 1, 1, 0]];
  const { y } = await runLayer(layer("num_classes: 2"), values({ found: none, truth }));
  expect(y).toEqual({ shape: [1, 1, 1, 5], data: [-1, 1, 0, -1, -1] });
  expect((await runLayer(layer("num_classes: 2"), values({ found: [], truth: [] }))).y?.shape).toEqual([1, 1, 1, 5]);
});

describe("errors", () => {
  const shapes = { found: [1, 1, 2, 7], truth: [1, 1, 1, 8] };
  test("fields and shapes", async () => {
    expect(await buildError(layer(""), shapes)).toMatch(/num_classes must be given, 1 or more$/);
    expect(await buildError(layer("num_classes: 2 background_label_id: 2"), shapes)).toMatch(
      /below num_classes 2, not 2$/,
    );
    expect(await buildError(layer("num_classes: 2 overlap_threshold: 0"), shapes)).toMatch(/must be above 0, not 0$/);
    const pad = "num_classes: 2 resize_param { resize_mode: FIT_LARGE_SIZE_AND_PAD }";
    expect(await buildError(layer(pad), shapes)).toMatch(/needs a height and a width$/);
    expect(await buildError(layer("num_classes: 2"), { ...shapes, found: [2, 1, 2, 7] })).toMatch(
      /shape 1 1 K 7; they are/,
    );
    expect(await buildError(layer("num_classes: 2"), { ...shapes, truth: [1, 1, 1, 7] })).toMatch(
      /shape 1 1 K 8; they are/,
    );
  });

  test.each([
    [[[0, 0, 0.5, 0, 0, 1, 1]], [], /a detection must have .* row 0 has image 0 and class 0$/],
    [[[0, Number.NaN, 0.5, 0, 0, 1, 1]], [], /row 0 has image 0 and class NaN$/],
    [[], [[Number.POSITIVE_INFINITY, 1, 0, 0, 0, 1, 1, 0]], /a true box must have .* image Infinity and class 1$/],
  ])("row %j with true box %j", async (found, truth, message) => {
    await expect(runLayer(layer("num_classes: 2"), values({ found, truth }))).rejects.toThrow(message);
  });

  test("files of sizes", async () => {
    const param = (name: string) => layer(`num_classes: 2 name_size_file: "${join(folder, name)}"`);
    expect(await buildError(param("none.txt"), shapes)).toMatch(/none\.txt/);
    writeFileSync(join(folder, "bad.txt"), "a 300 500\nb 0 3\n");
    expect(await buildError(param("bad.txt"), shapes)).toMatch(
      /image 1, "b", needs a height and a width in pixels, not "0" and "3"$/,
    );
    writeFileSync(join(folder, "short.txt"), "a 300");
    expect(await buildError(param("short.txt"), shapes)).toMatch(/not "300" and ""$/);
    const [communicator] = localRanks(2);
    const ranks = {
      communicator: communicator as NonNullable<typeof communicator>,
      syncBatchNorm: false,
      averagesOf: "all",
    } as const;
    await expect(layerNet(param("sizes.txt"), shapes, { ranks })).rejects.toThrow(/here 2 ranks share them$/);
  });
});

testContract("DetectionEvaluate", {
  inputs: { label1: [1, 1, 1, 7], label2: [1, 1, 1, 8] },
  param: "detection_evaluate_param { num_classes: 2 background_label_id: 4294967295 }",
  resizes: false,
});

// No gradient: it has no tops; what it writes to its bottoms' diffs is 0.
// Numbers: those of its bottoms; it computes none.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { buildError, layerNet } from "../../../test/layers.js";
import { localRanks } from "../../../test/local-ranks.js";
import { netFromText } from "../../../test/nets.js";
import { oneRank } from "../../core/communicator.js";
import { type Hdf5Array, readHdf5 } from "../../data/hdf5.js";
import { lint, Net } from "../../index.js";
import { createFiles } from "../../platform/memory-files.js";
import type { Log } from "../../util/log.js";

const folder = mkdtempSync(join(tmpdir(), "moka-hdf5-output-"));
afterAll(() => rmSync(folder, { recursive: true }));

const path = (name: string) => join(folder, name);
const layer = (file: string) =>
  `layer { name: "layer" type: "HDF5Output" bottom: "x" bottom: "l" hdf5_output_param { file_name: "${file}" } }`;

/** The datasets of a file: shape and numbers. */
async function contentOf(file: string): Promise<Record<string, { shape: readonly number[]; data: number[] }>> {
  const values = [...(await readHdf5(readFileSync(file)))] as [string, Hdf5Array][];
  return Object.fromEntries(values.map(([name, { shape, data }]) => [name, { shape, data: [...data] }]));
}

const batch = { x: [1, 2, 3, 4, 5, 6], l: [7, 8] };

test("writes its bottoms as data and label, four axes each, at the first forward", async () => {
  const file = path("once.h5");
  const net = await layerNet(layer(file), { x: [2, 3], l: [2] });
  expect(existsSync(file)).toBe(false);
  await net.forward(batch);
  const content = { data: { shape: [2, 3, 1, 1], data: batch.x }, label: { shape: [2, 1, 1, 1], data: batch.l } };
  expect(await contentOf(file)).toEqual(content);
  await net.dispose();
  expect(await contentOf(file)).toEqual(content);
});

test("adds the rows of each forward, whatever the batch", async () => {
  const file = path("many.h5");
  const net = await layerNet(layer(file), { x: [1, 2], l: [1] });
  const rows: number[] = [];
  for (const n of [1, 3, 2, 1, 4]) {
    net.reshape({ x: [n, 2], l: [n] });
    const numbers = Array.from({ length: n }, (_, i) => rows.length + i);
    await net.forward({ x: numbers.flatMap((value) => [value, -value]), l: numbers });
    rows.push(...numbers);
    const { data, label } = await contentOf(file);
    const written = label.data.length;
    expect(written).toBeGreaterThan(rows.length / 2);
    expect(label).toEqual({ shape: [written, 1, 1, 1], data: rows.slice(0, written) });
    expect(data.shape).toEqual([written, 2, 1, 1]);
  }
  await net.dispose();
  expect(await contentOf(file)).toEqual({
    data: { shape: [11, 2, 1, 1], data: rows.flatMap((value) => [value, -value]) },
    label: { shape: [11, 1, 1, 1], data: rows },
  });
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("writes what HDF5Data reads", async () => {
  const [file, list] = [path("circle.h5"), path("circle.txt")];
  const net = await layerNet(layer(file), { x: [2, 3], l: [2] });
  await net.forward(batch);
  await net.dispose();
  writeFileSync(list, file);
  const reader = await netFromText(
    `layer { name: "d" type: "HDF5Data" top: "data" top: "label" hdf5_data_param { source: "${list}" batch_size: 2 } }`,
  );
  expect(await reader.forward()).toEqual({ data: Float32Array.from(batch.x), label: Float32Array.from(batch.l) });
  await reader.dispose();
});

test("replaces a file only when there are rows", async () => {
  const file = path("old.h5");
  writeFileSync(file, "what was there");
  const filter = 'layer { name: "f" type: "Filter" bottom: "a" bottom: "b" bottom: "pick" top: "x" top: "l" }';
  const net = await layerNet(filter + layer(file), { a: [2, 3], b: [2], pick: [2] });
  await net.forward({ a: batch.x, b: batch.l, pick: [0, 0] });
  expect(readFileSync(file, "utf8")).toBe("what was there");
  await net.forward({ a: batch.x, b: batch.l, pick: [0, 1] });
  expect((await contentOf(file)).label.data).toEqual([8]);
  await net.dispose();
});

test("logs what it writes as Caffe does", async () => {
  const lines: string[] = [];
  const log: Log = (_severity, place, text) => void lines.push(`${place} ${text}`);
  const net = await layerNet(layer(path("log.h5")), { x: [2, 3], l: [2] }, { log });
  await net.forward(batch);
  expect(lines.slice(-2)).toEqual([
    `hdf5_output_layer.cpp:33 Saving HDF5 file ${path("log.h5")}`,
    "hdf5_output_layer.cpp:38 Successfully saved 2 rows",
  ]);
  await net.dispose();
});

test("of several ranks each writes a file of its own, and rank 0 says so", async () => {
  const warnings: string[] = [];
  const log: Log = (severity, _place, text) => void (severity === "warning" && warnings.push(text));
  for (const communicator of localRanks(3)) {
    const ranks = { ...oneRank, communicator };
    const net = await layerNet(layer(path("rank.ed.h5")), { x: [2, 3], l: [2] }, { log, ranks });
    await net.forward({ ...batch, l: [communicator.rank, 9] });
    await net.dispose();
  }
  expect(warnings).toEqual([
    `layer: ${path("rank.ed.h5")} gets the rows of rank 0 alone; those of the other ranks go to ` +
      `${path("rank.ed.rank1.h5")} to ${path("rank.ed.rank2.h5")}`,
  ]);
  for (const [rank, name] of ["rank.ed.h5", "rank.ed.rank1.h5", "rank.ed.rank2.h5"].entries()) {
    expect((await contentOf(path(name))).label.data).toEqual([rank, 9]);
  }
});

describe("errors", () => {
  test("a file that is not named, or cannot be written, before anything runs", async () => {
    expect(await buildError(layer(""), { x: [2, 3], l: [2] })).toBe(
      '<text>:4:1: layer "layer" (HDF5Output): hdf5_output_param.file_name must be given',
    );
    expect(await buildError(layer(path("no/such/folder.h5")), { x: [2, 3], l: [2] })).toMatch(
      /^<text>:4:1: layer "layer" \(HDF5Output\): cannot write \S+folder.h5: no such file/,
    );
    expect(await buildError(layer(folder), { x: [2, 3], l: [2] })).toMatch(/cannot write \S+: it is a folder$/);
  });

  test("a folder in memory is made by writing", async () => {
    const files = createFiles();
    const data = 'layer { name: "d" type: "DummyData" top: "x" top: "l" dummy_data_param { shape { dim: 2 } } }\n';
    expect((await lint(data + layer("new/rows.h5"), { files })).findings).toEqual([]);
    const net = await Net.load(data + layer("new/rows.h5"), { phase: "TRAIN", files });
    await net.forward();
    await net.dispose();
    expect(files.paths()).toEqual(["/new/rows.h5"]);
    const { findings } = await lint(data + layer("new"), { files });
    expect(findings).toMatchObject([{ message: expect.stringContaining("cannot write new: it is a folder") }]);
  });

  test("bottoms that do not fit", async () => {
    expect(await buildError(layer(path("a.h5")), { x: [2, 3], l: [3] })).toMatch(
      /both bottoms must have the same first axis; they are 2 3 \(6\) and 3 \(3\)$/,
    );
    expect(await buildError(layer(path("a.h5")), { x: [2, 1, 1, 1, 3], l: [2] })).toMatch(
      /takes blobs of at most four axes, not 2 1 1 1 3 \(6\)$/,
    );
  });

  test("a file that cannot be written any more; its rows are not lost", async () => {
    const gone = path("gone");
    mkdirSync(gone);
    const net = await layerNet(layer(join(gone, "rows.h5")), { x: [2, 3], l: [2] });
    rmSync(gone, { recursive: true });
    await expect(net.forward(batch)).rejects.toThrow(
      /layer "layer" \(HDF5Output\): cannot write \S+rows.h5: no such file/,
    );
    mkdirSync(gone);
    await net.dispose();
    expect((await contentOf(join(gone, "rows.h5"))).data.data).toEqual(batch.x);
  });

  test("rows of another shape than before", async () => {
    const net = await layerNet(layer(path("rows.h5")), { x: [2, 3], l: [2] });
    await net.forward(batch);
    net.reshape({ x: [2, 2] });
    await expect(net.forward({ x: [1, 2, 3, 4] })).rejects.toThrow(
      'layer "layer" (HDF5Output): rows of "data" have shape 2 1 1 (2) now, those before 3 1 1 (3)',
    );
    await net.dispose();
    expect((await contentOf(path("rows.h5"))).data.data).toEqual(batch.x);
  });
});

testContract("HDF5Output", {
  inputs: { data: imageShape, label: [2] },
  tops: [],
  param: `hdf5_output_param { file_name: "${join(folder, "rows.h5")}" }`,
});

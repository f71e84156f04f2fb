// What all data layers do on several ranks: each takes its share of the source, and they go on from saved positions.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Dice } from "../../../test/dice.js";
import { localRanks } from "../../../test/local-ranks.js";
import { type NetSetup, netFromText } from "../../../test/nets.js";
import { oneRank } from "../../core/communicator.js";
import type { Phase } from "../../core/layer.js";
import type { Net } from "../../core/net.js";
import { type Backend, createDatabase, openDatabase } from "../../data/database.js";
import { encodeImage, recordKey } from "../../data/datum.js";
import { writeHdf5 } from "../../data/hdf5.js";
import { readRecordImage } from "../../data/labeled-image.js";
import { DatabaseSource } from "../../data/sources/database.js";
import { createFiles, createImages } from "../../platform/node/index.js";
import { MokaError } from "../../util/errors.js";
import { MemoryDataLayer } from "./memory-data.js";

const folder = mkdtempSync(join(tmpdir(), "moka-shares-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Makes a source once, and returns its path. */
const made = new Map<string, Promise<string>>();
function once(name: string, make: (path: string) => Promise<void> | void): Promise<string> {
  const path = join(folder, name);
  const work = made.get(name) ?? Promise.resolve(make(path)).then(() => path);
  made.set(name, work);
  return work;
}

beforeAll(async () => {
  const picture = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  writeFileSync(join(folder, "p.png"), await createImages().encode(picture, "png"));
});

/** A database of images of 1×3, [1 2 3], with the labels 0, 1, …. */
const database = (backend: Backend, count: number) =>
  once(`${backend}-${count}`, async (path) => {
    const writer = await createDatabase(createFiles(), backend, path);
    for (let label = 0; label < count; label++) {
      const image = { channels: 1, height: 1, width: 3, data: Uint8Array.of(1, 2, 3), label };
      await writer.add(recordKey(label), encodeImage(image));
    }
    await writer.finish();
  });

/** A list of HDF5 files with this many rows all together, whose labels are 0, 1, …. */
const hdf5 = (count: number) =>
  once(`hdf5-${count}.txt`, async (path) => {
    const files: string[] = [];
    for (let from = 0, rows = 1; from < count; from += rows, rows = (rows % 4) + 2) {
      const labels = Float32Array.from({ length: Math.min(rows, count - from) }, (_, i) => from + i);
      files.push(`${path}-${from}.h5`);
      const dataset = { shape: [labels.length], data: labels };
      writeFileSync(`${path}-${from}.h5`, await writeHdf5({ data: dataset, label: dataset }));
    }
    writeFileSync(path, files.join("\n"));
  });

interface Kind {
  /** The layer's fields, for a source of this many items and a batch size. */
  text(count: number, batchSize: number): Promise<string> | string;
  /** Gives the layer data that are in no file. */
  give?(net: Net, count: number): void;
  /** Whether the number of items must divide by the batch size. */
  readonly divides?: boolean;
  /** Whether the items come in an order of their own. */
  readonly shuffles?: boolean;
}

const ofDatabase = (backend: Backend): Kind => ({
  text: async (count, batchSize) =>
    `type: "Data" data_param { backend: ${backend.toUpperCase()} prefetch: 2 ` +
    `source: "${await database(backend, count)}" batch_size: ${batchSize} }`,
});

const ofList = (more: string): Kind => ({
  shuffles: more !== "",
  text: async (count, batchSize) => {
    const lines = Array.from({ length: count }, (_, label) => `p.png ${label}`);
    const list = await once(`list-${count}.txt`, (path) => writeFileSync(path, lines.join("\n")));
    return `type: "ImageData" image_data_param { source: "${list}" batch_size: ${batchSize} ${more} }`;
  },
});

const ofHdf5 = (more: string): Kind => ({
  shuffles: more !== "",
  text: async (count, batchSize) =>
    `type: "HDF5Data" hdf5_data_param { source: "${await hdf5(count)}" batch_size: ${batchSize} ${more} }`,
});

const kinds: Readonly<Record<string, Kind>> = {
  "Data, LMDB": ofDatabase("lmdb"),
  "Data, LevelDB": ofDatabase("leveldb"),
  ImageData: ofList(""),
  "ImageData, shuffled, the first ones skipped": ofList("shuffle: true rand_skip: 4"),
  HDF5Data: ofHdf5(""),
  "HDF5Data, shuffled": ofHdf5("shuffle: true"),
  MemoryData: {
    text: (_, batchSize) =>
      `type: "MemoryData" memory_data_param { batch_size: ${batchSize} channels: 1 height: 1 width: 1 }`,
    give: ({ layers: [layer] }, count) => {
      const values = Float32Array.from({ length: count }, (_, i) => i);
      (layer as MemoryDataLayer).reset(values, values);
    },
    divides: true,
  },
};

const layerText = (fields: string) => `layer { name: "layer" top: "data" top: "label" ${fields} }`;

/** The nets of all ranks, made as the solver makes them: with generators that begin alike. */
async function netsOf(fields: string, size: number, setup: NetSetup = {}): Promise<Net[]> {
  const communicators = localRanks(size);
  return Promise.all(
    communicators.map((communicator) =>
      netFromText(layerText(fields), { ...setup, ranks: { ...oneRank, communicator } }),
    ),
  );
}

const labels = async (net: Net) => [...((await net.forward())["label"] ?? [])];
const saved = (net: Net) => JSON.parse(JSON.stringify(net.layers[0].saveState?.()));
const disposeAll = async (nets: readonly Net[]) => void (await Promise.all(nets.map((net) => net.dispose())));

/** The labels of batches that the ranks take in turn, as one process would read them, beginning with rank `first`. */
async function read(nets: readonly Net[], phase: Phase, rounds: number, first = 0): Promise<number[]> {
  const all: number[] = [];
  for (let t = 0; t < rounds; t++) {
    const batches: number[][] = [];
    for (let r = 0; r < nets.length; r++) batches.push(await labels(nets[(first + r) % nets.length]));
    if (phase === "TEST") all.push(...batches.flat());
    else for (let i = 0; i < batches[0].length; i++) all.push(...batches.map((batch) => batch[i]));
  }
  return all;
}

interface Case {
  readonly kind: Kind;
  readonly phase: Phase;
  readonly items: number;
  readonly batchSize: number;
  /** The numbers of ranks before and after a change. */
  readonly size: number;
  readonly other: number;
  readonly rounds: number;
  /** In TEST, batches after the last whole round: so another rank than the first is the next. */
  readonly more: number;
}

/** The ranks read what one process reads; they go on alike from their saved states, and so do other numbers of ranks. */
async function verify({ kind, phase, items, batchSize, size, other, rounds, more }: Case): Promise<void> {
  const fields = await kind.text(items, batchSize);
  const make = async (count: number, seed: number) => {
    const nets = await netsOf(fields, count, { phase, seed });
    for (const net of nets) kind.give?.(net, items);
    return nets;
  };
  // In MemoryData the batch of one process may not divide: it reads batches of the same size, in the same order.
  const isWide = phase === "TRAIN" && !kind.divides;
  const wide = await netFromText(layerText(await kind.text(items, isWide ? batchSize * size : batchSize)), {
    phase,
    seed: 5,
  });
  kind.give?.(wide, items);
  const wanted: number[] = [];
  const total = (rounds * size + more + 4 * Math.max(size, other)) * batchSize;
  while (wanted.length < total) wanted.push(...(await labels(wide)));
  if (!kind.shuffles) expect(wanted).toEqual(wanted.map((_, i) => i % items));
  const from = (batches: number, count: number) => wanted.slice(batches * batchSize, (batches + count) * batchSize);

  const nets = await make(size, 5);
  expect(await read(nets, phase, rounds)).toEqual(from(0, rounds * size));
  const done = rounds * size + more;
  for (let r = 0; r < more; r++) expect(await labels(nets[r])).toEqual(from(rounds * size + r, 1));
  const states = nets.map(saved);

  expect(await read(nets, phase, 3, more)).toEqual(from(done, 3 * size));
  const again = await make(size, 6);
  for (const [rank, net] of again.entries()) {
    await labels(net);
    await net.layers[0].restoreState?.(states[rank]);
  }
  expect(await read(again, phase, 3, more)).toEqual(from(done, 3 * size));
  expect(again.map(saved)).toEqual(nets.map(saved));

  const others = await make(other, 7);
  for (const [rank, net] of others.entries()) {
    await labels(net);
    await net.layers[0].restoreShare?.(states[more], states[rank]);
  }
  expect(await read(others, phase, 4)).toEqual(from(done, 4 * other));
  await disposeAll([wide, ...nets, ...again, ...others]);
}

describe.each(Object.entries(kinds))("%s", (_, kind) => {
  describe.each([2, 3, 4])("of %i ranks", (size) => {
    test.each(["TRAIN", "TEST"] as const)(
      "takes its share in %s, of sets that divide and that do not",
      async (phase) => {
        const other = (size % 4) + 1;
        const more = phase === "TEST" ? size - 1 : 0;
        // 24 items divide; a set of 7, or 6, does not, and a batch of 3 or 4 ranks together is greater.
        for (const [items, batchSize] of [
          [24, 2],
          [kind.divides ? 6 : 7, 3],
        ]) {
          await verify({ kind, phase, items, batchSize, size, other, rounds: 3, more });
        }
      },
    );
  });

  test("refuses states that cannot be, and does not change then", async () => {
    const [net] = (await netsOf(await kind.text(12, 2), 2)).slice(1);
    kind.give?.(net, 12);
    await net.forward();
    const before = saved(net);
    for (const state of [undefined, {}, { position: 99, file: 99 }, { position: { record: 3, line: -1 } }]) {
      const error = await Promise.resolve()
        .then(() => net.layers[0].restoreShare?.(state, before))
        .catch((reason) => reason);
      expect(error).toBeInstanceOf(MokaError);
      expect(error.code).toBe("MOKA_DATA");
      expect(error.message).toMatch(/^<text>:1:1: layer "layer"/);
      expect(saved(net)).toEqual(before);
    }
    await net.dispose();
  });
});

test("sets, batches and ranks of any number", async () => {
  const dice = new Dice(41);
  const all = Object.values(kinds);
  for (let round = 0; round < 21; round++) {
    const kind = all[round % all.length];
    const batchSize = 1 + dice.below(5);
    const items = kind.divides ? batchSize * (1 + dice.below(6)) : 5 + dice.below(20);
    const size = 1 + dice.below(6);
    const phase = dice.of(["TRAIN", "TEST"] as const);
    const more = phase === "TEST" ? dice.below(size) : 0;
    const found = { phase, items, batchSize, size, other: 1 + dice.below(6), rounds: dice.below(4), more };
    await verify({ kind, ...found }).catch((error) => {
      throw new Error(`round ${round}, ${JSON.stringify(found)}: ${error.message}`, { cause: error });
    });
  }
});

test("records and images of other ranks are not read", async () => {
  const db = await openDatabase(createFiles(), "lmdb", await database("lmdb", 12));
  const read: number[] = [];
  const readRecord = async (record: Uint8Array) => {
    const image = await readRecordImage(record, undefined, createImages());
    read.push(image.label);
    return image;
  };
  const records = new DatabaseSource("db", db, 2, readRecord, { rank: 1, size: 3, group: 1 });
  await records.start();
  await records.enterShare();
  for (let t = 0; t < 3; t++) await Promise.all(await records.collect());
  expect(read).toEqual([1, 4, 7, 10, 1, 4]);
  records.close();

  const source = join(folder, "every-third.txt");
  writeFileSync(source, [0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => `${n % 3 === 0 ? "p" : "missing"}.png ${n}`).join("\n"));
  const nets = await netsOf(`type: "ImageData" image_data_param { source: "${source}" batch_size: 2 }`, 3);
  expect([await labels(nets[0]), await labels(nets[0])]).toEqual([
    [0, 3],
    [6, 0],
  ]);
  await expect(nets[1].forward()).rejects.toThrow(/missing\.png/);
  await disposeAll(nets);
});

describe("random numbers of the transformer", () => {
  const mirrored = async () =>
    `type: "Data" data_param { backend: LMDB source: "${await database("lmdb", 12)}" batch_size: 40 } ` +
    "transform_param { mirror: true crop_size: 1 }";
  const values = async (net: Net) => [...((await net.forward())["data"] ?? [])];

  test("differ by rank, and follow from the seed; those of rank 0 are those of one process", async () => {
    const draws = async (size: number, seed: number) => {
      const nets = await netsOf(await mirrored(), size, { seed });
      const all = await Promise.all(nets.map(values));
      await disposeAll(nets);
      return all;
    };
    const three = await draws(3, 8);
    expect(new Set(three.map(String)).size).toBe(3);
    expect(await draws(3, 8)).toEqual(three);
    expect(three[0]).toEqual((await draws(1, 8))[0]);
    expect((await draws(3, 9)).map(String)).not.toContain(String(three[0]));
  });

  test("go on with a rank's own state, and a rank without one keeps its own", async () => {
    const two = await netsOf(await mirrored(), 2, { seed: 8 });
    for (const net of two) await net.forward();
    const states = two.map(saved);
    const wanted = await Promise.all(two.map(values));
    const three = await netsOf(await mirrored(), 3, { seed: 8 });
    const fresh = saved(three[2]).random;
    for (const [rank, net] of three.entries()) await net.layers[0].restoreShare?.(states[0], states[rank]);
    expect(saved(three[2]).random).toEqual(fresh);
    expect([await values(three[0]), await values(three[1])]).toEqual(wanted);
    await disposeAll([...two, ...three]);
  });
});

describe("the log of rank 0", () => {
  const said = async (fields: string, size: number, phase: Phase = "TRAIN", give?: (net: Net) => void) => {
    const communicators = localRanks(size);
    return Promise.all(
      communicators.map(async (communicator) => {
        const lines: string[] = [];
        const log: NetSetup["log"] = (_, origin, message) => void (origin === "moka:0" && lines.push(message));
        const net = await netFromText(layerText(fields), { phase, log, ranks: { ...oneRank, communicator } });
        give?.(net);
        give?.(net);
        await net.dispose();
        return lines;
      }),
    );
  };
  const goesOn = "the last batches of a pass go on with the first ones, as those of one process do";

  test("says once that a set does not divide", async () => {
    for (const [name, what] of [
      ["Data, LMDB", "10 records do not divide by 2 ranks with batch_size 2: "],
      ["Data, LevelDB", "If the records do not divide by 2 ranks with batch_size 2, "],
      ["ImageData", "10 images do not divide by 2 ranks with batch_size 2: "],
      ["HDF5Data", "If the rows do not divide by 2 ranks with batch_size 2, "],
    ]) {
      const fields = await kinds[name].text(10, 2);
      expect(await said(fields, 2)).toEqual([[`layer: ${what}${goesOn}`], []]);
      expect(await said(fields, 1)).toEqual([[]]);
      expect(await said(fields, 2, "TEST")).toEqual([[], []]);
    }
    expect(await said(await kinds["Data, LMDB"].text(12, 2), 3)).toEqual([[], [], []]);
  });

  test("says that MemoryData takes the same images from all ranks", async () => {
    const { text, give } = kinds["MemoryData"];
    expect(await said(await text(6, 2), 2, "TRAIN", (net) => give?.(net, 6))).toEqual([
      [
        "layer: 2 ranks share the images; give all ranks the same",
        `layer: 6 images do not divide by 2 ranks with batch_size 2: ${goesOn}`,
      ],
      [],
    ]);
  });
});

test("images added to MemoryData are used up on all ranks at once, and must divide", async () => {
  const nets = await netsOf(await kinds["MemoryData"].text(0, 2), 3);
  const image = (label: number) => ({
    ...{ channels: 1, height: 1, width: 1, data: Uint8Array.of(label), label, encoded: false },
  });
  const images = Array.from({ length: 12 }, (_, n) => image(n));
  for (const [rank, net] of nets.entries()) {
    const [layer] = net.layers;
    if (!(layer instanceof MemoryDataLayer)) throw new Error("no MemoryData");
    await expect(layer.add(images.slice(0, 8))).rejects.toThrow(
      /takes a multiple of 3 ranks · batch_size 2 images; given are 8$/,
    );
    await layer.add(images);
    expect(await labels(net)).toEqual([rank, 3 + rank]);
    await expect(layer.add(images)).rejects.toThrow(/can't add data until current data has been consumed$/);
    expect(await labels(net)).toEqual([6 + rank, 9 + rank]);
    await layer.add(images);
  }
  await disposeAll(nets);
});

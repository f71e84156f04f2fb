// No gradient: it has no bottoms and no parameters.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { localRanks } from "../../../test/local-ranks.js";
import { type NetSetup, netFromText } from "../../../test/nets.js";
import type { Net } from "../../core/net.js";
import { encodeImage, recordKey } from "../../data/datum.js";
import { type LabelledImages, readIdxImages } from "../../data/idx.js";
import { writeLmdb } from "../../data/lmdb/writer.js";
import { createImages } from "../../platform/node/index.js";
import { writeDatum } from "../../proto/binary/datum.js";
import type { Image } from "../../util/images.js";

const golden = fileURLToPath(new URL("../../../test/golden/files", import.meta.url));
const train = `${golden}/glyphs_train_lmdb`;
const folder = mkdtempSync(join(tmpdir(), "moka-data-"));
afterAll(() => rmSync(folder, { recursive: true }));

const layer = (source: string, param: string, transform = "", tops = 'top: "data" top: "label"') =>
  `layer { name: "layer" type: "Data" ${tops} data_param { backend: LMDB source: "${source}" ${param} } ` +
  `transform_param { ${transform} } }`;

/** The tops of some forwards. */
async function batches(text: string, forwards = 1, setup: NetSetup = {}): Promise<Record<string, Float32Array>[]> {
  const net = await netFromText(text, setup);
  const tops = await forwardsOf(net, forwards);
  await net.dispose();
  return tops;
}

async function forwardsOf(net: Net, count: number): Promise<Record<string, Float32Array>[]> {
  const tops: Record<string, Float32Array>[] = [];
  for (let i = 0; i < count; i++) tops.push(await net.forward());
  return tops;
}

/** What tops hold, as short texts, which are compared faster. */
function prints(tops: readonly Record<string, Float32Array>[]): string[][] {
  const print = (values: Float32Array) => createHash("sha256").update(values).digest("hex");
  return tops.map((each) => Object.values(each).map(print));
}

/** Writes a database of one-channel images, one a row list, each value its bytes; labels are 0, 1, …. */
function database(name: string, images: readonly (readonly number[][])[]): string {
  const records = images.map((rows, label) => {
    const size = { channels: 1, height: rows.length, width: rows[0].length };
    return { key: recordKey(label), value: encodeImage({ ...size, data: Uint8Array.from(rows.flat()), label }) };
  });
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, "data.mdb"), Buffer.concat(writeLmdb(records)));
  return join(folder, name);
}

/** The images of `glyphs_train_lmdb`, from the IDX files it was made of. */
let glyphs: LabelledImages;
beforeAll(async () => {
  const read = (file: string) => ({ bytes: readFileSync(`${golden}/${file}`), file });
  const labels = read("glyphs-train-labels-idx1-ubyte.gz");
  glyphs = await readIdxImages(read("glyphs-train-images-idx3-ubyte.gz"), labels);
});

/** Some images of 28 × 28, as floats. */
const pixels = (from: number, to: number) => Float32Array.from(glyphs.pixels.subarray(from * 784, to * 784));
const labelsOf = (from: number, to: number) => Float32Array.from(glyphs.labels.subarray(from, to));

describe("batches", () => {
  test("come in the order of the database, and start again at its end", async () => {
    const net = await netFromText(layer(train, "batch_size: 400"));
    expect(net.blobs.get("data")?.shape).toEqual([400, 1, 28, 28]);
    expect(net.blobs.get("label")?.shape).toEqual([400]);
    const [first, second, third] = await forwardsOf(net, 3);
    expect([first.label, second.label]).toEqual([labelsOf(0, 400), labelsOf(400, 800)]);
    expect(third.label).toEqual(Float32Array.of(...labelsOf(800, 1000), ...labelsOf(0, 200)));
    for (const { data, from, image } of [
      { data: first.data, from: 0, image: 0 },
      { data: second.data, from: 399, image: 799 },
      { data: third.data, from: 199, image: 999 },
      { data: third.data, from: 200, image: 0 },
    ]) {
      expect(data.subarray(from * 784, (from + 1) * 784)).toEqual(pixels(image, image + 1));
    }
    await net.dispose();
  });

  test("may have no labels", async () => {
    expect(await batches(layer(train, "batch_size: 2", "", 'top: "data"'))).toEqual([{ data: pixels(0, 2) }]);
  });

  test("may be greater than the database", async () => {
    const source = database("two", [[[1]], [[2]]]);
    const [{ data, label }] = await batches(layer(source, "batch_size: 5"));
    expect([...data]).toEqual([1, 2, 1, 2, 1]);
    expect([...label]).toEqual([0, 1, 0, 1, 0]);
  });

  test("of single images may change their size, and the net with them", async () => {
    const source = database("sizes", [[[1, 2]], [[3], [9]], [[4]]]);
    const pool = 'layer { name: "pool" type: "Pooling" bottom: "data" top: "y" pooling_param { kernel_size: 1 } }';
    const net = await netFromText(layer(source, "batch_size: 1") + pool);
    for (const [shape, values] of [
      [
        [1, 1, 1, 2],
        [1, 2],
      ],
      [
        [1, 1, 2, 1],
        [3, 9],
      ],
      [[1, 1, 1, 1], [4]],
      [
        [1, 1, 1, 2],
        [1, 2],
      ],
    ]) {
      const { y } = await net.forward();
      expect([net.blobs.get("y")?.shape, [...y]]).toEqual([shape, values]);
    }
    await net.dispose();
  });
});

describe("transform_param", () => {
  test("scales", async () => {
    const [{ data }] = await batches(layer(train, "batch_size: 2", "scale: 0.00390625"));
    expect(data).toEqual(pixels(0, 2).map((value) => value / 256));
  });

  test("takes a mean value away, before it scales", async () => {
    const [{ data }] = await batches(layer(train, "batch_size: 2", "mean_value: 100 scale: 0.5"));
    expect(data).toEqual(pixels(0, 2).map((value) => (value - 100) / 2));
  });

  test("takes a mean image away: of all 1000 images nothing remains", async () => {
    const mean = `mean_file: "${golden}/glyphs_mean.binaryproto"`;
    const [{ data }] = await batches(layer(train, "batch_size: 1000", mean));
    for (const pixel of [0, 300, 406, 783]) {
      let sum = 0;
      for (let i = pixel; i < data.length; i += 784) sum += data[i];
      expect(Math.abs(sum / 1000)).toBeLessThan(1e-4);
    }
    expect(Math.max(...data.subarray(0, 784))).toBeGreaterThan(100);
  });

  /** One image whose values tell their place, 10·row + column. */
  const places = [Array.from({ length: 5 }, (_, row) => Array.from({ length: 6 }, (_, column) => 10 * row + column))];
  let source: string;
  beforeAll(() => {
    source = database("places", places);
  });

  test("crops the middle in TEST", async () => {
    const net = await netFromText(layer(source, "batch_size: 1", "crop_size: 2"), { phase: "TEST" });
    expect(net.blobs.get("data")?.shape).toEqual([1, 1, 2, 2]);
    expect([...(await net.forward()).data]).toEqual([12, 13, 22, 23]);
    await net.dispose();
  });

  test("crops anywhere in TRAIN, as the seed says", async () => {
    const corners = async (seed: number) => {
      const [{ data }] = await batches(layer(source, "batch_size: 300", "crop_size: 2"), 1, { seed });
      return Array.from({ length: 300 }, (_, i) => {
        const crop = [...data.subarray(4 * i, 4 * i + 4)];
        expect(crop).toEqual([0, 1, 10, 11].map((step) => crop[0] + step));
        return crop[0];
      });
    };
    const first = await corners(1);
    expect(new Set(first)).toEqual(new Set([0, 10, 20, 30].flatMap((row) => [0, 1, 2, 3, 4].map((c) => row + c))));
    expect(await corners(1)).toEqual(first);
    expect(await corners(2)).not.toEqual(first);
  });

  test.each(["TRAIN", "TEST"] as const)("mirrors about every other image, in %s", async (phase) => {
    const row = database(`row-${phase}`, [[[1, 2, 3]]]);
    const text = layer(row, "batch_size: 100", "mirror: true");
    const [{ data }] = await batches(text, 1, { phase });
    const images = Array.from({ length: 100 }, (_, i) => data.subarray(3 * i, 3 * i + 3).join(" "));
    expect(new Set(images)).toEqual(new Set(["1 2 3", "3 2 1"]));
    const mirrored = images.filter((image) => image === "3 2 1").length;
    expect(Math.abs(mirrored - 50)).toBeLessThan(25);
    expect(await batches(text, 1, { phase })).toEqual([{ data, label: new Float32Array(100) }]);
  });
});

test("finds its paths beside the prototxt, if not in the working directory", async () => {
  const text = layer("../files/glyphs_train_lmdb", "batch_size: 2", 'mean_file: "../files/glyphs_mean.binaryproto"');
  const [{ label }] = await batches(text, 1, { file: `${golden}/../nets/train.prototxt` });
  expect(label).toEqual(labelsOf(0, 2));
});

describe("a LevelDB", () => {
  test("gives the batches of the LMDB with the same records", async () => {
    const leveldb = (set: string) =>
      layer(`${golden}/glyphs_${set}_leveldb`, "batch_size: 130").replace("LMDB", "LEVELDB");
    const lmdb = (set: string) => layer(`${golden}/glyphs_${set}_lmdb`, "batch_size: 130");
    for (const set of ["train", "test"]) {
      expect(prints(await batches(leveldb(set), 4))).toEqual(prints(await batches(lmdb(set), 4)));
    }
  });

  test("is the default of the prototxt", async () => {
    const text = layer(`${golden}/glyphs_train_leveldb`, "batch_size: 2").replace("backend: LMDB", "");
    expect((await batches(text))[0].label).toEqual(labelsOf(0, 2));
  });
});

describe("encoded records", () => {
  const images = createImages();
  /** A color picture and a gray one, as files. */
  const color = { width: 3, height: 2, channels: 3, data: Uint8Array.from({ length: 18 }, (_, i) => 10 * i) };
  const gray = { width: 3, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  const encoded = async (name: string, pictures: readonly Image[]) => {
    const records = await Promise.all(
      pictures.map(async (picture, label) => {
        const data = await images.encode(picture, "png");
        return {
          key: recordKey(label),
          value: writeDatum({ channels: 0, height: 0, width: 0, data, label, encoded: true }),
        };
      }),
    );
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "data.mdb"), Buffer.concat(writeLmdb(records)));
    return join(folder, name);
  };

  test("are decoded, channel by channel, and transformed", async () => {
    const source = await encoded("colors", [color]);
    const [{ data }] = await batches(layer(source, "batch_size: 1"));
    expect([...data]).toEqual([0, 30, 60, 90, 120, 150, 10, 40, 70, 100, 130, 160, 20, 50, 80, 110, 140, 170]);
    const net = await netFromText(layer(source, "batch_size: 2", "crop_size: 1 scale: 0.5 mean_value: 30"), {
      phase: "TEST",
    });
    expect(net.blobs.get("data")?.shape).toEqual([2, 3, 1, 1]);
    expect([...(await net.forward()).data]).toEqual([0, 5, 10, 0, 5, 10]);
    await net.dispose();
  });

  test("are made gray or colored by force_gray and force_color", async () => {
    const source = await encoded("mixed", [color, gray]);
    const shades = await batches(layer(source, "batch_size: 2", "force_gray: true"));
    expect([...shades[0].data]).toEqual([11, 41, 71, 101, 131, 161, 1, 2, 3, 4, 5, 6]);
    const [{ data }] = await batches(layer(source, "batch_size: 2", "force_color: true"));
    expect([...data.subarray(18)]).toEqual([1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]);
    await expect(batches(layer(source, "batch_size: 2"))).rejects.toThrow(
      /record 1 of \S+mixed: an image of shape 1 2 3 \(6\), but its batch began with 3 2 3 \(18\); gray and color images need transform_param.force_color or force_gray$/,
    );
    // A crop does not help.
    await expect(batches(layer(source, "batch_size: 2", "crop_size: 2"))).rejects.toThrow(
      /an image of shape 1 2 2 \(4\), but its batch began with 3 2 2 \(12\); gray and color images need transform_param.force_color/,
    );
    await expect(batches(layer(source, "batch_size: 1", "force_color: true force_gray: true"))).rejects.toThrow(
      /record 0 of \S+: transform_param has both force_color and force_gray; give one$/,
    );
  });

  test("that cannot be decoded are named", async () => {
    const value = writeDatum({ ...gray, data: new Uint8Array(9), label: 0, encoded: true });
    mkdirSync(join(folder, "broken"));
    writeFileSync(join(folder, "broken", "data.mdb"), Buffer.concat(writeLmdb([{ key: "0", value }])));
    await expect(batches(layer(`${folder}/broken`, "batch_size: 1"))).rejects.toThrow(
      /layer "layer" \(Data\): record 0 of \S+broken: no image of a kind that is read/,
    );
  });
});

describe("fields of forks", () => {
  test("shuffle: each pass has all records in another order, and goes on from a saved state", async () => {
    const source = database(
      "shuffled",
      Array.from({ length: 10 }, (_, i) => [[i]]),
    );
    const text = layer(source, "batch_size: 5 shuffle: true");
    const net = await netFromText(text, { seed: 3 });
    const labels = (tops: readonly Record<string, Float32Array>[]) => tops.flatMap(({ label }) => [...label]);
    const passes = [labels(await forwardsOf(net, 2)), labels(await forwardsOf(net, 2))];
    for (const pass of passes) expect([...pass].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(passes[0]).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(passes[1]).not.toEqual(passes[0]);
    await net.forward();
    const state = JSON.parse(JSON.stringify(net.layers[0].saveState?.()));
    const wanted = labels(await forwardsOf(net, 4));
    const other = await netFromText(text, { seed: 4 });
    expect(labels(await forwardsOf(other, 2))).not.toEqual(passes[0]);
    await other.layers[0].restoreState?.(state);
    expect(labels(await forwardsOf(other, 4))).toEqual(wanted);
    await expect(async () => other.layers[0].restoreState?.({ position: { item: -1 } })).rejects.toThrow(
      /names no record/,
    );
    await net.dispose();
    await other.dispose();
    const net2 = await netFromText(text, { seed: 3 });
    expect(labels(await forwardsOf(net2, 4))).toEqual(passes.flat());
    await net2.dispose();
  });

  test("shuffle: two ranks share each pass", async () => {
    const source = database(
      "shuffled-ranks",
      Array.from({ length: 10 }, (_, i) => [[i]]),
    );
    const nets = await Promise.all(
      localRanks(2).map((communicator) =>
        netFromText(layer(source, "batch_size: 5 shuffle: true"), { ranks: { communicator } } as NetSetup),
      ),
    );
    for (let pass = 0; pass < 3; pass++) {
      const labels = await Promise.all(nets.map(async (net) => [...(await net.forward()).label]));
      expect(labels.flat().sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    for (const net of nets) await net.dispose();
  });

  test("SSD's resize_param, noise_param, crop_h and crop_w", async () => {
    const source = database("resized", [
      [
        [0, 10, 20, 30],
        [40, 50, 60, 70],
      ],
      [[8, 9]],
    ]);
    const resize = "resize_param { height: 2 width: 2 interp_mode: AREA interp_mode: NEAREST }";
    const all = await batches(layer(source, "batch_size: 2", resize), 20);
    // The mean of two neighbors, or the left one.
    const first = new Set(all.map(({ data }) => [...data.subarray(0, 4)].join(" ")));
    expect(first).toEqual(new Set(["5 25 45 65", "0 20 40 60"]));
    expect(all[0].data.subarray(4)).toEqual(Float32Array.of(8, 9, 8, 9));
    const [inverse] = await batches(layer(source, "batch_size: 1", "noise_param { inverse: true }"));
    expect([...inverse.data]).toEqual([255, 245, 235, 225, 215, 205, 195, 185]);
    const crop = layer(source, "batch_size: 1", "crop_h: 1 crop_w: 2 scale: 0.1");
    expect([...(await batches(crop, 1, { phase: "TEST" }))[0].data]).toEqual([1, 2].map((value) => Math.fround(value)));
    await expect(batches(layer(source, "batch_size: 2", "crop_h: 1 crop_w: 3"))).rejects.toThrow(
      /record 1 of \S+: an image of 1×2 is smaller than transform_param.crop_h 1 and crop_w 3$/,
    );
  });

  test("others are ignored, and the log names them", async () => {
    const said: string[] = [];
    const log = (severity: string, _origin: string, message: string) => void said.push(`${severity}: ${message}`);
    const text = layer(train, "batch_size: 1 cache: true threads: 4", "expand_param { } add_noise: true scale: 2");
    await batches(text, 1, { log });
    expect(said.filter((line) => line.includes("ignored"))).toEqual([
      "warning: layer: ignored, as fields of forks: transform_param.add_noise, transform_param.expand_param, " +
        "data_param.cache, data_param.threads",
    ]);
  });
});

describe("look-ahead and resuming", () => {
  const text = (prefetch: number) =>
    layer(train, `batch_size: 70 prefetch: ${prefetch}`, "mirror: true crop_size: 20 scale: 0.5");

  test("batches are the same, however many are read ahead", async () => {
    const wanted = prints(await batches(text(0), 20));
    for (const prefetch of [1, 4, 9]) expect(prints(await batches(text(prefetch), 20))).toEqual(wanted);
  });

  test.each(["LMDB", "LEVELDB"])(
    "a saved state gives the batches that would have come, from an %s",
    async (backend) => {
      const source = `${golden}/glyphs_train_${backend.toLowerCase()}`;
      const param = "batch_size: 70 prefetch: 3";
      const prototxt = layer(source, param, "mirror: true crop_size: 20").replace("LMDB", backend);
      const net = await netFromText(prototxt);
      await forwardsOf(net, 13);
      const state = JSON.parse(JSON.stringify(net.layers[0].saveState?.()));
      const wanted = await forwardsOf(net, 5); // beyond the end of the database

      const other = await netFromText(prototxt, { seed: 99 });
      await forwardsOf(other, 2);
      await other.layers[0].restoreState?.(state);
      expect(prints(await forwardsOf(other, 5))).toEqual(prints(wanted));
      await net.dispose();
      await other.dispose();
    },
  );

  test("a state that cannot be is refused, and changes nothing", async () => {
    const net = await netFromText(text(2));
    await net.forward();
    const saved = JSON.parse(JSON.stringify(net.layers[0].saveState?.()));
    const wrong = [
      undefined,
      { ...saved, position: { record: 70, key: "00000071" } },
      { ...saved, position: { record: -1, key: "00000000" } },
      { ...saved, position: undefined },
      { ...saved, random: { words: [], used: 0 } },
      { position: saved.position },
    ];
    for (const state of wrong) {
      await expect(async () => net.layers[0].restoreState?.(state)).rejects.toThrow(
        /^<text>:1:1: layer "layer" \(Data\)/,
      );
    }
    expect(JSON.parse(JSON.stringify(net.layers[0].saveState?.()))).toEqual(saved);
    await net.dispose();
  });
});

describe("errors", () => {
  const fails = (text: string) => expect(batches(text)).rejects;

  test("what is not given", async () => {
    await fails(layer(train, "")).toThrow(
      '<text>:1:1: layer "layer" (Data): data_param.batch_size must be given, and greater than 0',
    );
    await fails('layer { name: "layer" type: "Data" top: "data" }').toThrow(/data_param.source must be given$/);
  });

  test("a folder that is missing, or holds something else", async () => {
    await fails(layer(`${folder}/nowhere`, "batch_size: 1")).toThrow(
      /^<text>:1:1: layer "layer" \(Data\): cannot open \S+\/nowhere: no such file or folder \(ENOENT\)$/,
    );
    await fails(layer(`${golden}/glyphs_train_leveldb`, "batch_size: 1")).toThrow(
      /glyphs_train_leveldb: it is a LevelDB, not an LMDB \(backend: LEVELDB\)$/,
    );
    await fails(layer(`${golden}/glyphs_mean.binaryproto`, "batch_size: 1")).toThrow(
      /glyphs_mean.binaryproto: no LMDB$/,
    );
  });

  test("an empty database", async () => {
    await fails(layer(database("empty", []), "batch_size: 1")).toThrow(/the database \S+\/empty is empty$/);
  });

  test("images of different sizes in one batch", async () => {
    const source = database("different", [[[1]], [[1, 2]]]);
    await fails(layer(source, "batch_size: 2")).toThrow(
      `<text>:1:1: layer "layer" (Data): record 1 of ${source}: an image of shape 1 1 2 (2), but its batch began ` +
        "with 1 1 1 (1); images of different sizes need batch_size 1 or transform_param.crop_size",
    );
  });

  test("raw images of different channels in one batch", async () => {
    const value = (channels: number) =>
      writeDatum({ channels, height: 1, width: 1, data: new Uint8Array(channels), label: 0, encoded: false });
    mkdirSync(join(folder, "raw-mixed"));
    const records = [3, 1].map((channels, i) => ({ key: recordKey(i), value: value(channels) }));
    writeFileSync(join(folder, "raw-mixed", "data.mdb"), Buffer.concat(writeLmdb(records)));
    await expect(batches(layer(join(folder, "raw-mixed"), "batch_size: 2", "force_color: true"))).rejects.toThrow(
      "gray and color images must be made alike when the database is made, as convert_imageset makes them",
    );
  });

  test("an image smaller than crop_size, and one that its mean_file does not fit", async () => {
    const source = database("small", [[[1, 2]], [[1]]]);
    await fails(layer(source, "batch_size: 1", "crop_size: 2")).toThrow(
      /layer "layer" \(Data\): record 0 of \S+\/small: an image of 1×2 is smaller than transform_param.crop_size 2$/,
    );
    await fails(layer(source, "batch_size: 1", `mean_file: "${golden}/glyphs_mean.binaryproto"`)).toThrow(
      /layer "layer" \(Data\): record 0 of \S+\/small: transform_param.mean_file has shape 1 28 28 \(784\), the image/,
    );
  });

  test("a damaged record", async () => {
    mkdirSync(join(folder, "damaged"));
    const value = Uint8Array.of(8, 1, 0x22, 200, 1); // channels: 1, then data of 200 bytes that are not there
    writeFileSync(join(folder, "damaged", "data.mdb"), Buffer.concat(writeLmdb([{ key: "0", value }])));
    await fails(layer(`${folder}/damaged`, "batch_size: 1")).toThrow(
      /^<text>:1:1: layer "layer" \(Data\): record 0 of \S+\/damaged: datum: damaged at byte 2: /,
    );
  });
});

testContract("Data", {
  tops: ["data", "label"],
  param: 'data_param { source: "../../files/glyphs_test_lmdb" batch_size: 3 backend: LMDB }',
  changes: ["TRAIN", "TEST"],
});
testContract("Data of a LevelDB", {
  tops: ["data", "label"],
  param: 'data_param { source: "../../files/glyphs_test_leveldb" batch_size: 3 } transform_param { crop_size: 20 }',
  changes: ["TRAIN", "TEST"],
});

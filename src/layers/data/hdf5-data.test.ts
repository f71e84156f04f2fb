// No gradient: it has no bottoms and no parameters.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { netFromText } from "../../../test/nets.js";
import { type Hdf5Array, readHdf5, readHdf5Shapes, readHdf5Tree, writeHdf5 } from "../../data/hdf5.js";
import { bytesSource } from "../../util/files.js";

const clusters = fileURLToPath(new URL("../../../test/golden/files/clusters_train.h5", import.meta.url));
/** Files that h5py wrote. */
const cases = fileURLToPath(new URL("../../../test/cases/hdf5-types/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "moka-hdf5-"));
afterAll(() => rmSync(folder, { recursive: true }));

const layer = (source: string, param: string, tops = ["data", "label"], more = "") =>
  `layer { name: "layer" type: "HDF5Data" ${tops.map((top) => `top: "${top}"`).join(" ")} ` +
  `hdf5_data_param { source: "${source}" ${param} } ${more} }`;

/** Writes a text file that lists these, and returns its path. */
function list(name: string, paths: readonly string[]): string {
  writeFileSync(join(folder, name), paths.join("\n"));
  return join(folder, name);
}

/** Writes an HDF5 file with these rows of two values and integer labels; returns its name, to stand in a list. */
async function rows(name: string, data: readonly (readonly number[])[], labels = data.map((_, i) => i)) {
  const content = {
    data: { shape: [data.length, data[0]?.length ?? 1], data: Float32Array.from(data.flat()) },
    label: { shape: [labels.length], data: Int32Array.from(labels) },
  };
  writeFileSync(join(folder, name), await writeHdf5(content));
  return name;
}

/** The first value of every row of some batches. */
async function firsts(text: string, forwards: number, seed = 1701): Promise<number[][]> {
  const net = await netFromText(text, { seed });
  const result: number[][] = [];
  for (let i = 0; i < forwards; i++) {
    const { data } = await net.forward();
    const width = data.length / (net.blobs.get("data")?.shape[0] ?? 1);
    result.push([...data].filter((_, j) => j % width === 0));
  }
  await net.dispose();
  return result;
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);

describe("values", () => {
  test("of half precision are read", async () => {
    const net = await netFromText(layer(`${cases}l_f16.txt`, "batch_size: 4"));
    const single = await netFromText(layer(`${cases}l_f32.txt`, "batch_size: 4"));
    const { label, data } = await net.forward();
    expect([...(label ?? [])]).toEqual([60, 61, 62, 63]);
    expect(data?.length).toBe((await single.forward())["data"]?.length);
    await net.dispose();
    await single.dispose();
  });

  test("of all types and byte orders are read, compressed or not", async () => {
    const { datasets } = await readHdf5Tree(readFileSync(`${cases}types.h5`));
    const values = (name: string) => [...(datasets.get(name) as Hdf5Array).data];
    const floats = ["df2", "df2b", "df4", "df4b", "df8", "df8b"];
    for (const name of floats) {
      const half = name.startsWith("df2");
      expect(values(name), name).toEqual([1.5, -2, Math.fround(half ? 0.0999755859375 : 0.1), 65504]);
    }
    const names = [...datasets.keys()].filter((name) => /^d[iu]/.test(name));
    expect(names.length).toBe(14);
    for (const name of names) expect(values(name), name).toEqual([1, 2, 3, 100]);
    expect(values("f16gz")).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect((datasets.get("f16chunk") as Hdf5Array).shape).toEqual([0, 3]);
    expect(values("big")).toEqual([2 ** 53, 2 ** 62, -(2 ** 63)]); // in single precision
    expect(values("ubig")).toEqual([2 ** 64, 2 ** 63]);
    expect(datasets.get("scalar16")).toEqual({ shape: [], data: Float32Array.of(3) });
  });
});

describe("batches", () => {
  test("come in the order of the rows, and start again after the last", async () => {
    const source = list("clusters.txt", [clusters]);
    const net = await netFromText(layer(source, "batch_size: 120"));
    expect(net.blobs.get("data")?.shape).toEqual([120, 12]);
    expect(net.blobs.get("label")?.shape).toEqual([120, 1]);
    const file = await readHdf5(readFileSync(clusters));
    const [{ data }, { data: labels }] = ["data", "label"].map((name) => file.get(name) as Hdf5Array);
    expect(data.length).toBe(203 * 12);
    expect(await net.forward()).toEqual({ data: data.slice(0, 1440), label: labels.slice(0, 120) });
    expect(await net.forward()).toEqual({
      data: Float32Array.of(...data.slice(1440), ...data.slice(0, 37 * 12)),
      label: Float32Array.of(...labels.slice(120), ...labels.slice(0, 37)),
    });
    await net.dispose();
  });

  test("go on in the next file, whose name may be beside the list or the prototxt", async () => {
    const names = [await rows("a.h5", [[1], [2], [3]]), await rows("b.h5", [[4], [5]])];
    expect(await firsts(layer(list("files.txt", names), "batch_size: 4"), 3)).toEqual([
      [1, 2, 3, 4],
      [5, 1, 2, 3],
      [4, 5, 1, 2],
    ]);
    mkdirSync(join(folder, "lists"));
    const elsewhere = layer(list("lists/files.txt", names), "batch_size: 4");
    const net = await netFromText(elsewhere, { file: join(folder, "train.prototxt") });
    expect([...(await net.forward()).data]).toEqual([1, 2, 3, 4]);
    await net.dispose();
  });

  test("take one dataset for each top, of any shape, integers too", async () => {
    const source = list("labels.txt", [await rows("labels.h5", [[1, 2]], [7])]);
    const net = await netFromText(layer(source, "batch_size: 2", ["label"]));
    expect(await net.forward()).toEqual({ label: Float32Array.of(7, 7) });
    await net.dispose();
  });
});

describe("shuffle", () => {
  test("gives every row once each time round, in an order of its own, which is Caffe's for every seed", async () => {
    const numbers = Array.from({ length: 50 }, (_, i) => i);
    const name = await rows(
      "fifty.h5",
      numbers.map((value) => [value, -value]),
    );
    const text = layer(list("fifty.txt", [name]), "batch_size: 50 shuffle: true");
    const [first, second] = await firsts(text, 2);
    expect(first).not.toEqual(numbers);
    expect(second).not.toEqual(first);
    expect([sorted(first), sorted(second)]).toEqual([numbers, numbers]);
    expect(await firsts(text, 2)).toEqual([first, second]);
    expect(await firsts(text, 2, 42)).toEqual([first, second]);
    // Printed by a C++ program that draws as Caffe does: the list of one file needs no draw.
    expect(first.slice(0, 8)).toEqual([4, 28, 11, 15, 24, 35, 17, 36]);
    expect(second.slice(0, 8)).toEqual([48, 23, 25, 11, 4, 32, 24, 29]);
  });

  test("keeps data and labels together", async () => {
    const name = await rows("pairs.h5", [[0], [1], [2], [3], [4], [5], [6], [7]]);
    const net = await netFromText(layer(list("pairs.txt", [name]), "batch_size: 8 shuffle: true"));
    const { data, label } = await net.forward();
    expect(label).toEqual(data);
    await net.dispose();
  });

  test("shuffles the files too, and the rows of each", async () => {
    const names = await Promise.all([0, 10, 20, 30].map((n) => rows(`${n}.h5`, [[n], [n + 1], [n + 2]])));
    const text = layer(list("four.txt", names), "batch_size: 12 shuffle: true");
    const rounds = await firsts(text, 4);
    const all = [0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32];
    for (const round of rounds) {
      expect(sorted(round)).toEqual(all);
      const files = round.map((value) => Math.floor(value / 10));
      expect(files.filter((file, i) => file !== files[i - 1]).length).toBe(4); // each file as a whole
    }
    expect(new Set(rounds.map((round) => Math.floor(round[0] / 10))).size).toBeGreaterThan(1);
    // From such a C++ program too: rows of a file that is read later are put in order twice.
    expect(rounds.slice(0, 2)).toEqual([
      [0, 1, 2, 31, 30, 32, 10, 11, 12, 22, 20, 21],
      [22, 21, 20, 10, 12, 11, 1, 2, 0, 31, 30, 32],
    ]);
  });
});

describe("a saved state", () => {
  test.each(["", "shuffle: true"])("gives the batches that would have come (%s)", async (shuffle) => {
    const names = await Promise.all([0, 10, 20].map((n) => rows(`state${n}.h5`, [[n], [n + 1], [n + 2], [n + 3]])));
    for (const files of [names, names.slice(0, 1)]) {
      const text = layer(list("state.txt", files), `batch_size: 3 ${shuffle}`);
      const net = await netFromText(text);
      const next = async (from: typeof net) => [...(await from.forward()).data];
      for (let i = 0; i < 3; i++) await next(net);
      const state = JSON.parse(JSON.stringify(net.layers[0].saveState?.()));
      const other = await netFromText(text);
      await other.layers[0].restoreState?.(state);
      for (let i = 0; i < 9; i++) expect(await next(other)).toEqual(await next(net));
      await net.dispose();
      await other.dispose();
    }
  });

  test("that cannot be is refused, and changes nothing", async () => {
    const text = layer(
      list("wrong.txt", [await rows("five.h5", [[1], [2], [3], [4], [5]])]),
      "batch_size: 2 shuffle: true",
    );
    const net = await netFromText(text);
    await net.forward();
    const state = JSON.parse(JSON.stringify(net.layers[0].saveState?.()));
    for (const wrong of [
      { file: 1 },
      { row: 5 },
      { files: [1] },
      { rows: [0, 1, 2, 3, 3] },
      { rows: [0] },
      { random: [] },
    ]) {
      await expect(async () => net.layers[0].restoreState?.({ ...state, ...wrong })).rejects.toThrow(
        /^<text>:1:1: layer "layer" \(HDF5Data\)/,
      );
    }
    expect(JSON.parse(JSON.stringify(net.layers[0].saveState?.()))).toEqual(state);
    await net.dispose();
  });
});

describe("errors", () => {
  const fails = (text: string) => expect(netFromText(text)).rejects;

  test("what is not given, and what cannot be", async () => {
    await fails(layer("x", "")).toThrow(
      '<text>:1:1: layer "layer" (HDF5Data): hdf5_data_param.batch_size must be given, and greater than 0',
    );
    await fails(layer("", "batch_size: 1")).toThrow(/hdf5_data_param.source must be given$/);
    await fails(layer("x", "batch_size: 1", ["data"], "transform_param { scale: 2 }")).toThrow(
      /does not transform data: remove transform_param$/,
    );
  });

  test("a list that is missing or empty, or lists what is no HDF5 file", async () => {
    await fails(layer(`${folder}/nowhere`, "batch_size: 1")).toThrow(/cannot read \S+\/nowhere: no such file/);
    await fails(layer(list("empty.txt", ["", " "]), "batch_size: 1")).toThrow(/\S+\/empty.txt lists no HDF5 file$/);
    await fails(layer(list("missing.txt", ["none.h5"]), "batch_size: 1")).toThrow(
      /^<text>:1:1: layer "layer" \(HDF5Data\): cannot read none.h5: no such file/,
    );
    await fails(layer(list("wrong.txt", ["wrong.txt"]), "batch_size: 1")).toThrow(
      /^<text>:1:1: layer "layer" \(HDF5Data\): \S+\/wrong.txt: not an HDF5 file, or damaged/,
    );
  });

  test("a dataset that is missing", async () => {
    const source = list("a.txt", [await rows("named.h5", [[1]])]);
    await fails(layer(source, "batch_size: 1", ["data", "target"])).toThrow(
      `<text>:1:1: layer "layer" (HDF5Data): ${folder}/named.h5 has no dataset "target"; it has data, label`,
    );
  });

  test.each([
    ["data", "l_bool.txt", "bools"],
    ["label", "l_string.txt", "strings"],
  ])("%s of %s: that it holds %s, and what is read", async (name, source, holds) => {
    const file = source.replace(/^l_(.*)txt$/, "$1h5");
    const says =
      `${cases}${file}: dataset "${name}" holds ${holds}; ` +
      "floats of 16, 32 and 64 bits and integers of 8 to 64 bits are read";
    await fails(layer(cases + source, "batch_size: 4")).toThrow(says);
    const { others } = await readHdf5Shapes(bytesSource(readFileSync(`${cases}${file}`)), file); // without its values
    expect(others.get(name)).toBe(holds);
  });

  test.each([
    ["ld", "floats of 128 bits"],
    ["i24", "integers of 24 bits"],
    ["bool", "bools"],
    ["enum", "an enumeration (G, R)"],
    ["cplx", "compound elements"],
    ["ref", "references"],
    ["vstrs", "strings"],
    ["str", "a string"],
    ["vlen", "lists of different lengths"],
    ["bits", "bit fields"],
    ["opaque", "opaque elements"],
    ["empty", "nothing: its dataspace is empty"],
  ])("a dataset named %s: %s", async (name, holds) => {
    const source = list("types.txt", [`${cases}types.h5`]);
    await fails(layer(source, "batch_size: 1", [name])).toThrow(
      `types.h5: dataset "${name}" holds ${holds}; floats of 16`,
    );
  });

  test("a dataset that is one number", async () => {
    const source = list("types.txt", [`${cases}types.h5`]);
    await fails(layer(source, "batch_size: 1", ["scalar16"])).toThrow('dataset "scalar16" is one number without rows');
  });

  test("datasets that do not fit together", async () => {
    const uneven = list("uneven.txt", [await rows("uneven.h5", [[1], [2]], [0])]);
    await fails(layer(uneven, "batch_size: 1")).toThrow(/uneven.h5: "label" has 1 rows, the first dataset 2$/);
    const none = list("none.txt", [await rows("no-rows.h5", [], [])]);
    await fails(layer(none, "batch_size: 1")).toThrow(/no-rows.h5 has no rows$/);
  });

  test("a file whose rows differ from those before, when its turn comes", async () => {
    const names = [await rows("one.h5", [[1], [2]]), await rows("two.h5", [[1, 2]])];
    const net = await netFromText(layer(list("differ.txt", names), "batch_size: 1"));
    await net.forward();
    await expect(net.forward()).rejects.toThrow(
      /^<text>:1:1: layer "layer" \(HDF5Data\): \S+\/two.h5: rows of "data" have shape 2 \(2\), in the file before 1 \(1\)$/,
    );
    await net.dispose();
  });
});

testContract("HDF5Data", {
  tops: ["data", "label"],
  param: 'hdf5_data_param { source: "../../files/clusters_train.txt" batch_size: 3 }',
  changes: ["TRAIN", "TEST"],
});

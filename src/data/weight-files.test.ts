import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFiles } from "#platform";
import { Net } from "../index.js";
import { blobValues } from "../proto/binary/index.js";
import { silent } from "../util/log.js";
import { type Hdf5Array, readHdf5Tree, writeHdf5 } from "./hdf5.js";
import { WeightFileStore } from "./weight-files.js";

const golden = new URL("../../test/golden/files/", import.meta.url);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "moka-weights-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const input = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 } } }\n';
const ip = (name: string, first = "", second = "") =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "x" top: "${name}"
    param { ${first && `name: "${first}"`} } param { ${second && `name: "${second}"`} }
    inner_product_param { num_output: 2 weight_filler { type: "xavier" } bias_filler { type: "xavier" } } }\n`;
const load = (text: string, weights?: string) => Net.load(text, { engine: "reference", weights, seed: 1 });
const valuesOf = (net: Net) => [...net.params].map(([name, blobs]) => [name, blobs.map(({ data }) => [...data])]);

const array = (...shape: number[]): Hdf5Array => {
  return { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1) };
};

async function h5(name: string, content: Record<string, Hdf5Array>, groups: string[] = []): Promise<string> {
  writeFileSync(join(folder, name), await writeHdf5(content, groups));
  return join(folder, name);
}

test("the bytes decide the format, not the name", async () => {
  const net = await load(input + ip("a"));
  await net.save(join(folder, "a.caffemodel"));
  await net.save(join(folder, "a.h5"));
  writeFileSync(join(folder, "binary.h5"), readFileSync(join(folder, "a.caffemodel")));
  writeFileSync(join(folder, "hdf5.caffemodel"), readFileSync(join(folder, "a.h5")));
  for (const name of ["a.caffemodel", "a.h5", "binary.h5", "hdf5.caffemodel"]) {
    const other = await Net.load(input + ip("a"), { engine: "reference", weights: join(folder, name), seed: 2 });
    expect(valuesOf(other), name).toEqual(valuesOf(net));
    await other.dispose();
  }
  await net.dispose();
});

test("several files, separated by commas: each gives what it has, the later ones win", async () => {
  const first = await h5("first.h5", {
    "data/a/0": array(2, 3),
    "data/a/1": array(2),
    "data/b/0": array(2, 3),
    "data/b/1": array(2),
  });
  const zeros = { shape: [2], data: new Float32Array(2) };
  const second = await h5("second.h5", { "data/b/0": array(2, 3), "data/b/1": zeros });
  const net = await load(input + ip("a") + ip("b"), `${first}, ${second}`);
  const values = [1, 2, 3, 4, 5, 6];
  expect(valuesOf(net)).toEqual([
    ["a", [values, [1, 2]]],
    ["b", [values, [0, 0]]],
  ]);
  await expect(net.copyTrainedLayersFrom(`${first},${folder}/none`)).rejects.toThrow(`${folder}/none`);
  await net.dispose();
});

test("several files make one message: the layers of each, of one name the last", async () => {
  const files = { a: ip("p") + ip("q"), b: ip("p") + ip("r"), c: ip("s") };
  for (const [name, text] of Object.entries(files)) {
    const net = await load(input + text);
    net.params.get("p")?.[1]?.data.fill(name === "a" ? 1 : 2);
    await net.save(join(folder, `${name}.caffemodel`));
    await net.dispose();
  }
  const store = new WeightFileStore(createFiles(), silent);
  const { layer } = await store.readAll(["a", "b", "c"].map((name) => join(folder, `${name}.caffemodel`)).join(", "));
  expect(layer.map(({ name }) => name).filter((name) => name.length === 1)).toEqual(["q", "p", "r", "x", "s"]);
  const [, bias] = layer.find(({ name }) => name === "p")?.blobs ?? [];
  expect(bias && [...blobValues(bias).data]).toEqual([2, 2]);
  expect(await store.readAll(join(folder, "a.caffemodel"))).toEqual(await store.read(join(folder, "a.caffemodel")));
});

test.each(["v0", "v1"])("weights of the form %s, upgraded with Caffe's notices", async (name) => {
  const lines: string[] = [];
  const path = new URL(`legacy/${name}`, golden).pathname;
  const log = (_: string, origin: string, message: string) => lines.push(`${origin} ${message}`);
  const net = await Net.load(`${path}.upgraded.prototxt`, { engine: "reference", weights: `${path}.caffemodel`, log });
  expect(lines).toContain(
    `upgrade_proto.cpp:${name === "v0" ? 28 : 55} Attempting to upgrade input file specified using deprecated ` +
      `${name.toUpperCase()}LayerParameter: ${path}.caffemodel`,
  );
  await net.dispose();
});

describe("HDF5", () => {
  const shared = input + ip("a", "w") + ip("b", "w", "v") + ip("c", "w", "v");

  test("shared parameters are written once, and read, as in Caffe", async () => {
    const net = await load(shared);
    const path = join(folder, "shared.caffemodel.h5");
    await net.save(path, { diff: true });
    const { datasets, groups } = await readHdf5Tree(readFileSync(path));
    expect([...datasets.keys()].filter((key) => key.startsWith("data")).sort()).toEqual([
      "data/a/0",
      "data/a/1",
      "data/b/1",
    ]);
    expect([...datasets.keys()].filter((key) => key.startsWith("diff")).length).toBe(6);
    expect([...groups].filter((key) => key.startsWith("data/")).sort()).toEqual([
      "data/a",
      "data/b",
      "data/c",
      "data/x",
      "data/x_x_0_split",
    ]);
    const other = await Net.load(shared, { engine: "reference", seed: 2, weights: path });
    expect(valuesOf(other)).toEqual(valuesOf(net));
    await expect(load(input + ip("a") + ip("c"), path)).rejects.toThrow(
      `layer "c" (InnerProduct): has 2 parameters, but in ${path} it has 0`,
    );
    await expect(load(input + ip("b"), path)).rejects.toThrow("parameter 0 has shape 2 3 (6), but");
    await net.dispose();
    await other.dispose();
  });

  test("layers that the net does not have are ignored, with Caffe's notice", async () => {
    const path = await h5("more.h5", { "data/in/side/0": array(5), "data/a/0": array(2, 3), "data/a/1": array(2) }, [
      "data/relu",
    ]);
    const lines: string[] = [];
    const net = await load(input + ip("a"));
    const log = (_: string, origin: string, message: string) => lines.push(`${origin} ${message}`);
    await net.dispose();
    const loaded = await Net.load(input + ip("a"), { engine: "reference", weights: path, log });
    expect(lines.filter((line) => line.includes("Ignoring")).sort()).toEqual([
      "net.cpp:746 Ignoring source layer in/side",
      "net.cpp:746 Ignoring source layer relu",
    ]);
    await loaded.dispose();
  });

  test.each([
    ["another shape", { "data/a/0": array(3, 2), "data/a/1": array(2) }, "but in FILE it has 3 2 (6)"],
    ["too many", { "data/a/0": array(2, 3), "data/a/1": array(2), "data/a/2": array(2) }, "in FILE it has 3"],
    ["too few", { "data/a/0": array(2, 3) }, "in FILE it has 1"],
    ["a gap", { "data/a/1": array(2) }, "parameter 0 has shape 2 3 (6), but in FILE it has (1)"],
    [
      "a number beyond all layers",
      { "data/a/999999999": array(2) },
      "FILE: data/a/999999999 is no parameter of a layer",
    ],
    ["no weights", { other: array(2) }, "FILE has no weights: there is no data/<layer>/<index> in it"],
  ])("with %s is refused", async (name, content, message) => {
    const path = await h5(`${name.replaceAll(" ", "_")}.h5`, content as Record<string, Hdf5Array>);
    await expect(load(input + ip("a"), path)).rejects.toThrow(message.replace("FILE", path));
  });
});

// Every function that takes a path also takes the file's content, an address of the web, and a file of `createFiles`.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { zipSync } from "fflate";
import { dump } from "npyjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createImages } from "#platform";
import {
  Classifier,
  calibrate,
  computeImageMean,
  createFiles,
  doctor,
  drawNet,
  type FileSource,
  fix,
  fold,
  formatNet,
  formatSolver,
  lint,
  loadArray,
  loadImage,
  loadMean,
  type MemoryFiles,
  Net,
  parseNet,
  parseSolver,
  Solver,
  stats,
  summarize,
  type WorkProgress,
} from "../index.js";
import { createFiles as noFiles } from "../platform/browser/index.js";

const golden = fileURLToPath(new URL("../../test/golden/files/", import.meta.url));

const layers = `
  layer { name: "conv" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 2 kernel_size: 3 weight_filler { type: "xavier" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" }
  layer { name: "scale" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }`;
const deploy = `name: "small"
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 dim: 6 dim: 6 } } }${layers}`;
const solver = `net: "train.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 2 random_seed: 3 type: "SGD"\n`;
const train = `
  layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "glyphs" batch_size: 4 backend: LMDB } transform_param { crop_size: 6 mean_file: "mean.binaryproto" scale: 0.01 } }${layers.replaceAll("xavier", "msra")}
  layer { name: "ip" type: "InnerProduct" bottom: "c" top: "y" inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "label" top: "loss" }`;
const encode = (text: string) => new TextEncoder().encode(text);

const options = { engine: "reference", seed: 1 } as const;
const glyphs = new Uint8Array(readFileSync(`${golden}glyphs_train_lmdb/data.mdb`));
const meanFile = new Uint8Array(readFileSync(`${golden}glyphs_mean.binaryproto`));
const noise = Float32Array.from({ length: 4 * 36 }, (_, i) => Math.sin(i * i));
const npy = new Uint8Array(dump(noise, [4, 1, 6, 6], { dtype: "f4" }));

let files: MemoryFiles;
let bytes: Uint8Array;
let server: Server;
let origin: string;

beforeAll(async () => {
  files = createFiles({ "net.prototxt": deploy, "solver.prototxt": solver, "train.prototxt": train, "x.npy": npy });
  files.add("glyphs/data.mdb", new Blob([glyphs]));
  files.add("mean.binaryproto", meanFile);
  const net = await Net.load(deploy, { ...options, files });
  net.params.get("bn")?.forEach((blob, i) => void blob.data.fill(i + 1));
  await net.save("w.caffemodel");
  await net.dispose();
  bytes = await files.read("w.caffemodel");
  server = createServer(async (request, response) => {
    const path = request.url ?? "";
    if (await files.exists(path)) response.end(await files.read(path));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

/** The same file in all forms. Only the memory of the test has it; a page without files reads the rest. */
const forms: Readonly<Record<string, (path: string) => Promise<{ source: FileSource; files?: MemoryFiles }>>> = {
  "a path": async (path) => ({ source: path, files }),
  bytes: async (path) => ({ source: await files.read(path) }),
  "a Blob": async (path) => ({ source: new Blob([await files.read(path)]) }),
  "a File": async (path) => ({ source: Object.assign(new Blob([await files.read(path)]), { name: path }) }),
  "an address": async (path) => ({ source: `${origin}/${path}` }),
  "a URL": async (path) => ({ source: new URL(`${origin}/${path}`) }),
  "an ArrayBuffer": async (path) => ({ source: (await files.read(path)).slice().buffer as ArrayBuffer }),
  "a data: address": async (path) => ({
    source: `data:application/octet-stream;base64,${Buffer.from(await files.read(path)).toString("base64")}`,
  }),
  "a blob: address": async (path) => ({ source: URL.createObjectURL(new Blob([await files.read(path)])) }),
};

describe.each(Object.keys(forms))("%s", (form) => {
  const of = async (path: string) => {
    const { source, files: given = noFiles() } = await forms[form](path);
    return { source, given: { ...options, files: given } };
  };

  test("serves as net and weights", async () => {
    const { source: model, given } = await of("net.prototxt");
    const { source: weights } = await of("w.caffemodel");
    const before = bytes.slice();
    const net = await Net.load(model, { ...given, weights });
    expect(net.params.get("bn")?.map(({ data }) => data[0])).toEqual([1, 2, 3]);
    net.params.get("bn")?.[0]?.data.fill(9);
    await net.copyTrainedLayersFrom(weights);
    expect(net.params.get("bn")?.[0]?.data[0]).toBe(1);
    await net.dispose();
    expect(bytes).toEqual(before);

    const plain = { ...options, files };
    expect((await stats(model, weights, given)).layers).toEqual(
      (await stats("net.prototxt", "w.caffemodel", plain)).layers,
    );
    expect((await stats(undefined, weights, given)).layers).toHaveLength(1);
    expect(await summarize(model, { ...given, weights })).toEqual(
      await summarize("net.prototxt", { ...plain, weights: "w.caffemodel" }),
    );
    expect(await drawNet(model, given)).toBe(await drawNet(deploy));
    const folded = await fold(model, weights, given);
    expect(folded.proof).toMatchObject({ ran: true, passed: true });
    const { findings } = await lint(model, { ...given, weights });
    expect(findings.map(({ rule }) => rule)).toEqual(
      (await lint(deploy, { weights: bytes })).findings.map((f) => f.rule),
    );
    expect((await fix(model, given)).before).toBe(deploy);
  });

  test("serves as data, mean and picture", async () => {
    const { source: array, given } = await of("x.npy");
    const { source: mean } = await of("mean.binaryproto");
    expect(await loadArray(array, given)).toEqual({ shape: [4, 1, 6, 6], data: noise });
    expect((await loadMean(mean, given)).shape).toHaveLength(3);
    const options = { ...given, data: { data: array }, batch: 2 };
    expect(await calibrate(deploy, bytes, options)).toMatchObject({ batches: 2 });
    expect(await doctor(deploy, bytes, options)).toMatchObject({ images: 4 });
    files.add("x.npz", zipSync({ "data.npy": npy }));
    const { source: arrays } = await of("x.npz");
    expect((await doctor(deploy, bytes, { ...given, data: arrays, batch: 1 })).images).toBe(4);
    const path = form === "a path" ? "glyphs" : "glyphs/data.mdb";
    const { source: database } = await of(path);
    const { blob } = await computeImageMean(database, given);
    expect(blob.channels).toBe(1);
    const large = deploy.replace("dim: 6 dim: 6", `dim: ${blob.height} dim: ${blob.width}`);
    const report = await doctor(large, bytes, { ...given, data: database, iterations: 1 });
    expect(report).toMatchObject({ batches: 1 });
  });

  test("serves as a solver", async () => {
    const { source, given } = await of("solver.prototxt");
    const { source: weights } = await of("w.caffemodel");
    const seen = await Solver.load(source, { ...given, files, weights });
    expect(seen.net.params.get("bn")?.map(({ data }) => data[0])).toEqual([1, 2, 3]);
    await seen.solve();
    await seen.dispose();
    const stem = ["a path", "a File", "an address", "a URL"].includes(form) ? "solver" : "snapshot";
    expect(files.paths()).toContain(`/${stem}_iter_2.caffemodel`);
    for (const path of files.paths()) if (path.includes("_iter_")) files.take(path);
  });
});

test("messages serve as nets, weights and solvers", async () => {
  const { message } = parseNet(deploy);
  const net = await Net.load(message, { ...options, weights: bytes });
  const weights = net.toMessage();
  expect((await stats(message, weights)).layers).toEqual((await stats(deploy, bytes)).layers);
  expect((await fold(message, weights, options)).proof).toMatchObject({ passed: true });
  expect((await calibrate(message, weights, { ...options, data: { data: npy } })).batches).toBe(1);
  expect(weights.layer.map(({ name }) => name)).toEqual(["data", "conv", "bn", "scale"]);
  expect(await summarize(message)).toMatchObject({ name: "small" });
  expect(await drawNet(message)).toBe(await drawNet(deploy));
  expect((await lint(message)).text).toBe(formatNet(message));
  const mean = new Uint8Array(dump(Float32Array.of(5), [1], { dtype: "f4" }));
  const classifier = await Classifier.load(message, weights, { ...options, mean });
  const image = { shape: [6, 6, 1], data: new Float32Array(36) };
  expect(classifier.transformer.preprocess("data", image).data[0]).toBe(-5);
  await classifier.dispose();
  await net.dispose();
  const { message: param } = parseSolver(solver);
  const trained = await Solver.load(param, { ...options, files, weights: [weights, bytes] });
  await trained.step(1);
  await trained.dispose();
  expect(param.snapshotPrefix).toBe("");
  expect((await fix(param, { files })).before).toBe(formatSolver(param));
  expect((await lint(message, { solver: param })).findings).toEqual(
    (await lint(formatNet(message), { solver })).findings,
  );
});

test("a file: address is a path of Node's, as import.meta.url gives it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "moka-sources 100%-"));
  writeFileSync(join(folder, "net.prototxt"), deploy);
  writeFileSync(join(folder, "w.caffemodel"), bytes);
  const url = (name: string) => pathToFileURL(join(folder, name));
  const net = await Net.load(url("net.prototxt"), { ...options, weights: url("w.caffemodel").href });
  expect(net.params.get("bn")?.[0]?.data[0]).toBe(1);
  await net.save(url("copy.caffemodel"));
  await net.dispose();
  expect(readFileSync(join(folder, "copy.caffemodel"))).toEqual(Buffer.from(bytes));
  expect((await lint(url("net.prototxt"))).file).toBe(join(folder, "net.prototxt"));
  await expect(Net.load("file:///a%", options)).rejects.toMatchObject({ code: "MOKA_FILE" });
  rmSync(folder, { recursive: true });
});

test("what is no file is told apart by what it is", async () => {
  const fails = (source: unknown, reason: string) =>
    expect(Net.load(source as string, options)).rejects.toMatchObject({
      code: "MOKA_USAGE",
      message: `a file is wanted: its path or address, its bytes (Uint8Array or ArrayBuffer), or a Blob; this is ${reason}`,
    });
  await fails(undefined, "undefined");
  await fails(5, "5");
  await fails(Promise.resolve(deploy), "a Promise: await it");
  await fails(parseNet(deploy), "an object with message, issues");
  await fails(Object.create(null), "an object with nothing in it");
  await fails(new Response(deploy), "of class Response");
  await expect(Net.load(deploy, { ...options, weights: null as unknown as string })).rejects.toThrow(/this is null$/);
  const net = await Net.load(deploy, options);
  await expect(net.save(undefined as unknown as string)).rejects.toThrow(
    "a path is wanted, a string or a URL; this is undefined",
  );
  await net.dispose();
  const snapshot = encode("state") as unknown as string;
  await expect(Solver.load(solver, { ...options, files, snapshot })).rejects.toThrow(
    /^a path is .* of class Uint8Array$/,
  );
  await expect(loadImage({} as string)).rejects.toThrow(/this is an object with nothing in it$/);
  await expect(lint(3 as unknown as string)).rejects.toThrow(/this is 3$/);
  await expect(Net.load("a", { files: { a: deploy } as never })).rejects.toThrow(/^files: what createFiles/);
  await expect(Net.load(deploy, { ...options, weights: "" })).rejects.toThrow("the path of a file is empty");
});

test("several weights may have several forms; the last one counts", async () => {
  const net = await Net.load(deploy, { ...options, weights: bytes });
  for (const blob of net.params.get("bn") ?? []) blob.data.fill(7);
  const sevens = net.toMessage();
  sevens.layer = sevens.layer.filter(({ name }) => name === "bn");
  const both = await Net.load(deploy, { ...options, files, weights: ["w.caffemodel", sevens] });
  expect(both.params.get("bn")?.[0]?.data[0]).toBe(7);
  const { layers } = await stats(deploy, [bytes, sevens]);
  expect(layers[0]?.factor).toBe(7);
  await both.dispose();
  await net.dispose();
});

test("what is not a file of weights says so without a path", async () => {
  await expect(Net.load(deploy, { ...options, weights: encode("hello") })).rejects.toThrow(
    "the weights is a text file, where a caffemodel is wanted",
  );
  const file = Object.assign(new Blob(["hello"]), { name: "my.caffemodel" });
  await expect(Net.load(deploy, { ...options, weights: file })).rejects.toThrow(
    "my.caffemodel is a text file, where a caffemodel is wanted",
  );
  await expect(Net.load(encode("layer { nam: 1 }\nx"), options)).rejects.toThrow(/^<text>:/);
});

test("a page's net that is saved to nowhere says what to do", async () => {
  const net = await Net.load(deploy, { ...options, files: noFiles() });
  await expect(net.save("x.caffemodel")).rejects.toThrow(
    "cannot write x.caffemodel: a page has no file system, so it would be lost; give the option files: createFiles()",
  );
  await net.dispose();
});

test("a page's solver takes steps, and says before it solves that the snapshot would be lost", async () => {
  const text = `net_param { layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 1 dim: 1 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "x" top: "l" } }
    base_lr: 0.1 lr_policy: "fixed" max_iter: 4`;
  const stepping = await Solver.load(text, { ...options, files: noFiles() });
  await stepping.step(1);
  await expect(stepping.solve()).rejects.toThrow("cannot write snapshot_iter_4: a page has no file system");
  expect(stepping.iter).toBe(1);
  await expect(stepping.snapshot()).rejects.toThrow("cannot write snapshot_iter_1.");
  await stepping.dispose();
  const quiet = await Solver.load(`${text} snapshot_after_train: false`, { ...options, files: noFiles() });
  await quiet.solve();
  await quiet.dispose();
});

test("a solver of the web finds its net beside it", async () => {
  files.add(
    "web/net.prototxt",
    train
      .replace('type: "Data"', 'type: "DummyData"')
      .replace(
        /data_param \{ source.*?LMDB \}/,
        "dummy_data_param { shape { dim: 2 dim: 1 dim: 6 dim: 6 } shape { dim: 2 } }",
      )
      .replace(/transform_param \{.*?\}/, ""),
  );
  files.add(
    "web/solver.prototxt",
    'net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 2 snapshot_after_train: false',
  );
  const found = await Solver.load(`${origin}/web/solver.prototxt`, { ...options, files: noFiles() });
  await found.solve();
  expect(found.param.snapshotPrefix).toBe("solver");
  await found.dispose();
});

test("a net of the web says how far it is", async () => {
  const seen: WorkProgress[] = [];
  const weights = `${origin}/w.caffemodel`;
  const net = await Net.load(`${origin}/net.prototxt`, {
    ...options,
    weights,
    onProgress: (each) => void seen.push(each),
  });
  await net.dispose();
  expect(seen.at(-1)).toEqual({ what: "bytes", url: weights, done: bytes.length, total: bytes.length });
  await expect(Net.load(`${origin}/none.prototxt`, options)).rejects.toMatchObject({
    code: "MOKA_FILE",
    message: `cannot read ${origin}/none.prototxt: the server answers 404 Not Found`,
  });
});

test("an HDF5 file, and the list that names it, are read from memory", async () => {
  const memory = createFiles({
    "list.txt": "clusters.h5\n",
    "clusters.h5": new Blob([readFileSync(`${golden}clusters_train.h5`)]),
  });
  const net = await Net.load(
    `layer { name: "data" type: "HDF5Data" top: "data" hdf5_data_param { source: "list.txt" batch_size: 2 } }
    layer { name: "out" type: "HDF5Output" bottom: "data" bottom: "data" hdf5_output_param { file_name: "out.h5" } }`,
    { ...options, files: memory },
  );
  await net.forward();
  await net.dispose();
  expect((await memory.read("out.h5")).subarray(1, 4)).toEqual(encode("HDF"));
});

test("a page's lint does not mind that there are no files", async () => {
  const text = `${deploy}
  layer { name: "out" type: "HDF5Output" bottom: "c" bottom: "data" hdf5_output_param { file_name: "out.h5" } }`;
  const { findings } = await lint(text, { files: noFiles() });
  expect(findings).toEqual((await lint(text, { files: createFiles() })).findings);
});

test("a picture is read from its bytes", async () => {
  const picture = await createImages().encode({ width: 3, height: 2, channels: 1, data: new Uint8Array(6) }, "png");
  for (const source of [picture, new Blob([picture])]) expect((await loadImage(source)).shape).toEqual([2, 3, 3]);
  await expect(loadImage(picture.slice(0, 20))).rejects.toThrow(/^the image: /);
});

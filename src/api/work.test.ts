// Every function of long work: how far it is, and its end by an abort.
import { getEventListeners } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createImages } from "#platform";
import { writeIdx } from "../data/idx.js";
import {
  Classifier,
  calibrate,
  computeImageMean,
  convertCifarData,
  convertImageset,
  convertMnistSiameseData,
  createFiles,
  Detector,
  doctor,
  extractFeatures,
  fold,
  type MemoryFiles,
  Net,
  type NetParameter,
  Solver,
  type WorkOptions,
  type WorkProgress,
} from "../index.js";

const engine = { engine: "reference" } as const;
const body = `
  layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 2 kernel_size: 2 weight_filler { type: "xavier" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" }
  layer { name: "sc" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
  layer { name: "ip" type: "InnerProduct" bottom: "c" top: "ip" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }`;
const model = `layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 2 dim: 1 dim: 4 dim: 4 } } } ${body}`;
const rows = 6;
const data = { data: { shape: [rows, 1, 4, 4], data: Float32Array.from({ length: rows * 16 }, (_, i) => i % 5) } };
const image = { shape: [4, 4, 1], data: new Float32Array(16).fill(0.5) };

let net: Net;
let trained: NetParameter;
let picture: Uint8Array;
beforeAll(async () => {
  net = await Net.load(model, { ...engine, seed: 1 });
  await net.forward({ data: data.data.data.subarray(0, 32) });
  trained = net.toMessage();
  for (const blob of trained.layer.find(({ name }) => name === "bn")?.blobs ?? []) blob.data = blob.data.map(() => 1);
  picture = await createImages().encode({ width: 4, height: 4, channels: 1, data: new Uint8Array(16) }, "png");
});
afterAll(() => net.dispose());

/** Files in memory that all of this reads. */
function given(): MemoryFiles {
  const cifar = new Uint8Array(2 * 3073);
  const names = [1, 2, 3, 4, 5].map((n) => `cifar/data_batch_${n}.bin`);
  return createFiles({
    "list.txt": "a.png 0\na.png 1\na.png 2\na.png 3\n",
    "a.png": picture,
    ...Object.fromEntries([...names, "cifar/test_batch.bin"].map((name) => [name, cifar])),
    "images.gz": gzipSync(writeIdx({ shape: [3, 2, 2], data: new Uint8Array(12) })),
    "labels.gz": gzipSync(writeIdx({ shape: [3], data: new Uint8Array(3) })),
  });
}

interface Work {
  /** The number that the progress counts to. */
  readonly total: number | undefined;
  readonly what: WorkProgress["what"];
  readonly parts: number;
  run(options: WorkOptions & { files: MemoryFiles }): Promise<unknown>;
}

const works: Readonly<Record<string, Work>> = {
  calibrate: {
    what: "batches",
    total: 6,
    parts: 6,
    run: (options) => calibrate(model, trained, { ...engine, ...options, data, batch: 2, output: "new.caffemodel" }),
  },
  doctor: {
    what: "batches",
    total: undefined,
    parts: 4,
    run: (options) => doctor(model, trained, { ...engine, ...options, data, batch: 2 }),
  },
  fold: {
    what: "layers",
    total: 1,
    parts: 1,
    run: (options) => fold(model, trained, { ...engine, ...options, output: "folded" }),
  },
  "extractFeatures into LMDB": {
    what: "batches",
    total: 3,
    parts: 3,
    run: (options) => extractFeatures(net, { ...options, blobs: ["ip"], outputs: ["ip"], batches: 3, format: "lmdb" }),
  },
  "extractFeatures into npy": {
    what: "batches",
    total: 3,
    parts: 3,
    run: (options) =>
      extractFeatures(net, { ...options, blobs: ["ip"], outputs: ["x.npy"], batches: 3, format: "npy" }),
  },
  convertImageset: {
    what: "images",
    total: 4,
    parts: 4,
    run: (options) => convertImageset("", "list.txt", "db", { ...options, gray: true }),
  },
  "convertImageset into LevelDB": {
    what: "images",
    total: 4,
    parts: 4,
    run: (options) => convertImageset("", "list.txt", "db", { ...options, backend: "leveldb" }),
  },
  computeImageMean: {
    what: "records",
    total: undefined,
    parts: 4,
    async run(options) {
      await convertImageset("", "list.txt", "made", { files: options.files });
      const made = createFiles({ "data.mdb": options.files.take("made/data.mdb") ?? "" });
      return computeImageMean("data.mdb", { ...options, files: made });
    },
  },
  convertCifarData: {
    what: "records",
    total: 12,
    parts: 12,
    run: (options) => convertCifarData("cifar", "out", options),
  },
  convertMnistSiameseData: {
    what: "records",
    total: 3,
    parts: 3,
    run: (options) => convertMnistSiameseData("images.gz", "labels.gz", "pairs", options),
  },
  "net.forwardAll": {
    what: "batches",
    total: 3,
    parts: 3,
    run: ({ files: _, ...work }) => net.forwardAll({ data: data.data.data }, work),
  },
  "classifier.predict": {
    what: "batches",
    total: 2,
    parts: 2,
    async run({ files: _, ...work }) {
      await using classifier = await Classifier.load(model, trained, engine);
      await classifier.predict([image, image, image], false, work);
    },
  },
  "detector.detectWindows": {
    what: "batches",
    total: 1,
    parts: 1,
    async run({ files: _, ...work }) {
      await using detector = await Detector.load(model, trained, engine);
      await detector.detectWindows([[image, [[0, 0, 4, 4]]]], work);
    },
  },
};

describe.each(Object.entries(works))("%s", (_, { what, total, parts, run }) => {
  test("says how far it is, from 0 to the end", async () => {
    const seen: WorkProgress[] = [];
    await run({ files: given(), onProgress: (progress) => void seen.push(progress) });
    const distinct = seen.filter(({ done }, i) => done !== seen[i - 1]?.done);
    expect(distinct).toEqual(Array.from({ length: parts + 1 }, (_, done) => ({ what, done, total })));
  });

  test.each([0, 1])("aborted after part %i, ends with the reason, and writes nothing", async (part) => {
    const files = given();
    const before = files.paths();
    const control = new AbortController();
    const reason = new RangeError("enough");
    const seen: number[] = [];
    const onProgress = ({ done }: WorkProgress) => {
      seen.push(done);
      if (done === part) control.abort(reason);
    };
    const { signal } = control;
    const isOver = part === parts;
    const ended = run({ files, signal, onProgress });
    // What has nothing left to do, or only to write, may end either way; it must not write.
    if (isOver) await ended.catch((error) => void expect(error).toBe(reason));
    else await expect(ended).rejects.toBe(reason);
    expect(Math.max(...seen)).toBe(part);
    expect(files.paths()).toEqual(before);
    expect(getEventListeners(signal, "abort")).toEqual([]);
    // All is usable as before.
    await run({ files });
  });

  test("aborted before the start, does nothing", async () => {
    const files = given();
    const before = files.paths();
    const signal = AbortSignal.abort("enough");
    await expect(run({ files, signal, onProgress: () => expect.fail("it began") })).rejects.toBe("enough");
    expect(files.paths()).toEqual(before);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("a load from the web", () => {
  const server = createServer((request, response) => {
    if (request.url === "/net.prototxt") response.end(model);
    // The rest never comes.
    else response.writeHead(200, { "Content-Length": 1000 }).write("abc");
  });
  let origin = "";
  beforeAll(async () => {
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test.each([
    [
      "Net.load",
      (work: WorkOptions, weights: string) => Net.load(`${origin}/net.prototxt`, { ...engine, ...work, weights }),
    ],
    [
      "Solver.load",
      (work: WorkOptions, weights: string) =>
        Solver.load(`base_lr: 0 lr_policy: "fixed" net: "${origin}/net.prototxt"\n`, { ...engine, ...work, weights }),
    ],
    ["fold", (work: WorkOptions, weights: string) => fold(`${origin}/net.prototxt`, weights, { ...engine, ...work })],
  ])("%s is ended in the middle of a download", async (_, load) => {
    const control = new AbortController();
    const onProgress = ({ url, done }: WorkProgress) => {
      if (url?.endsWith("weights") && done > 0) setImmediate(() => control.abort());
    };
    const { signal } = control;
    await expect(load({ signal, onProgress }, `${origin}/weights`)).rejects.toMatchObject({ name: "AbortError" });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test.each([
    ["Net.load", (options: WorkOptions) => Net.load(model, { ...engine, ...options })],
    [
      "Solver.load",
      (options: WorkOptions) =>
        Solver.load(`base_lr: 0 lr_policy: "fixed" net_param { ${model} }\n`, { ...engine, ...options }),
    ],
  ])("an abort after %s concerns no longer what was loaded", async (_, load) => {
    const control = new AbortController();
    await using loaded = await load({ signal: control.signal });
    control.abort();
    expect(getEventListeners(control.signal, "abort")).toEqual([]);
    await ("step" in loaded ? loaded.step(1) : loaded.forward());
    await expect(load({ signal: control.signal })).rejects.toMatchObject({ name: "AbortError" });
  });
});

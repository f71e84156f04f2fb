import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { readHdf5 } from "../data/hdf5.js";
import { Solver, type SolverOptions } from "../index.js";
import { MemoryDataLayer } from "../layers/data/memory-data.js";
import { createFiles, type MemoryFiles } from "../platform/memory-files.js";
import { runStateFile } from "./run-state.js";

const golden = (path: string) =>
  new Uint8Array(readFileSync(new URL(`../../test/golden/files/${path}`, import.meta.url)));

/** Files of the reference, in memory, together with the files that a run writes. */
function dataFolder(): MemoryFiles {
  const names = ["clusters_train.h5", "clusters_test.h5", "glyphs_train_lmdb/data.mdb", "glyphs_test_lmdb/data.mdb"];
  const lists = { "train.txt": "clusters_train.h5\nclusters_test.h5\n", "test.txt": "clusters_test.h5\n" };
  return createFiles({ ...lists, ...Object.fromEntries(names.map((name) => [name, golden(name)])) });
}

/** The layers after the data, which draw random numbers too. */
const head = (outputs: number) => `
  layer { name: "fc1" type: "InnerProduct" bottom: "x" top: "h" inner_product_param { num_output: 6 weight_filler { type: "xavier" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "h" top: "h" }
  layer { name: "drop" type: "Dropout" bottom: "h" top: "h" dropout_param { dropout_ratio: 0.25 } }
  layer { name: "fc2" type: "InnerProduct" bottom: "h" top: "y" inner_product_param { num_output: ${outputs} weight_filler { type: "gaussian" std: 0.1 } } }`;

const classify = (outputs: number) =>
  `${head(outputs)} layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "t" top: "loss" }`;

/** Each source of data whose position a run must store, in training and in tests. */
const nets = {
  "noise from fillers": `
  layer { name: "data" type: "DummyData" top: "x" top: "t" dummy_data_param {
    shape { dim: 8 dim: 3 } shape { dim: 8 dim: 1 } data_filler { type: "gaussian" } data_filler { type: "uniform" } } }
  ${head(1)} layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }`,
  "images, cropped and mirrored": `
  layer { name: "data" type: "Data" top: "x" top: "t" include { phase: TRAIN } transform_param { crop_size: 20 mirror: true scale: 0.004 }
    data_param { source: "glyphs_train_lmdb" backend: LMDB batch_size: 61 } }
  layer { name: "data" type: "Data" top: "x" top: "t" include { phase: TEST } transform_param { crop_size: 20 scale: 0.004 }
    data_param { source: "glyphs_test_lmdb" backend: LMDB batch_size: 31 } }
  ${classify(10)}`,
  "shuffled rows of several files": `
  layer { name: "data" type: "HDF5Data" top: "data" top: "label" include { phase: TRAIN }
    hdf5_data_param { source: "train.txt" batch_size: 37 shuffle: true } }
  layer { name: "data" type: "HDF5Data" top: "data" top: "label" include { phase: TEST }
    hdf5_data_param { source: "test.txt" batch_size: 7 } }
  ${classify(4).replace('bottom: "x"', 'bottom: "data"').replace('bottom: "t"', 'bottom: "label"')}`,
  "arrays of the caller": `
  layer { name: "data" type: "MemoryData" top: "x" top: "t" memory_data_param { batch_size: 4 channels: 2 height: 1 width: 1 } }
  ${classify(3)}`,
  "the hidden state of a sequence": `
  layer { name: "data" type: "DummyData" top: "x" top: "cont" top: "t" dummy_data_param {
    shape { dim: 2 dim: 3 dim: 4 } shape { dim: 2 dim: 3 } shape { dim: 2 dim: 3 dim: 5 }
    data_filler { type: "gaussian" } data_filler { type: "constant" value: 1 } data_filler { type: "uniform" } } }
  layer { name: "lstm" type: "LSTM" bottom: "x" bottom: "cont" top: "y" recurrent_param { num_output: 5
    weight_filler { type: "uniform" min: -0.5 max: 0.5 } } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }`,
} as const;

type NetName = keyof typeof nets;

/** With `snapshot` it resumes from there, after the layers that need data from the caller have them. */
async function load(
  net: string,
  files: MemoryFiles,
  fields = "",
  { snapshot, ...options }: SolverOptions = {},
): Promise<Solver> {
  const text = `base_lr: 0.05 lr_policy: "step" gamma: 0.5 stepsize: 7 momentum: 0.9 type: "Adam" max_iter: 20
    iter_size: 2 average_loss: 6 display: 5 test_iter: 3 test_interval: 4 snapshot_prefix: "snap" ${fields}
    net_param { name: "net" ${net} }`;
  const solver = await Solver.load(text, { engine: "wasm", files, ...options });
  for (const each of [solver.net, ...solver.testNets]) {
    for (const layer of each.layers) {
      if (!(layer instanceof MemoryDataLayer)) continue;
      const labels = Float32Array.from({ length: 12 }, (_, i) => i % 3);
      layer.reset(
        Float32Array.from({ length: 24 }, (_, i) => Math.sin(5 * i)),
        labels,
      );
    }
  }
  if (snapshot !== undefined) await solver.restore(snapshot);
  return solver;
}

/** Trains to the end, and returns all events. */
async function train(solver: Solver): Promise<unknown[]> {
  const seen: unknown[] = [];
  solver.on("iteration", ({ iter, loss, smoothedLoss, lr }) => void seen.push([iter, loss, smoothedLoss, lr]));
  solver.on("test", ({ iter, outputs }) => void seen.push([iter, structuredClone(outputs)]));
  await solver.solve();
  await solver.dispose();
  return seen;
}

/** The events from iteration 10 on. */
const later = (seen: readonly unknown[]) => seen.filter((each) => (each as number[])[0] >= 10);

/** The last snapshot: its bytes; for HDF5, which contains the time of writing, its datasets. */
function take20(files: MemoryFiles, end: string): Promise<unknown[]> {
  const taken = ["caffemodel", "solverstate"].map((kind) => files.take(`snap_iter_20.${kind}${end}`) as Uint8Array);
  return Promise.all(taken.map((bytes) => (end === ".h5" ? readHdf5(bytes) : bytes)));
}

const ends = { BINARYPROTO: "", HDF5: ".h5" } as const;

describe.each(Object.keys(nets) as NetName[])("a run on %s", (name) => {
  test.each(["BINARYPROTO", "HDF5"] as const)("resumes bit for bit from snapshots in %s", async (format) => {
    const fields = `snapshot: 10 snapshot_format: ${format}`;
    const end = ends[format];
    const files = dataFolder();
    const whole = await train(await load(nets[name], files, `${fields} random_seed: 7`));
    const wanted = await take20(files, end);
    const position = files.take("snap_iter_20.moka.json");

    const log: string[] = [];
    const resumed = await load(nets[name], files, `${fields} random_seed: 8`, {
      snapshot: `snap_iter_10.solverstate${end}`,
      log: (_severity, _origin, message) => void log.push(message),
    });
    expect(log).toContain("Resuming exactly where snap_iter_10.moka.json was written");
    expect(await train(resumed)).toEqual(later(whole));
    expect(await take20(files, end)).toEqual(wanted);
    expect(files.take("snap_iter_20.moka.json")).toEqual(position);
  });

  test("resumes as in Caffe from Caffe's own files, and logs it", async () => {
    const files = dataFolder();
    const whole = await train(await load(nets[name], files, "snapshot: 10 random_seed: 7"));
    files.take("snap_iter_10.moka.json");
    const log: string[] = [];
    const resumed = await load(nets[name], files, "random_seed: 7", {
      snapshot: "snap_iter_10.solverstate",
      log: (severity, _origin, message) => void log.push(`${severity}: ${message}`),
    });
    expect(log).toContain(
      "info: Resuming from Caffe's own files alone (cannot read snap_iter_10.moka.json: no such file or folder): " +
        "data, random numbers and smoothed loss start from the beginning, as in Caffe",
    );
    expect(await train(resumed)).not.toEqual(later(whole));
  });
});

describe("a snapshot that is asked for during tests", () => {
  test.each(["snapshot", "stop"] as const)("by %s has the position before the tests", async (action) => {
    const files = dataFolder();
    const name = "images, cropped and mirrored";
    const whole = await train(await load(nets[name], files, "random_seed: 7"));
    const first = await load(nets[name], files, "random_seed: 7");
    let asked = 0;
    // Asked after every iteration and before every batch of a test: the second time in iteration 12 is within its test.
    first.onRequest(() => (first.iter === 12 && ++asked === 3 ? action : "none"));
    await first.solve();
    expect(first.stopped).toBe(action === "stop");
    await first.dispose();
    const resumed = await load(nets[name], files, "random_seed: 8", { snapshot: "snap_iter_12.solverstate" });
    expect(await train(resumed)).toEqual(whole.filter((each) => (each as number[])[0] >= 12));
  });
});

describe("a run state that does not fit is ignored, with a warning:", () => {
  const net = nets["noise from fillers"];
  const file = "snap_iter_10.moka.json";
  const decode = (bytes: Uint8Array | undefined) => JSON.parse(new TextDecoder().decode(bytes));

  /** A run stopped at iteration 10, and the events of a run that resumes without run state. */
  async function stopped(): Promise<{ files: MemoryFiles; state: Record<string, unknown>; withoutState: unknown[] }> {
    const files = dataFolder();
    await train(await load(net, files, "max_iter: 10 random_seed: 7".replace("max_iter: 10", "snapshot: 10")));
    const state = decode(files.take(file) as Uint8Array);
    const withoutState = await train(
      await load(net, files, "random_seed: 9", { snapshot: "snap_iter_10.solverstate" }),
    );
    return { files, state, withoutState };
  }

  test.each([
    ["broken JSON", () => '{"version": 1', "it is no JSON object"],
    ["a list", () => "[]", "it is no JSON object"],
    ["another version", (state: object) => JSON.stringify({ ...state, version: 2 }), "it has version 2, not 1"],
    [
      "another iteration",
      (state: object) => JSON.stringify({ ...state, iter: 11 }),
      "it was written for other files: not the same iteration",
    ],
    [
      "other weights and history",
      (state: object) =>
        JSON.stringify({ ...state, sha256: { ...(state as { sha256: object }).sha256, weights: "0", history: "" } }),
      "it was written for other files: not the same weights, history",
    ],
    [
      "no hashes",
      () => '{"version": 1, "iter": 10}',
      "it was written for other files: not the same net, weights, history",
    ],
    ["no nets", (state: object) => JSON.stringify({ ...state, nets: undefined }), "it lacks random, losses or nets"],
  ])("%s", async (_, change, reason) => {
    const { files, state, withoutState } = await stopped();
    files.add(file, change(state));
    const log: string[] = [];
    const solver = await load(net, files, "random_seed: 9", {
      snapshot: "snap_iter_10.solverstate",
      log: (severity, _origin, message) => void log.push(`${severity}: ${message}`),
    });
    expect(log).toContain(
      `warning: Ignoring ${file}, as ${reason}: data, random numbers and smoothed loss start from the beginning, as in Caffe`,
    );
    expect(await train(solver)).toEqual(withoutState);
  });

  test("another net", async () => {
    const { files, state } = await stopped();
    files.add(file, JSON.stringify(state));
    const log: string[] = [];
    const solver = await load(net.replace("dropout_ratio: 0.25", "dropout_ratio: 0.5"), files, "random_seed: 9", {
      snapshot: "snap_iter_10.solverstate",
      log: (severity, _origin, message) => void log.push(`${severity}: ${message}`),
    });
    expect(log).toContainEqual(expect.stringContaining("as it was written for other files: not the same net"));
    await solver.dispose();
  });

  test.each([
    [
      "a generator that cannot be",
      (state: object) => ({ ...state, random: { words: [1], used: 0 } }),
      "the state of a random generator must have 624 unsigned 32-bit words, not all of them 0",
    ],
    [
      "losses of another average_loss",
      (state: object) => ({ ...state, losses: { size: 3, losses: [], mean: 0 } }),
      "average_loss has changed, so the smoothed loss starts from the beginning",
    ],
  ])("only in part: %s", async (_, change, reason) => {
    const { files, state } = await stopped();
    files.add(file, JSON.stringify(change(state)));
    const log: string[] = [];
    const solver = await load(net, files, "random_seed: 9", {
      snapshot: "snap_iter_10.solverstate",
      log: (severity, _origin, message) => void log.push(`${severity}: ${message}`),
    });
    expect(log).toContain(`warning: Resuming with ${file}, but not exactly: ${reason}`);
    await solver.dispose();
  });

  test("only in part: a layer whose saved position does not exist any more", async () => {
    const images = nets["images, cropped and mirrored"];
    const files = dataFolder();
    await train(await load(images, files, "snapshot: 10 random_seed: 7"));
    files.take("glyphs_train_lmdb/data.mdb");
    files.add("glyphs_train_lmdb/data.mdb", golden("glyphs_test_lmdb/data.mdb"));
    const log: string[] = [];
    const solver = await load(images, files, "random_seed: 9", {
      snapshot: "snap_iter_20.solverstate",
      log: (severity, _origin, message) => void log.push(`${severity}: ${message}`),
    });
    expect(log).toContainEqual(
      expect.stringMatching(
        /^warning: Resuming with snap_iter_20.moka.json, but not exactly: .*layer "data" \(Data\): /,
      ),
    );
    await solver.dispose();
  });
});

test("the solver state is written last: if it exists, the other files are complete", async () => {
  const files = dataFolder();
  const order: string[] = [];
  const write = files.write.bind(files);
  files.write = async (path, chunks) => {
    await write(path, chunks);
    order.push(path);
  };
  const solver = await load(nets["noise from fillers"], files);
  await solver.step(1);
  await solver.snapshot();
  await solver.dispose();
  expect(order).toEqual(["snap_iter_1.moka.json", "snap_iter_1.caffemodel", "snap_iter_1.solverstate"]);
});

test("without hashes, snapshots are those of Caffe, with a warning", async () => {
  vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
  try {
    const files = dataFolder();
    const log: string[] = [];
    const solver = await load(nets["noise from fillers"], files, "random_seed: 7", {
      log: (severity, _origin, message) => void log.push(`${severity}: ${message}`),
    });
    await solver.step(1);
    const runs: unknown[] = [];
    solver.on("snapshot", ({ run }) => runs.push(run));
    await solver.snapshot();
    await solver.dispose();
    expect(runs).toEqual([undefined]);
    expect(files.paths().filter((path) => path.startsWith("/snap"))).toEqual([
      "/snap_iter_1.caffemodel",
      "/snap_iter_1.solverstate",
    ]);
    expect(log).toContain(
      "warning: Snapshotting without snap_iter_1.moka.json: hashes cannot be computed here: " +
        "Node has no crypto, or this page came neither over https nor from localhost",
    );
  } finally {
    vi.unstubAllGlobals();
  }
});

test.each([
  ["lenet_iter_100.solverstate", "lenet_iter_100.moka.json"],
  ["a/b.c_iter_1.solverstate.h5", "a/b.c_iter_1.moka.json"],
  ["renamed", "renamed.moka.json"],
])("the run state of %s is %s", (state, run) => {
  expect(runStateFile(state)).toBe(run);
});

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readHdf5 } from "../data/hdf5.js";
import { Layer, Solver, type SolverOptions } from "../index.js";
import { NetParameterSchema } from "../proto/gen/caffe_pb.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moka-solver-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A regression on noise with a BatchNorm, so that there are parameters of all kinds. */
const net = (extra = "") => `net_param {
  name: "noise"
  layer { name: "data" type: "DummyData" top: "x" top: "t" dummy_data_param {
    shape { dim: 8 dim: 3 } shape { dim: 8 dim: 1 } data_filler { type: "gaussian" } data_filler { type: "uniform" } } }
  layer { name: "fc1" type: "InnerProduct" bottom: "x" top: "h" inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "h" top: "h" }
  layer { name: "scale" type: "Scale" bottom: "h" top: "h" scale_param { bias_term: true } }
  layer { name: "fc2" type: "InnerProduct" bottom: "h" top: "y" inner_product_param { num_output: 1 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }
  ${extra}
}`;

async function load(fields: string, options: SolverOptions = {}, netText = net()): Promise<Solver> {
  const text = `base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 max_iter: 10 random_seed: 5
    snapshot_prefix: "${folder}/snap" ${fields}\n${netText}`;
  return Solver.load(text, { engine: "reference", ...options });
}

const weights = (solver: Solver) =>
  [...solver.net.params].map(([name, blobs]) => [name, blobs.map(({ data }) => [...data])]);

test("step makes the given number of updates, with an event for each", async () => {
  const solver = await load("");
  const seen: number[] = [];
  const stop = solver.on("iteration", ({ iter, loss }) => {
    seen.push(iter);
    expect(loss).toBe(solver.loss);
  });
  await solver.step(3);
  stop();
  await solver.step(2);
  expect(seen).toEqual([0, 1, 2]);
  expect(solver.iter).toBe(5);
  expect(solver.lr).toBe(Math.fround(0.1));
  await solver.dispose();
});

test("a loop of one's own, with forward, backward and applyUpdate, gives the bits of step", async () => {
  const settings = 'type: "Adam" lr_policy: "inv" gamma: 0.1 power: 0.5 weight_decay: 0.01 clip_gradients: 1';
  const [stepped, own] = [await load(settings), await load(settings)];
  await stepped.step(3);
  for (let i = 0; i < 3; i++) {
    own.net.clearParamDiffs();
    await own.net.forward();
    await own.net.backward();
    await own.applyUpdate();
  }
  expect(weights(own)).toEqual(weights(stepped));
  expect([own.iter, own.lr]).toEqual([3, stepped.lr]);
  await stepped.dispose();
  await own.dispose();
});

test.each([
  ["Flatten", ""],
  ["Reshape", "reshape_param { shape { dim: 0 dim: -1 } }"],
])("trains on a loss weight on a %s as Caffe does", async (type, fields) => {
  const text = `net_param {
    layer { name: "d" type: "DummyData" top: "d" dummy_data_param { shape { dim: 2 dim: 3 } data_filler { type: "constant" value: 1 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "d" top: "ip" inner_product_param { num_output: 2 weight_filler { type: "constant" value: 1 } } }
    layer { name: "v" type: "${type}" bottom: "ip" top: "v" loss_weight: 2 ${fields} } }`;
  const solver = await load("base_lr: 0.01 momentum: 0", {}, text);
  const losses: number[] = [];
  solver.on("iteration", ({ loss }) => void losses.push(loss));
  await solver.step(4);
  expect(losses.map((loss) => loss.toPrecision(6))).toEqual(["24.0000", "22.7200", "21.4400", "20.1600"]);
  await solver.dispose();
});

describe("calls in parallel", () => {
  const losses = async (run: (solver: Solver) => Promise<unknown>) => {
    const solver = await load("test_iter: 2 test_interval: 2", { seed: 3 });
    const seen: number[] = [];
    solver.on("iteration", ({ loss }) => void seen.push(loss));
    await run(solver);
    const result = [seen, weights(solver)];
    await solver.dispose();
    return result;
  };

  test("of step give what the same calls give one after the other", async () => {
    const apart = await losses(async (solver) => {
      for (const n of [2, 3]) await solver.step(n);
    });
    expect(await losses((solver) => Promise.all([solver.step(2), solver.step(3)]))).toEqual(apart);
  });

  test("with those of its nets do not come within an iteration, a test or a snapshot", async () => {
    const solver = await load("test_iter: 3 test_interval: 1 snapshot: 1");
    const log: string[] = [];
    solver.on("iteration", ({ iter }) => {
      log.push(`iteration ${iter}`);
      // Listeners are not awaited: a call of a listener has its turn after the iteration and its snapshot.
      void solver.net.forward().then(() => log.push(`forward ${iter}`));
    });
    solver.on("test", ({ iter }) => void log.push(`test ${iter}`));
    solver.on("snapshot", ({ iter }) => void log.push(`snapshot ${iter}`));
    await Promise.all([solver.step(2), solver.testNets[0]?.forward()]);
    await solver.net.turn(async () => {});
    expect(log).toEqual([
      ...["test 0", "iteration 0", "snapshot 1", "forward 0"],
      ...["test 1", "iteration 1", "snapshot 2", "forward 1"],
    ]);
    await solver.dispose();
  });

  test("with dispose: it waits for those before it, and refuses those after it", async () => {
    const solver = await load("");
    const step = solver.step(3);
    const disposed = solver.dispose();
    const late = await Promise.allSettled([solver.step(1), solver.solve(), solver.test(), solver.snapshot()]);
    for (const call of late) expect(String(call.status === "rejected" && call.reason)).toContain("disposed of");
    await step;
    expect(solver.iter).toBe(3);
    await disposed;
    expect(() => solver.net.blobs.get("y")?.data).toThrow("disposed of");
  });
});

test("a step after one that was stopped goes on, with its tests", async () => {
  const solver = await load("test_iter: 2 test_interval: 1");
  const tests: number[] = [];
  solver.on("test", ({ iter }) => void tests.push(iter));
  solver.onRequest(() => (solver.iter === 1 ? "stop" : "none"));
  await solver.step(3);
  expect([solver.iter, solver.stopped]).toEqual([1, true]);
  solver.onRequest(() => "none");
  await solver.test();
  await solver.step(2);
  expect([solver.iter, solver.stopped, tests]).toEqual([3, false, [0, 1, 1, 2]]);
  await solver.dispose();
});

describe("layers are closed", () => {
  /** Counts what is open; `fault` is thrown by the first that is closed. */
  class Door extends Layer {
    static readonly type = "Door";
    static isOpen = 0;
    static fault: Error | undefined;
    override readonly bottomCount = 0;
    override readonly topCount = 0;
    override async open() {
      Door.isOpen++;
    }
    override async close() {
      Door.isOpen--;
      const fault = Door.fault;
      Door.fault = undefined;
      if (fault) throw fault;
    }
    override topShapes() {
      return [];
    }
    override forward() {}
  }
  const doors = net('layer { name: "door" type: "Door" }');
  const twoNets = "test_iter: 1 test_interval: 5";

  test.each<[string, string, SolverOptions]>([
    ["a snapshot that is missing", "", { snapshot: "missing.solverstate" }],
    ["weights that are missing", 'weights: "missing.caffemodel"', {}],
    ["weights that do not fit", "", { weights: create(NetParameterSchema, { layer: [{ name: "fc1", blobs: [{}] }] }) }],
  ])("after %s", async (_, fields, options) => {
    await expect(load(`${twoNets} ${fields}`, { layers: { Door }, ...options }, doors)).rejects.toThrow();
    expect(Door.isOpen).toBe(0);
  });

  test("all of them, and memory is freed, even if closing one fails", async () => {
    const solver = await load(twoNets, { layers: { Door } }, doors);
    expect(Door.isOpen).toBe(2);
    Door.fault = new Error("it is stuck");
    await expect(solver.dispose()).rejects.toThrow("it is stuck");
    expect(Door.isOpen).toBe(0);
    for (const each of [solver.net, ...solver.testNets]) expect(() => each.blobs.get("y")?.data).toThrow("disposed of");
  });
});

test("every blob of its nets can be read, and a test net run on from any layer with the batch it has", async () => {
  const text = `net_param {
    layer { name: "data" type: "DummyData" top: "x" top: "label" dummy_data_param { data_filler { type: "gaussian" } data_filler { type: "constant" value: 1 }
      shape { dim: 4 dim: 2 dim: 6 dim: 6 } shape { dim: 4 } } }
    layer { name: "conv1" type: "Convolution" bottom: "x" top: "conv1" convolution_param { num_output: 3 kernel_size: 3 weight_filler { type: "xavier" } } }
    layer { name: "bn" type: "BatchNorm" bottom: "conv1" top: "bn" }
    layer { name: "scale" type: "Scale" bottom: "bn" top: "bn" scale_param { bias_term: true } }
    layer { name: "relu" type: "ReLU" bottom: "bn" top: "bn" }
    layer { name: "pool" type: "Pooling" bottom: "bn" top: "pool" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
    layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" } }`;
  const solver = await load("test_iter: 1 test_interval: 100", { engine: "wasm", threads: 1 }, text);
  await solver.step(2);
  for (const net of [solver.net, ...solver.testNets]) {
    for (const [name, blob] of net.blobs) expect(blob.data.some(Boolean), name).toBe(true);
  }
  expect(solver.net.blobs.get("conv1")?.diff.some(Boolean)).toBe(true);
  const [testNet] = solver.testNets;
  const { loss } = (await testNet?.forward()) ?? {};
  for (let i = 0; i < 2; i++) expect((await testNet?.forward({}, { from: "conv1" }))?.loss).toEqual(loss);
  expect((await testNet?.forward())?.loss).not.toEqual(loss);
  await solver.dispose();
});

test("the same seed gives the same run", async () => {
  const runs = [];
  for (const seed of [7, 7, 8]) {
    const solver = await load("", { seed });
    await solver.step(5);
    runs.push(weights(solver));
    await solver.dispose();
  }
  expect(runs[0]).toEqual(runs[1]);
  expect(runs[0]).not.toEqual(runs[2]);
});

test("iter_size divides the batch: half of it twice gives the same update", async () => {
  const data = (batch: number) => `net_param {
    layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param { data_filler { type: "constant" value: 2 } shape { dim: ${batch} dim: 1 } } }
    layer { name: "fc" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 bias_term: false weight_filler { type: "constant" value: 3 } } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" } }`;
  const whole = await load("", {}, data(4));
  const halves = await load("iter_size: 2", {}, data(2));
  await whole.step(3);
  await halves.step(3);
  expect(halves.net.params.get("fc")?.[0].data[0]).toBeCloseTo(whole.net.params.get("fc")?.[0].data[0] ?? 0, 5);
  expect(halves.loss).toBeCloseTo(whole.loss, 5);
  await whole.dispose();
  await halves.dispose();
});

describe("tests", () => {
  const tested = net('layer { name: "out" type: "Sigmoid" bottom: "h" top: "s" include { phase: TEST } }');

  test("come every test_interval, use the training net's weights, and average over test_iter batches", async () => {
    const solver = await load("test_iter: 2 test_interval: 2", {}, tested);
    const at: number[] = [];
    solver.on("test", ({ iter, outputs }) => {
      at.push(iter);
      expect(Object.keys(outputs)).toEqual(["loss", "s"]);
    });
    await solver.step(5);
    expect(at).toEqual([0, 2, 4]);
    const [testNet] = solver.testNets;
    expect([...(testNet.params.get("fc1")?.[0].data ?? [])]).toEqual([
      ...(solver.net.params.get("fc1")?.[0].data ?? []),
    ]);
    expect((await solver.test()).loss.length).toBe(1);
    await solver.dispose();
  });

  test("do not come first with test_initialization: false", async () => {
    const solver = await load("test_iter: 1 test_interval: 2 test_initialization: false", {}, tested);
    const at: number[] = [];
    solver.on("test", ({ iter }) => at.push(iter));
    await solver.solve();
    expect(at).toEqual([2, 4, 6, 8, 10]);
    await solver.dispose();
  });

  test("do not touch the averages of the training net", async () => {
    const solver = await load("test_iter: 3 test_interval: 100", {}, tested);
    await solver.step(2);
    const before = weights(solver);
    await solver.test();
    expect(weights(solver)).toEqual(before);
    await solver.dispose();
  });
});

describe("snapshots", () => {
  test("are taken every `snapshot` iterations and at the end, unless one was just taken", async () => {
    const solver = await load("snapshot: 4");
    const taken: number[] = [];
    solver.on("snapshot", ({ iter }) => taken.push(iter));
    await solver.solve();
    expect(taken).toEqual([4, 8, 10]);
    expect(readdirSync(folder).sort()).toEqual(
      [4, 8, 10]
        .flatMap((i) => ["caffemodel", "moka.json", "solverstate"].map((end) => `snap_iter_${i}.${end}`))
        .sort(),
    );
    await solver.dispose();
  });

  test("snapshot_after_train: false takes none at the end", async () => {
    const solver = await load("snapshot_after_train: false");
    await solver.solve();
    expect(readdirSync(folder)).toEqual([]);
    await solver.dispose();
  });

  test.each(["BINARYPROTO", "HDF5"])("in %s restore iteration, weights and history, bit for bit", async (format) => {
    const fields = `snapshot: 5 snapshot_format: ${format}`;
    const first = await load(fields);
    let state = "";
    first.on("snapshot", (event) => {
      state = event.state;
    });
    await first.step(5);
    // Datasets for HDF5: its bytes contain the time of writing.
    const content = async () => (format === "HDF5" ? await readHdf5(readFileSync(state)) : readFileSync(state));
    const before = await content();
    const resumed = await load(fields, { snapshot: state });
    expect(resumed.iter).toBe(5);
    expect(weights(resumed)).toEqual(weights(first));
    await resumed.snapshot();
    expect(await content()).toEqual(before);
    await first.dispose();
    await resumed.dispose();
  });

  test("with snapshot_diff hold gradients too", async () => {
    const solver = await load("snapshot_diff: true");
    await solver.step(1);
    await solver.snapshot();
    const other = await load("");
    await other.net.copyTrainedLayersFrom(`${folder}/snap_iter_1.caffemodel`);
    expect([...(other.net.params.get("fc2")?.[0].diff ?? [])]).toEqual([
      ...(solver.net.params.get("fc2")?.[0].diff ?? []),
    ]);
    expect(other.net.params.get("fc2")?.[0].diff[0]).not.toBe(0);
    await solver.dispose();
    await other.dispose();
  });

  test("of another net are refused, and change nothing", async () => {
    const small = await load("", {}, net().replace("num_output: 4", "num_output: 5"));
    await small.step(1);
    await small.snapshot();
    await small.dispose();
    const solver = await load("");
    const before = weights(solver);
    await expect(solver.restore(`${folder}/snap_iter_1.solverstate`)).rejects.toThrow(
      "history blob 0 has shape 5 3 (15), where 4 3 (12) is needed",
    );
    expect(weights(solver)).toEqual(before);
    expect(solver.iter).toBe(0);
    await solver.dispose();
  });

  test("that could not be written are refused before training starts", async () => {
    const text = net().replace("net_param", `snapshot: 1 snapshot_prefix: "${folder}/missing/snap" net_param`);
    await expect(
      Solver.load(`base_lr: 1 lr_policy: "fixed" max_iter: 1\n${text}`, { engine: "reference" }),
    ).rejects.toMatchObject({ code: "MOKA_FILE" });
  });
});

describe("requests", () => {
  test("stop ends the run with a snapshot", async () => {
    const solver = await load("");
    solver.onRequest(() => (solver.iter === 3 ? "stop" : "none"));
    await solver.solve();
    expect(solver.iter).toBe(3);
    expect(solver.stopped).toBe(true);
    expect(readdirSync(folder)).toContain("snap_iter_3.solverstate");
    await solver.dispose();
  });

  test("snapshot takes one, and training continues", async () => {
    const solver = await load("snapshot_after_train: false");
    let asked = false;
    solver.onRequest(() => {
      if (asked || solver.iter !== 2) return "none";
      asked = true;
      return "snapshot";
    });
    await solver.solve();
    expect(solver.iter).toBe(10);
    expect(readdirSync(folder)).toEqual(["snap_iter_2.caffemodel", "snap_iter_2.moka.json", "snap_iter_2.solverstate"]);
    await solver.dispose();
  });
});

describe("refuses", () => {
  test.each([
    ['type: "Adagrd"', 'unknown solver type "Adagrd"'],
    ["average_loss: 0", "average_loss must be 1 or more, not 0"],
    ["iter_size: 0", "iter_size must be 1 or more, not 0"],
    ['regularization_type: "L3"', 'regularization_type must be "L1" or "L2", not "L3"'],
  ])("%s", async (fields, message) => {
    await expect(load(fields)).rejects.toThrow(message);
  });

  test("weights and a snapshot together", async () => {
    await expect(load("", { weights: "a", snapshot: "b" })).rejects.toMatchObject({ code: "MOKA_USAGE" });
  });
});

test("a loss that is not a number stops the run and says where it began", async () => {
  const exploding = net().replace('data_filler { type: "uniform" }', 'data_filler { type: "constant" value: 1e30 }');
  const solver = await load("", {}, exploding);
  const error = await solver.step(10).then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  expect(error).toMatchObject({ code: "MOKA_NAN" });
  expect(error?.message).toMatch(
    /^<text>:\d+:\d+: layer "loss" \(EuclideanLoss\): the loss became Infinity in iteration 0 \(lr 0\.1\); "loss" is the first blob with a value of Infinity\. The weights are those after 0 updates; no update was made before it, so that base_lr is not the cause/,
  );
  await solver.dispose();
});

describe("a loss that is not a number names as its cause", () => {
  const failure = async (fields: string, netText = net(), change: (solver: Solver) => void = () => {}) => {
    const solver = await load(fields, {}, netText);
    change(solver);
    const error: unknown = await solver.step(200).catch((thrown: unknown) => thrown);
    await solver.dispose();
    expect(error).toMatchObject({ code: "MOKA_NAN", findings: [] });
    return (error as Error).message;
  };

  test("the data, if they are what is not finite", async () => {
    const endless = net().replace('data_filler { type: "gaussian" }', "data_filler { value: inf }");
    expect(await failure("", endless)).toMatch(
      /layer "data" \(DummyData\).* "x" is the first blob with a value of Infinity.*that is what "data" gives, so the cause is in the data/,
    );
  });

  test("weights that were no number from the start", async () => {
    const spoil = (solver: Solver) => {
      const [weights] = solver.net.params.get("fc2") ?? [];
      weights?.data.fill(Number.NaN, 1, 2);
    };
    expect(await failure("", net(), spoil)).toMatch(/parameter 0 of layer "fc2" had a value of NaN from the start$/);
  });

  test("the learning rate, if nothing else is known; clip_gradients only where there is none", async () => {
    expect(await failure("base_lr: 1e30")).toMatch(/updates; a lower base_lr, or clip_gradients, may help$/);
    expect(await failure("base_lr: 1e30 clip_gradients: 1e20")).toMatch(/updates; a lower base_lr may help$/);
  });

  test("no layer alone for a blob that others change in place", async () => {
    expect(await failure("base_lr: 1e38")).toMatch(
      /"h", as "bn", "scale" in place left it, is the first blob|"y" is the first/,
    );
  });
});

test("clipping limits the norm of gradients to clip_gradients", async () => {
  const solver = await load("clip_gradients: 0.001");
  const before = new Map([...solver.net.params].map(([name, [w]]) => [name, Float32Array.from(w.data)]));
  await solver.step(1);
  let moved = 0;
  for (const name of ["fc1", "scale", "fc2"]) {
    const now = solver.net.params.get(name)?.[0].data ?? [];
    for (const [i, value] of (before.get(name) ?? []).entries()) moved += (now[i] - value) ** 2;
  }
  expect(Math.sqrt(moved)).toBeLessThanOrEqual(0.1 * 0.001 * 1.001);
  expect(moved).toBeGreaterThan(0);
  await solver.dispose();
});

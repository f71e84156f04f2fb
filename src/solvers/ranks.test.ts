import { existsSync, readFileSync, rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localRanks } from "../../test/local-ranks.js";
import { digitsFolder, normNet } from "../../test/norm-nets.js";
import { distance, trainAlone, trainTogether } from "../../test/train-together.js";
import { type Blob, Net, Solver, type SolverOptions } from "../index.js";

let folder: Awaited<ReturnType<typeof digitsFolder>>;
beforeAll(async () => {
  folder = await digitsFolder(200, 60);
});
afterAll(() => folder.remove());

/** A small net without BatchNorm, so that ranks differ from one process by rounding alone. */
const net = (batch: number) => `
  layer { name: "digits" type: "Data" top: "data" top: "label" include { phase: TRAIN } transform_param { scale: 0.004 }
    data_param { source: "${folder.path}/train_lmdb" batch_size: ${batch} backend: LMDB } }
  layer { name: "digits" type: "Data" top: "data" top: "label" include { phase: TEST } transform_param { scale: 0.004 }
    data_param { source: "${folder.path}/test_lmdb" batch_size: 7 backend: LMDB } }
  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
    convolution_param { num_output: 4 kernel_size: 5 stride: 3 weight_filler { type: "msra" } } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
    inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
  layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }`;

const solver = (batch: number, fields = "") =>
  `net_param { ${net(batch)} } base_lr: 0.05 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.001 random_seed: 3
   test_iter: 5 test_interval: 4 snapshot_prefix: "${folder.path}/ranks" snapshot_after_train: false max_iter: 8 ${fields}`;

const kinds = [
  "",
  'type: "Nesterov"',
  "iter_size: 2",
  "clip_gradients: 0.3",
  'type: "Adam" momentum2: 0.99 delta: 1e-4',
];

test.each(kinds)("ranks with %j train as one process with all their batches", async (fields) => {
  for (const size of [2, 3]) {
    const alone = await trainAlone(solver(4 * size, fields), 8);
    const all = await trainTogether(size, solver(4, fields), 8);
    for (const own of all) {
      expect(distance(alone.losses, own.losses)).toBeLessThan(1e-5);
      for (const [name, values] of alone.params)
        expect(distance(values, own.params.get(name) ?? [])).toBeLessThan(1e-4);
      for (const [i, outputs] of alone.tests.entries()) {
        for (const [name, values] of Object.entries(outputs)) {
          expect(distance(values, own.tests[i]?.[name] ?? [])).toBeLessThan(1e-5);
        }
      }
    }
    expect(all[0]?.tests.length).toBe(2);
  }
});

// ---- BatchNorm

const normSolver = (batch: number, fields = "") =>
  `net_param { ${normNet(folder.path, { batch }).replaceAll("kernel_size: 5 stride: 2", "$& bias_term: false")} } base_lr: 0.02 lr_policy: "fixed" momentum: 0.9 random_seed: 5
   test_iter: 2 test_interval: 10 test_initialization: false snapshot_prefix: "${folder.path}/norm" snapshot_after_train: false
   max_iter: 20 ${fields}`;

test.each([
  ["", 2],
  ["iter_size: 2", 2],
  ['type: "Adam"', 3],
] as const)(
  "synchronized BatchNorm with %j trains on %i ranks as one process with all their batches",
  async (fields, size) => {
    const alone = await trainAlone(normSolver(6 * size, fields), 20);
    const all = await trainTogether(size, normSolver(6, fields), 20, { syncBatchNorm: true });
    for (const own of all) {
      expect(distance(alone.losses.slice(0, 5), own.losses.slice(0, 5))).toBeLessThan(1e-5);
      expect(distance(alone.losses, own.losses)).toBeLessThan(1e-4);
      for (const [name, values] of alone.params) {
        // The gradient of a bias right below a BatchNorm is nothing but rounding, which Adam divides by its own size: the bias
        // wanders, and the mean above it with it.
        if (/^(ip1\.1|bn2\.0)$/.test(name)) continue;
        expect(distance(values, own.params.get(name) ?? []), name).toBeLessThan(1e-3);
      }
      expect(distance(alone.tests[0]?.["loss"] ?? [], own.tests[0]?.["loss"] ?? [])).toBeLessThan(1e-3);
      expect(own.params).toEqual(all[0]?.params);
    }
  },
);

test("without it ranks train as Caffe's rules say, worked out by hand", async () => {
  const [size, batch, iterations, rate, momentum] = [2, 6, 6, 0.02, 0.9];
  const text = normNet(folder.path, { batch }).replaceAll("kernel_size: 5 stride: 2", "$& bias_term: false");
  const communicators = localRanks(size);
  const nets = await Promise.all(
    communicators.map((communicator) =>
      Net.load(text, { phase: "TRAIN", engine: "wasm", threads: 1, seed: 5, communicator }),
    ),
  );
  const [first] = nets as [Net, ...Net[]];
  const params = first.learnables.map(({ lrMult }, i) => ({
    lrMult,
    history: new Float64Array(first.learnables[i]?.tensor.count ?? 0),
  }));
  const averages = new Map<string, Averages>();
  const losses: number[] = [];
  for (let iteration = 0; iteration < iterations; iteration++) {
    // BatchNorm works in place: its input is read before it runs.
    const parts = [
      ["digits", "conv", "bn1", "x1"],
      ["bn1", "ip1", "bn2", "x2"],
      ["bn2", "loss", undefined, "loss"],
    ] as const;
    for (const net of nets) net.clearParamDiffs();
    for (const [from, to, norm, blob] of parts) {
      for (const net of nets) await net.forward({}, { from, to });
      if (norm)
        moveAverages(
          averages,
          norm,
          nets.map((net) => net.blobs.get(blob) as Blob),
        );
    }
    losses.push(nets.reduce((sum, net) => sum + net.loss, 0) / size);
    for (const net of nets) await net.backward();
    for (const [i, { lrMult, history }] of params.entries()) {
      const tensors = nets.map((net) => net.learnables[i]?.tensor);
      const [own] = tensors;
      if (!own || lrMult === 0) continue;
      for (let at = 0; at < history.length; at++) {
        const gradient = tensors.reduce((sum, tensor) => sum + (tensor?.diff.array[at] ?? 0), 0) / size;
        history[at] = momentum * (history[at] ?? 0) + rate * lrMult * gradient;
      }
      for (const tensor of tensors)
        tensor?.data.array.set(tensor.data.array.map((value, at) => value - (history[at] ?? 0)));
    }
  }
  const all = await trainTogether(size, normSolver(batch), iterations);
  for (const own of all) {
    expect(distance(losses, own.losses)).toBeLessThan(1e-4);
    for (const [name, { mean, variance, factor }] of averages) {
      expect(distance(mean, own.params.get(`${name}.0`) ?? []), `${name}: mean`).toBeLessThan(1e-4);
      expect(distance(variance, own.params.get(`${name}.1`) ?? []), `${name}: variance`).toBeLessThan(1e-4);
      expect(own.params.get(`${name}.2`)?.[0]).toBeCloseTo(factor, 4);
    }
  }
  for (const net of nets) await net.dispose();
});

interface Averages {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  factor: number;
}

/** Moves a BatchNorm's averages by the values of all ranks together. */
function moveAverages(averages: Map<string, Averages>, layer: string, blobs: readonly Blob[]): void {
  const [n = 1, channels = 1, ...rest] = blobs[0]?.shape ?? [];
  const inner = rest.reduce((product, size) => product * size, 1);
  const before = averages.get(layer) ?? {
    mean: new Float64Array(channels),
    variance: new Float64Array(channels),
    factor: 0,
  };
  const count = blobs.length * n * inner;
  for (let c = 0; c < channels; c++) {
    const values = blobs.flatMap(({ data }) => [...data].filter((_, i) => Math.floor(i / inner) % channels === c));
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
    before.mean[c] = 0.999 * (before.mean[c] ?? 0) + mean;
    before.variance[c] = 0.999 * (before.variance[c] ?? 0) + variance;
  }
  before.factor = 0.999 * before.factor + 1;
  averages.set(layer, before);
}

// ---- snapshots

const snapshots = (batch: number, fields = "") => solver(batch, `snapshot: 4 ${fields}`);
const file = (iter: number, end: string) => `${folder.path}/ranks_iter_${iter}.${end}`;

test("as many ranks resume with the same bits", async () => {
  const whole = await trainTogether(3, snapshots(4), 8);
  const resumed = await trainTogether(3, snapshots(4), 4, { snapshot: file(4, "solverstate") });
  for (const [rank, own] of resumed.entries()) {
    expect(own.params).toEqual(whole[rank]?.params);
    expect(own.losses).toEqual(whole[rank]?.losses.slice(4));
  }
});

test.each([
  [2, 3],
  [3, 1],
  [1, 2],
  [2, 5],
])("%i ranks write, %i go on with the data where they stood", async (before, now) => {
  const batch = 4;
  await trainTogether(before, snapshots(batch), 4);
  const logs: string[] = [];
  const read = async (ranks: number, options: (rank: number) => SolverOptions) => {
    const labels: number[] = [];
    const tested: string[] = [];
    await trainTogether(ranks, snapshots(batch), 1, options, async (loaded, rank) => {
      for (const [i, label] of loaded.net.blobs.get("label")?.data.entries() ?? []) labels[i * ranks + rank] = label;
      const [testNet] = loaded.testNets;
      await testNet?.forward();
      tested[rank] = testNet?.blobs.get("label")?.data.join("") ?? "";
    });
    return { labels, tested };
  };
  const { labels, tested } = await read(now, (rank) => ({
    snapshot: file(4, "solverstate"),
    log: (severity, _origin, text) => void (rank === 0 && severity === "warning" && logs.push(text)),
  }));
  expect(logs.join("\n")).toMatch(new RegExp(`written by ${before} ranks?, and ${now} ranks? go(es)? on`));
  const all = await labelsOf("train", 200);
  const start = 4 * before * batch;
  expect(labels).toEqual(Array.from({ length: now * batch }, (_, i) => all[(start + i) % 200]));
  // The snapshot stands before the test of iteration 4, which runs 5 batches of 7 as the first did; then comes the next.
  const testLabels = await labelsOf("test", 60);
  const first = (rank: number) => {
    const batches = Array.from({ length: 2 * 5 + now }, (_, i) => i).filter((i) => i >= 10 && (i - 5) % now === rank);
    return batches[0] ?? 0;
  };
  const expected = tested.map((_, rank) =>
    Array.from({ length: 7 }, (_, i) => testLabels[(first(rank) * 7 + i) % 60]).join(""),
  );
  expect(tested).toEqual(expected);
});

async function labelsOf(set: "train" | "test", count: number): Promise<Float32Array> {
  const net = await Net.load(
    `layer { name: "all" type: "Data" top: "data" top: "label" data_param { source: "${folder.path}/${set}_lmdb" batch_size: ${count} backend: LMDB } }`,
    { engine: "wasm", threads: 1 },
  );
  const { label = new Float32Array(0) } = await net.forward();
  await net.dispose();
  return label;
}

test("a run that is started again goes on from its last snapshot, and not for ever", async () => {
  rmSync(`${folder.path}/ranks.restarts.json`, { force: true });
  const whole = await trainTogether(2, snapshots(4), 8);
  for (const end of ["caffemodel", "solverstate", "moka.json"]) rmSync(file(8, end));
  for (let start = 0; start < 3; start++) {
    const [own] = await trainTogether(2, snapshots(4), 3, { restarts: 2 });
    expect(own?.losses).toEqual(whole[0]?.losses.slice(4, 7));
  }
  await expect(trainTogether(2, snapshots(4), 3, { restarts: 2 })).rejects.toThrow(/began 3 times at iteration 4/);
});

// ---- failures

/** What each of several ranks ends with. */
async function failures(
  size: number,
  run: (rank: number, solver: () => Promise<Solver>) => Promise<void>,
  text: (rank: number) => string,
) {
  const ends = await Promise.allSettled(
    localRanks(size).map(async (communicator) => {
      let loaded: Solver | undefined;
      try {
        await run(communicator.rank, async () => {
          loaded = await Solver.load(text(communicator.rank), { engine: "wasm", threads: 1, communicator });
          return loaded;
        });
      } finally {
        await loaded?.dispose();
      }
    }),
  );
  return ends.map((end) => (end.status === "rejected" ? (end.reason as Error).message : "done"));
}

const step = async (_: number, load: () => Promise<Solver>) => (await load()).step(8);

test.each([
  [
    "another solver",
    (text: string) => text.replace("base_lr: 0.05", "base_lr: 0.06"),
    /differs from rank 0 of 3: its solver has "base_lr: 0.06" where "base_lr: 0.05" stands/,
  ],
  ["another seed", (text: string) => text.replace("random_seed: 3", "random_seed: 4"), /its random seed is 4, not 3/],
  [
    "another net",
    (text: string) => text.replace("stride: 3", "stride: 4"),
    /its layer "conv" of the training net is another/,
  ],
  [
    "a layer more",
    (text: string) =>
      text.replace(/layer \{ name: "relu"/, 'layer { name: "more" type: "ReLU" bottom: "conv" top: "conv" } $&'),
    /it has layer "more" of the training net besides/,
  ],
])("%s on one rank is an error of all", async (_, change, message) => {
  const ends = await failures(3, step, (rank) => (rank === 2 ? change(solver(4)) : solver(4)));
  for (const end of ends) expect(end).toMatch(/rank 2 of 3/);
  for (const end of ends) expect(end).toMatch(message);
});

test("a loss that is not finite ends all ranks", async () => {
  const ends = await failures(
    3,
    async (rank, load) => {
      const loaded = await load();
      await loaded.step(2);
      if (rank === 1) loaded.net.params.get("ip")?.[0]?.data.fill(Number.NaN);
      await loaded.step(2);
    },
    () => solver(4),
  );
  expect(ends[1]).toMatch(/the loss became NaN in iteration 2/);
  for (const end of [ends[0], ends[2]]) expect(end).toMatch(/^rank 1 of 3 ended: .*the loss became NaN in iteration 2/);
});

test("a rank that is asked to stop stops all after the same iteration", async () => {
  rmSync(file(3, "solverstate"), { force: true });
  const iters = await Promise.all(
    localRanks(2).map(async (communicator) => {
      const text = solver(4, "snapshot_after_train: true").replace("snapshot_after_train: false", "");
      const loaded = await Solver.load(text, { engine: "wasm", threads: 1, communicator });
      if (communicator.rank === 1) loaded.onRequest(() => (loaded.iter === 3 ? "stop" : "none"));
      await loaded.solve();
      const { iter, stopped } = loaded;
      await loaded.dispose();
      return { iter, stopped };
    }),
  );
  expect(iters).toEqual([
    { iter: 3, stopped: true },
    { iter: 3, stopped: true },
  ]);
  expect(existsSync(file(3, "solverstate"))).toBe(true);
  expect(JSON.parse(readFileSync(file(3, "moka.json"), "utf8")).ranks).toHaveLength(2);
});

test("weights that differ are sent again, and the log says so", async () => {
  const logs: string[] = [];
  const all = await Promise.all(
    localRanks(2).map(async (communicator) => {
      const log = (severity: string, _: string, text: string) => void (severity === "warning" && logs.push(text));
      const loaded = await Solver.load(solver(4, "test_interval: 1000").replace("test_interval: 4", ""), {
        engine: "wasm",
        threads: 1,
        communicator,
        log,
      });
      const [weights] = loaded.net.params.get("ip") ?? [];
      if (communicator.rank === 1 && weights) weights.data[3] = 1;
      await loaded.step(1);
      const values = weights?.data.slice();
      await loaded.dispose();
      return values;
    }),
  );
  // Each rank's log says it.
  const told = logs.filter((text) => /after 1 iteration.* rank 1 of 2 differ from those of rank 0/.test(text));
  expect(told).toHaveLength(2);
  expect(all[1]).toEqual(all[0]);
});

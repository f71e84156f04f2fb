import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localRanks } from "../../test/local-ranks.js";
import { digitsFolder, normNet } from "../../test/norm-nets.js";
import { imageRecords } from "../data/datum.js";
import { digits } from "../data/digits/index.js";
import { writeLmdb } from "../data/lmdb/writer.js";
import { doctor } from "./doctor.js";
import { Solver, type SolverOptions } from "./solver.js";

const run = { engine: "wasm", threads: 1 } as const;
const size = 4;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(`${tmpdir()}/moka-doctor-ranks-`);
  write("train", 1600, 1);
  write("test", 400, 2);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Digits on grounds of any gray: most of a channel's variance is that of the images' means. */
function write(name: string, count: number, seed: number): void {
  const drawn = digits({ count, seed });
  const area = drawn.height * drawn.width;
  const pixels = drawn.pixels.map((value, i) => 0.4 * value + ((Math.floor(i / area) * 37) % 150));
  mkdirSync(`${folder}/${name}`);
  writeFileSync(`${folder}/${name}/data.mdb`, Buffer.concat(writeLmdb(imageRecords({ ...drawn, pixels }))));
}

/** Averages of the last 100 forwards or so. */
const norm = "batch_norm_param { moving_average_fraction: 0.99 }";
const model = (batch: number) => `
layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TRAIN } transform_param { scale: 0.00390625 }
  data_param { source: "${folder}/train" batch_size: ${batch} backend: LMDB } }
layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TEST } transform_param { scale: 0.00390625 }
  data_param { source: "${folder}/test" batch_size: 50 backend: LMDB } }
layer { name: "bn0" type: "BatchNorm" bottom: "data" top: "x0" ${norm} }
layer { name: "conv" type: "Convolution" bottom: "x0" top: "x1" convolution_param { num_output: 12 kernel_size: 5 stride: 2 weight_filler { type: "msra" } } }
layer { name: "bn1" type: "BatchNorm" bottom: "x1" top: "x1" ${norm} }
layer { name: "scale1" type: "Scale" bottom: "x1" top: "x1" scale_param { bias_term: true } }
layer { name: "relu1" type: "ReLU" bottom: "x1" top: "x1" }
layer { name: "pool" type: "Pooling" bottom: "x1" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip" inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;

/** Trains a net, or `model` with this batch, on several ranks in this process; returns the path of rank 0's weights. */
async function trained(name: string, net: number | string, options: SolverOptions, rate = 0.01): Promise<string> {
  const path = `${folder}/${name}.caffemodel`;
  const text = `net_param { ${typeof net === "string" ? net : model(net)} } base_lr: ${rate} momentum: 0.9 lr_policy: "poly" power: 1 max_iter: 300 random_seed: 3
    snapshot_after_train: false`;
  await Promise.all(
    localRanks(size).map(async (communicator) => {
      const solver = await Solver.load(text, { ...run, ...options, communicator });
      try {
        await solver.step(300);
        if (communicator.rank === 0) await solver.net.save(path);
      } finally {
        await solver.dispose();
      }
    }),
  );
  return path;
}

const ofOneRank = expect.stringContaining("the averages are those of one rank's batches of 1 image");

test("averages of one rank alone are told from those of all", async () => {
  const options = { ...run, iterations: 8, ranks: size };
  const root = await doctor(model(1), await trained("root", 1, { bnAverages: "root" }), options);
  expect(root.training?.batchSize).toBe(1);
  // They are not the worst of it: this net knows images only by the statistics of each.
  expect(root.notes).toContainEqual(ofOneRank);
  expect(root.causes).toMatchObject([
    {
      kind: "small batches",
      shown: true,
      title: "the net needs the statistics of its batches of 1 image on each of 4 ranks",
    },
  ]);
  expect(root.causes[0]?.evidence).toContainEqual(
    expect.stringMatching(/all 4 ranks together, which --sync-bn takes: acc/),
  );
  const all = await doctor(model(1), await trained("all", 1, { bnAverages: "all" }), options);
  expect(all.causes).toMatchObject([{ kind: "small batches", shown: true }]);
  expect([...all.notes, ...all.causes.map(({ title }) => title)]).not.toContainEqual(ofOneRank);
  expect(all.notes).toContainEqual(expect.stringMatching(/1 image on each of 4 ranks, .* or --sync-bn, train better/));
});

test("averages of one rank alone are no cause where they do no harm", async () => {
  const weights = await trained("sound", 2, { syncBatchNorm: true });
  const moved = await trained("moved", 1, { bnAverages: "root", weights }, 0);
  const report = await doctor(model(1), moved, { ...run, iterations: 8, ranks: size });
  expect([report.verdict, report.causes]).toEqual(["well", []]);
  expect(report.notes).toContainEqual(ofOneRank);
});

test("with synchronized statistics the data of training are run in batches of all ranks", async () => {
  const weights = await trained("sync", 2, { syncBatchNorm: true });
  const options = { ...run, iterations: 8, ranks: size, syncBatchNorm: true };
  const report = await doctor(model(2), weights, options);
  expect(report.training).toMatchObject({ batchSize: 8, batches: 50 });
  expect([report.verdict, report.causes]).toEqual(["well", []]);
  const onTraining = await doctor(model(2), weights, { ...options, phase: "TRAIN", iterations: 41 });
  expect(onTraining).toMatchObject({ batchSize: 16, batches: 5, images: 80 });
});

test("few images on each rank are possible where the net does badly by just these statistics", async () => {
  const drawn = await digitsFolder(1600, 400);
  try {
    // In the second BatchNorm a channel has two values, so that only their order is left.
    const text = normNet(drawn.path, { batch: 2, norm: "moving_average_fraction: 0.99" });
    const options = { ...run, iterations: 4, ranks: size };
    const { causes, training } = await doctor(text, await trained("few", text, {}), options);
    expect(training?.batch.outputs.accuracy).toBeLessThan(0.55);
    expect(causes[0]).toMatchObject({ kind: "small batches", shown: false });
    expect(causes[0]?.title).toBe("the net was trained with the statistics of 2 images on each of 4 ranks");
    expect(causes[0]?.evidence).toContainEqual(
      expect.stringMatching(/all 4 ranks together, as --sync-bn takes them: acc/),
    );
    const alone = await doctor(text, `${folder}/few.caffemodel`, { ...options, ranks: 1 });
    expect(alone.causes.map(({ title }) => title)).not.toContainEqual(expect.stringContaining("ranks"));
  } finally {
    drawn.remove();
  }
});

test.each([
  [{ ranks: 0 }, /ranks must be 1 or more/],
  [{ syncBatchNorm: true }, /give their number too/],
])("%j are refused", async (wrong, message) => {
  await expect(doctor(model(2), [], { ...run, ...wrong })).rejects.toMatchObject({
    code: "MOKA_USAGE",
    message: expect.stringMatching(message),
  });
});

// Why synchronized batch normalization matters: `node bench/sync-bn.mjs [--seeds 5] [--iterations 400] [--ranks 4] [--batch 2]
// [--net conv,ip] [--json]`. It needs an MPI (`mpirun`).
//
// A net with BatchNorm learns digits with few images a rank, by `mpirun -n 4 moka train --mpi`: with --sync-bn, without it, and without
// it with rank 0's averages, as in Caffe; and by one process with the images of all ranks in its batch. All see the same images in
// the same order, and make the same number of updates. Then `moka doctor` tests each with its averages, and on the images of training
// with the batches that it was trained with. Printed are means over the seeds ± the standard deviation of one. A seed is that of
// the weights and of the order of the images.
//
// The digits are MNIST's test images, 8,000 to train and 2,000 to test, where ../shared/data/mnist has them; else as many that Moka
// draws.
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { imageRecords } from "../dist/data/datum.js";
import { digits } from "../dist/data/digits/index.js";
import { readIdxImages } from "../dist/data/idx.js";
import { writeLmdb } from "../dist/data/lmdb/writer.js";
import { doctor } from "../dist/index.js";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "5" },
    iterations: { type: "string", default: "400" },
    ranks: { type: "string", default: "4" },
    batch: { type: "string", default: "2" },
    net: { type: "string", default: "conv,ip" },
    json: { type: "boolean", default: false },
  },
});
const [seeds, iterations, ranks, batch] = [values.seeds, values.iterations, values.ranks, values.batch].map(Number);
const [trained, tested] = [8000, 2000];
const moka = fileURLToPath(new URL("../dist/bin/moka.js", import.meta.url));
const mnist = fileURLToPath(new URL("../../shared/data/mnist/", import.meta.url));

const convolution = (i, bottom, outputs) => `
layer { name: "conv${i}" type: "Convolution" bottom: "${bottom}" top: "conv${i}"
  convolution_param { num_output: ${outputs} kernel_size: 5 stride: 2 bias_term: false weight_filler { type: "msra" } } }
${norm(`conv${i}`)}`;
const norm = (blob) => `layer { name: "bn_${blob}" type: "BatchNorm" bottom: "${blob}" top: "${blob}"
  batch_norm_param { moving_average_fraction: 0.99 } }
layer { name: "scale_${blob}" type: "Scale" bottom: "${blob}" top: "${blob}" scale_param { bias_term: true } }
layer { name: "relu_${blob}" type: "ReLU" bottom: "${blob}" top: "${blob}" }`;
const product = (name, bottom, outputs) => `
layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${name}"
  inner_product_param { num_output: ${outputs} weight_filler { type: "xavier" } } }`;

/** The layers between data and loss. In `conv` a channel has 288 and 32 values in a batch of 2; behind the inner product of `ip` it has 2. */
const nets = {
  conv: convolution(1, "data", 16) + convolution(2, "conv1", 32) + product("out", "conv2", 10),
  ip:
    convolution(1, "data", 16) +
    convolution(2, "conv1", 32) +
    product("ip", "conv2", 64) +
    norm("ip") +
    product("out", "ip", 10),
};

/** How a net is trained: the number of processes, the images of each, options of `moka train`, and what the doctor is told of it. */
const trainings = [
  { name: `1 process, batch ${ranks * batch}`, size: 1, own: ranks * batch, options: [], told: {} },
  { name: "--sync-bn", size: ranks, own: batch, options: ["--sync-bn"], told: { ranks, syncBatchNorm: true } },
  { name: "without", size: ranks, own: batch, options: [], told: { ranks } },
  {
    name: "without, --bn-averages root",
    ...{ size: ranks, own: batch, options: ["--bn-averages", "root"], told: { ranks } },
  },
];

const folder = mkdtempSync(join(tmpdir(), "moka-sync-bn-"));
const say = (text) => values.json || console.log(text);
const results = [];
try {
  const images = await readDigits();
  say(
    `${images.from}: ${trained} to train, ${tested} to test; ${iterations} iterations of ${ranks} · ${batch} images; ${seeds} ${seeds === 1 ? "seed" : "seeds"}`,
  );
  for (const net of values.net.split(",")) {
    const runs = trainings.map(() => []);
    for (let seed = 1; seed <= seeds; seed++) {
      const data = writeSets(images, seed);
      for (const [i, training] of trainings.entries()) runs[i].push(await measure(net, training, data, seed));
    }
    show(net, runs);
  }
  if (values.json) console.log(JSON.stringify({ ranks, batch, iterations, seeds, results }, null, 2));
} finally {
  rmSync(folder, { recursive: true });
}

async function readDigits() {
  const count = trained + tested;
  if (!existsSync(mnist)) return { from: "digits that Moka draws", ...digits({ count, seed: 1 }) };
  const [images, labels] = ["images-idx3", "labels-idx1"].map((name) => {
    const file = `${mnist}t10k-${name}-ubyte.gz`;
    return { bytes: readFileSync(file), file };
  });
  return { from: "MNIST's test images", ...(await readIdxImages(images, labels)) };
}

/** Writes the images of training in an order of this seed; those of the test are always the same. */
function writeSets(images, seed) {
  const random = generator(seed);
  const order = Array.from({ length: trained }, (_, i) => i);
  for (let i = trained - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  const records = [...imageRecords(images)];
  const keys = records.map(({ key }) => key);
  const train = order.map((from, to) => ({ ...records[from], key: keys[to] }));
  const write = (name, all) => {
    const path = join(folder, `${name}-${seed}`);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "data.mdb"), Buffer.concat(writeLmdb(all)));
    return path;
  };
  return { train: write("train", train), test: write("test", records.slice(trained)) };
}

/** Trains a net, and returns what the doctor says of it. */
async function measure(net, { size, own, options, told }, { train, test }, seed) {
  const stem = join(folder, "net");
  const source = (
    phase,
    path,
    count,
  ) => `layer { name: "digits" type: "Data" top: "data" top: "label" include { phase: ${phase} }
  transform_param { scale: 0.00390625 } data_param { source: "${path}" batch_size: ${count} backend: LMDB } }\n`;
  const text = `${source("TRAIN", train, own)}${source("TEST", test, 100)}${nets[net]}
layer { name: "accuracy" type: "Accuracy" bottom: "out" bottom: "label" top: "accuracy" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "out" bottom: "label" top: "loss" }\n`;
  // The rate ends at 0, so that averages over 100 forwards belong to the weights.
  const solver = `net: "${stem}.prototxt" base_lr: 0.01 momentum: 0.9 weight_decay: 0.0005 lr_policy: "poly" power: 1
max_iter: ${iterations} random_seed: ${seed} snapshot_prefix: "${stem}"\n`;
  writeFileSync(`${stem}.prototxt`, text);
  writeFileSync(`${stem}.solver.prototxt`, solver);
  const call = [
    process.execPath,
    moka,
    "train",
    "-solver",
    `${stem}.solver.prototxt`,
    "--threads",
    "1",
    "--engine",
    "wasm",
  ];
  await (size === 1 ? run(call) : run([...launcher(size), ...call, "--mpi", ...options]));
  const report = await doctor(`${stem}.prototxt`, `${stem}_iter_${iterations}.caffemodel`, {
    ...{ iterations: tested / 100, engine: "wasm", threads: 1, ...told },
  });
  const { training, global, verdict, causes } = report;
  return {
    test: global.outputs.accuracy,
    loss: global.loss,
    batch: training.batch.outputs.accuracy,
    averages: training.global.outputs.accuracy,
    verdict,
    cause: causes[0] ? `${causes[0].kind}${causes[0].shown ? "" : "?"}` : undefined,
  };
}

async function run([program, ...args]) {
  const env = { ...process.env, OMPI_MCA_mpi_yield_when_idle: "1", OMP_NUM_THREADS: "1" };
  try {
    await promisify(execFile)(program, args, { env, maxBuffer: 2 ** 26 });
  } catch (error) {
    throw new Error(`${[program, ...args].join(" ")}\n${error.stderr ?? error}`);
  }
}

/** Starts more ranks than there are cores, with Open MPI or MPICH. */
function launcher(size) {
  const isOpenMpi = /Open MPI|OpenRTE/.test(execFileSync("mpirun", ["--version"], { encoding: "utf8" }));
  const more = isOpenMpi
    ? ["--oversubscribe", "--bind-to", "none", ...(process.getuid?.() === 0 ? ["--allow-run-as-root"] : [])]
    : [];
  return ["mpirun", ...more, "-n", String(size)];
}

function show(net, runs) {
  const percent = (all) => {
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
    const spread = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, all.length - 1));
    return { mean, spread, text: `${(100 * mean).toFixed(2)} ± ${(100 * spread).toFixed(2)}` };
  };
  say(
    `\nnet ${net}\n\n| training | test accuracy, % | training images, by batches as trained, % | by averages, % | gap | the doctor |`,
  );
  say("|---|---|---|---|---|---|");
  for (const [i, { name }] of trainings.entries()) {
    const of = (what) => percent(runs[i].map((each) => each[what]));
    const gap = percent(runs[i].map(({ batch: own, averages }) => own - averages));
    const said = counted(runs[i].map(({ verdict, cause }) => (cause ? `${verdict}: ${cause}` : verdict)));
    results.push({ net, training: name, runs: runs[i] });
    say(`| ${name} | ${of("test").text} | ${of("batch").text} | ${of("averages").text} | ${gap.text} | ${said} |`);
  }
}

/** Each text with how often it comes, the most frequent first. */
function counted(texts) {
  const counts = new Map();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.map(([text, count]) => (texts.length > 1 ? `${text} ${count}` : text)).join(", ");
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

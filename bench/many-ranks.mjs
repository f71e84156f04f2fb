// How close the predictions of `moka scale` come to training on several ranks of this machine:
// `node bench/many-ranks.mjs [net… | file.prototxt…] [--ranks 2,4] [--threads 1] [--rounds 3] [--iterations 8] [--sync-bn]
// [--mpirun "mpirun --oversubscribe --bind-to none -n"] [--hosts 2] [--json]`. A name selects the nets of bench/nets that train.
//
// In each round, one process trains; then as many as there are ranks, side by side, which know nothing of each other; then the
// ranks; then ranks time sums of some sizes. So all see the same disturbance by other programs. What processes lose to each other
// side by side is no communication: the prediction begins with their time. Times of sums give α and β, steps of the net are timed
// by one process, and the model of docs/scaling.md makes the prediction. The launcher's command is followed by the number of ranks and the command; one that starts ranks in network
// namespaces needs --hosts, the number of namespaces, on which ranks lie evenly.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { scale } from "../dist/api/scale.js";
import { coreCount } from "../dist/engines/wasm/index.js";
import { Solver, version } from "../dist/index.js";
import { connectMpi } from "../dist/platform/node/index.js";
import { allReduceCost } from "../dist/tools/scaling/all-reduce.js";
import { median } from "./median.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ranks: { type: "string", default: "2,4" },
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    iterations: { type: "string", default: "8" },
    "sync-bn": { type: "boolean", default: false },
    mpirun: { type: "string", default: "mpirun --oversubscribe --bind-to none -n" },
    hosts: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    // Given by this program itself to the processes that it starts: what they measure, and on how many ranks.
    as: { type: "string" },
    alone: { type: "boolean", default: false },
  },
});
const [threads, rounds, iterations] = [values.threads, values.rounds, values.iterations].map(Number);
/** Numbers of values to sum: from one to 4 MB. */
const sizes = [1, 256, 4096, 16_384, 65_536, 262_144, 1_048_576];

if (values.as === "training") await train(positionals[0]);
else if (values.as === "messages") await timeMessages();
else await compare();

// ---- in the ranks

/** Trains with noise, and prints the milliseconds of each iteration but the first. */
async function train(file) {
  const communicator = values.alone ? undefined : await connectMpi();
  const solver = await Solver.load(solverOf(readFileSync(file, "utf8")), {
    ...{ threads, seed: 1, keep: "outputs", communicator, syncBatchNorm: values["sync-bn"] && !values.alone },
  });
  for (const name of solver.net.inputs) {
    const { data } = solver.net.blobs.get(name);
    if (!/label/.test(name)) for (let i = 0; i < data.length; i++) data[i] = 2 * Math.random() - 1;
  }
  await solver.step(3);
  const before = communicator && { ...communicator.reductionTimes };
  const times = [];
  for (let i = 0; i < iterations; i++) {
    const start = performance.now();
    await solver.step(1);
    times.push(performance.now() - start);
  }
  if (!communicator || communicator.rank === 0) report({ times, calls: communicator && since(communicator, before) });
  await solver.dispose();
  if (communicator) await communicator.close();
}

function since({ reductionTimes }, before) {
  return Object.fromEntries(Object.entries(reductionTimes).map(([name, value]) => [name, value - before[name]]));
}

/** A solver that changes weights hardly at all: the loss must stay finite. */
function solverOf(net) {
  return `net_param { ${net} } base_lr: 1e-9 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.0005 max_iter: 1000000
    type: "SGD" snapshot_prefix: "none" snapshot_after_train: false`;
}

/** Prints the milliseconds of a sum of each size, while nothing computes. */
async function timeMessages() {
  const communicator = await connectMpi();
  const times = [];
  for (const size of sizes) {
    const array = new Float32Array(new SharedArrayBuffer(4 * size));
    const own = [];
    for (let i = -5; i < 30; i++) {
      await communicator.barrier();
      const start = performance.now();
      await communicator.allReduce(array);
      if (i >= 0) own.push(performance.now() - start);
    }
    times.push(median(own));
  }
  if (communicator.rank === 0) report({ times });
  await communicator.close();
}

function report(result) {
  console.log(`RESULT ${JSON.stringify(result)}`);
}

// ---- the comparison

async function compare() {
  const say = (text) => values.json || console.log(text);
  const results = [];
  say(`Moka ${version}, ${coreCount()} cores; ${threads} threads a rank; medians of ${rounds} rounds of ${iterations}`);
  for (const file of filesOf(positionals)) {
    for (const ranks of values.ranks.split(",").map(Number)) {
      const runs = { alone: [], side: [], together: [], messages: [], calls: [] };
      for (let round = 0; round < rounds; round++) {
        runs.alone.push(...(await start(1, "training", file)).times);
        const side = await Promise.all(Array.from({ length: ranks }, () => start(1, "training", file)));
        runs.side.push(...side.flatMap(({ times }) => times));
        const { times, calls } = await start(ranks, "training", file);
        runs.together.push(...times);
        runs.calls.push(calls);
        runs.messages.push((await start(ranks, "messages")).times);
      }
      const link = fitMessages(
        ranks,
        sizes.map((_, i) => median(runs.messages.map((times) => times[i]))),
      );
      const [alone, side, together] = [runs.alone, runs.side, runs.together].map(median);
      const predicted = await predictOne(file, ranks, link, side);
      const result = {
        ...{
          net: nameOf(file),
          ranks,
          threads,
          syncBatchNorm: values["sync-bn"],
          alone,
          side,
          together,
          link,
          ...predicted,
        },
        calls: runs.calls.at(-1),
      };
      results.push(result);
      const error = `${(100 * (predicted.predicted / together - 1)).toFixed(0)} %`;
      const ms = (value) => `${value.toFixed(1)} ms`;
      say(
        `${nameOf(file).padEnd(16)} ${ranks} ranks: alone ${ms(alone)}, side by side ${ms(side)}, together ${ms(together)}; ` +
          `predicted ${ms(predicted.predicted)} (${error}). Efficiency beside alone ${(alone / together).toFixed(2)}, beside ` +
          `side by side ${(side / together).toFixed(2)}, predicted ${(side / predicted.predicted).toFixed(2)}; a sum takes ` +
          `${(1e6 * link.latency).toFixed(0)} µs + ${(8e-9 / link.perByte).toFixed(1)} Gbit/s`,
      );
    }
  }
  if (values.json) console.log(JSON.stringify({ version, cores: coreCount(), rounds, iterations, results }, null, 2));
}

/** The model's prediction, with the steps in proportion to what processes take side by side. */
async function predictOne(file, ranks, link, side) {
  const perHost = Math.ceil(ranks / Number(values.hosts));
  const options = {
    ...{ ranks: [1, ranks], threads, perHost, syncBatchNorm: values["sync-bn"], iterations, cores: 1000 },
    // The measured line holds all that a sum takes, so nothing is added to it.
    ...{ latency: 0, localLatency: 0, pause: 0, reduction: 1e15, overhead: link.latency },
    ...{ bandwidth: link.bandwidth, localBandwidth: link.bandwidth },
  };
  const { predictions } = await scale(file, options);
  const speed = (1e3 * predictions[0].seconds) / side;
  // The same again, for hosts that are so much faster or slower.
  const [one, many] = (await scale(file, { ...options, speed })).predictions;
  return {
    stepsAlone: 1e3 * predictions[0].seconds,
    predicted: (side * many.seconds) / one.seconds,
    hidden: many.hidden,
  };
}

/** The line through the times of sums, and the bandwidth with which the model gives it. */
function fitMessages(ranks, times) {
  const seconds = times.map((ms) => ms / 1e3);
  const latency = Math.min(seconds[0], seconds[1]);
  const big = sizes.flatMap((size, i) => (4 * size >= 64_000 ? [(seconds[i] - latency) / (4 * size)] : []));
  const perByte = Math.max(1e-12, median(big));
  const perHost = Math.ceil(ranks / Number(values.hosts));
  const unit = { latency: 0, secondsPerByte: 1 };
  const cluster = { perHost, remote: unit, local: unit, secondsPerReducedByte: 0, overhead: 0, pause: 0 };
  return { latency, perByte, bandwidth: allReduceCost(1, ranks, cluster).transfer / perByte, times };
}

function filesOf(names) {
  const folder = new URL("nets/", import.meta.url);
  const own = readdirSync(folder).filter((name) =>
    names.some((part) => !part.endsWith(".prototxt") && name.includes(part)),
  );
  const files = names.filter((name) => name.endsWith(".prototxt"));
  const chosen = names.length > 0 ? own : ["lenetbn_b64.prototxt", "resnet20_b64.prototxt", "vggbn_b8.prototxt"];
  return [...files, ...chosen.map((name) => fileURLToPath(new URL(name, folder)))];
}

function nameOf(file) {
  return file.replace(/.*\//, "").replace(".prototxt", "");
}

/** Starts processes that measure, and returns what the first of them reports. */
function start(ranks, what, file) {
  const own = [process.execPath, fileURLToPath(import.meta.url), "--as", what, "--threads", String(threads)];
  const options = ["--iterations", String(iterations), ...(values["sync-bn"] ? ["--sync-bn"] : [])];
  const isAlone = ranks === 1;
  const launcher = isAlone ? [] : [...values.mpirun.split(" "), String(ranks)];
  const command = [...launcher, ...own, ...options, ...(isAlone ? ["--alone"] : []), ...(file ? [file] : [])];
  return new Promise((resolve, reject) => {
    const child = spawn(command[0], command.slice(1), {
      stdio: ["ignore", "pipe", "inherit"],
      env: rootless(process.env),
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (data) => {
      output += data;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      const [, found] = /RESULT (.*)/.exec(output) ?? [];
      if (code === 0 && found) resolve(JSON.parse(found));
      else reject(new Error(`${command.join(" ")}: exit code ${code}\n${output}`));
    });
  });
}

/** Open MPI refuses to run as root, as in containers, unless told so. */
function rootless(env) {
  return { ...env, OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };
}

// What `deploy` costs: `node bench/onnxruntime.mjs [net.prototxt… --rounds 31 --threads 1,2]`, after a build.
//
// Three runs of a net take turns, round after round: ONNX Runtime called directly, `deploy(...).run`, and Moka's own engine. The
// first two use one session of ONNX Runtime: the threads of a second one would spin while the first computes. The table has medians of the times, and of the ratios to ONNX Runtime's time within a round. Weights are random.
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { basename } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import ort from "onnxruntime-node";
import { coreCount } from "../dist/engines/wasm/index.js";
import { deploy, Net, version } from "../dist/index.js";
import { median } from "./median.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "31" }, threads: { type: "string", default: `1,${coreCount()}` } },
});
const nets = ["mobilenet", "resnet50"].map((name) => `../shared/bench/${name}.prototxt`);
const files = positionals.length > 0 ? positionals : nets;
const rounds = Number(values.rounds);

const orders = [
  [0, 1, 2],
  [1, 0, 2],
  [2, 0, 1],
  [2, 1, 0],
  [0, 2, 1],
  [1, 2, 0],
];

console.log(`Moka ${version}, ONNX Runtime ${ort.env.versions.node}, Node ${process.versions.node}`);
console.log(`${cpus()[0]?.model ?? "?"}, ${coreCount()} cores, ${rounds} rounds\n`);
for (const file of files) {
  for (const threads of new Set(values.threads.split(",").map(Number))) await measure(file, threads);
}

async function measure(file, threads) {
  const text = readFileSync(file, "utf8");
  const weights = await drawn(text);
  const net = await Net.load(text, { weights, keep: "outputs", threads });
  let direct;
  const create = async (model, options) => {
    direct = await ort.InferenceSession.create(model, options);
    return direct;
  };
  const runtime = { ...ort, InferenceSession: { create } };
  const session = await deploy(text, weights, { threads, provider: "cpu", runtime });
  const inputs = Object.fromEntries(
    net.inputs.map((name) => [
      name,
      Float32Array.from({ length: net.blobs.get(name).count }, () => Math.random() - 0.5),
    ]),
  );
  const feeds = () =>
    Object.entries(inputs).map(([name, data]) => [name, new ort.Tensor("float32", data, net.blobs.get(name).shape)]);
  const runs = [
    { label: "ONNX Runtime", once: () => direct.run(Object.fromEntries(feeds())), times: [] },
    { label: "deploy", once: () => session.run(inputs), times: [] },
    { label: net.engine.description, once: () => net.forward(inputs), times: [] },
  ];
  compare(await net.forward(inputs), await session.run(inputs));
  for (let round = -3; round < rounds; round++) {
    // What ran before leaves caches and threads that spin, so all orders of the runs take turns.
    for (const run of orders[(round + 6) % 6].map((index) => runs[index])) {
      await setTimeout(5);
      const start = performance.now();
      await run.once();
      if (round >= 0) run.times.push(performance.now() - start);
    }
  }
  console.log(`${basename(file, ".prototxt")}, ${threads} thr, × the speed of ONNX Runtime`);
  const [base] = runs;
  for (const { label, times } of runs) {
    const ratio = median(times.map((ms, round) => base.times[round] / ms)).toFixed(3);
    console.log(`  ${label.padEnd(46)} ${median(times).toFixed(2).padStart(8)} ms  ${ratio.padStart(6)}`);
  }
  await session.dispose();
  await net.dispose();
}

/** Random weights, with the statistics of one batch of noise: with those of a new net, values would leave single precision. */
async function drawn(text) {
  const net = await Net.load(text, { phase: "TRAIN", engine: "wasm", seed: 1 });
  for (const name of net.inputs) {
    const { data } = net.blobs.get(name);
    data.set(Float32Array.from(data, () => Math.random() - 0.5));
  }
  await net.runForward();
  const weights = net.toMessage();
  await net.dispose();
  return weights;
}

/** Throws unless all runs give the same. */
function compare(wanted, found) {
  for (const [name, values] of Object.entries(wanted)) {
    const far = values.findIndex((value, i) => !(Math.abs(value - found[name][i]) < 1e-5));
    if (far >= 0) throw new Error(`${name}[${far}]: ${values[far]} in Moka, ${found[name][far]} in ONNX Runtime`);
  }
}

// The speed of whole nets: `npm run bench [-- name… --rounds 7 --no-peers --json]`. A name selects the nets in
// bench/nets whose name contains it.
//
// Each net runs on every engine and number of threads, in turns, round after round; medians are printed. Other programs
// disturb a shared machine, so only ratios within one run can be compared. Inputs are noise, drawn once. Nets for
// training run forward and backward, the others forward. Other libraries, if they are installed (see peers/), run in
// the same rounds, with one thread for each core of the machine. The limit of the machine is measured in the same
// rounds too: the product of two matrices of 1024×1024, or, for a net without products, a copy of the bytes that the
// net must move: x read and y written forward, x and dy read and dx written backward.
import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { kernelStep } from "../dist/core/program.js";
import { Span } from "../dist/core/span.js";
import { findBlas } from "../dist/engines/wasm/blas/find-node.js";
import { coreCount, WasmEngine } from "../dist/engines/wasm/index.js";
import { Net, parseNet, summarize, version } from "../dist/index.js";
import { median } from "./median.mjs";
import { startPeers } from "./peers/index.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "7" },
    json: { type: "boolean", default: false },
    "no-peers": { type: "boolean", default: false },
  },
});
const folder = new URL("nets/", import.meta.url);
const names = readdirSync(folder)
  .map((file) => file.replace(".prototxt", ""))
  .filter((name) => positionals.length === 0 || positionals.some((part) => name.includes(part)));
const blas = find();
const threadCounts = [...new Set([1, coreCount()])];
const settings = ["wasm", ...(blas ? ["blas"] : [])].flatMap((engine) =>
  threadCounts.map((threads) => ({ engine, threads })),
);
const rounds = Number(values.rounds);
const results = [];
const say = (text) => values.json || console.log(text);

say(`Moka ${version}, Node ${process.versions.node}, ${cpus()[0]?.model ?? "?"}, ${coreCount()} cores`);
say(`${blas?.name ?? "no native BLAS"}; medians of ${rounds} rounds\n`);
for (const name of names) await measure(name);
if (values.json) console.log(JSON.stringify({ version, node: process.versions.node, rounds, results }, null, 2));

async function measure(name) {
  const text = readFileSync(new URL(`${name}.prototxt`, folder), "utf8");
  const { totals } = await summarize(parseNet(text).message, { phase: "TEST" });
  const trains = /SoftmaxWithLoss|force_backward/.test(text);
  // Backward makes two products for each product of forward.
  const flops = 2 * totals.multiplyAdds * (trains ? 3 : 1);
  const runs = [];
  for (const setting of settings) runs.push({ ...setting, ...(await netRun(text, trains, setting)), times: [] });
  for (const threads of threadCounts) {
    const limit = flops > 0 ? await gemmRun(threads) : await copyRun(threads, totals.memory / 4);
    runs.push({ engine: "limit", threads, ...limit, times: [] });
  }
  const peers = values["no-peers"] ? [] : await startPeers(text, coreCount());
  for (const peer of peers) runs.push({ ...peer, threads: coreCount(), isPeer: true, times: [] });
  for (let round = -2; round < rounds; round++) {
    for (const run of runs) {
      // The first run wakes the threads and fills the caches; the second is timed.
      await run.once();
      const start = performance.now();
      // Runs in other processes measure their time themselves.
      const own = await run.once();
      // V8 still compiles during the first rounds.
      if (round >= 0) run.times.push(own ?? performance.now() - start);
    }
  }
  say(name.padEnd(16) + (trains ? "forward and backward" : "forward"));
  for (const { engine, label = engine, threads, times, close, bytes, isPeer = false, work = flops } of runs) {
    const ms = median(times);
    const gflops = work / ms / 1e6;
    results.push({ name, engine, label, threads, ms, gflops, bytes, isPeer });
    const speed = work > 0 ? `${gflops.toFixed(1)} GFLOP/s` : "";
    const memory = bytes ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : "";
    const cells = [label.padEnd(17), `${threads} thr`, ms.toFixed(1).padStart(9), "ms", speed.padStart(16)];
    say(`  ${cells.join(" ")} ${memory.padStart(9)}`);
    await close();
  }
  sayRatios(results.filter((result) => result.name === name));
}

/** Prints how many times faster Moka is than each other library, with all cores. */
function sayRatios(all) {
  const own = all.filter(({ engine, threads }) => threads === coreCount() && (engine === "wasm" || engine === "blas"));
  for (const peer of all.filter(({ isPeer }) => isPeer)) {
    const ratios = own.map(({ engine, ms }) => `${engine} ${(peer.ms / ms).toFixed(2)} ×`);
    say(`  against ${peer.label}: ${ratios.join(", ")}`);
  }
}

async function netRun(text, trains, { engine, threads }) {
  const net = await Net.load(text, { phase: trains ? "TRAIN" : "TEST", engine, threads, seed: 1, keep: "outputs" });
  for (const input of net.inputs) {
    const { data } = net.blobs.get(input);
    for (let i = 0; i < data.length; i++) {
      data[i] = input === "label" ? Math.floor(10 * Math.random()) : 2 * Math.random() - 1;
    }
  }
  // The statistics of noise: without statistics values would grow from layer to layer and overflow.
  for (const { type, blobs } of trains ? [] : net.layers) {
    if (type === "BatchNorm") for (const blob of blobs.slice(1)) blob.data.fill(1);
  }
  for (const output of trains ? net.outputs : []) {
    if (net.lossWeight(output) === 0) net.blobs.get(output).diff.fill(0.01);
  }
  const once = async () => {
    await net.runForward();
    if (trains) await net.runBackward();
  };
  await once();
  return { once, bytes: net.engine.bytesUsed, close: () => net.dispose() };
}

async function gemmRun(threads) {
  const engine = await WasmEngine.create({ threads, blas });
  const n = 1024;
  const [a, b, c] = ["a", "b", "c"].map((name) => new Span(name, n * n, engine));
  a.array.fill(1);
  b.array.fill(0.5);
  const sizes = { m: n, n, k: n, transA: false, transB: false, alpha: 1, beta: 0 };
  const program = engine.compile([kernelStep("gemm", { a, b, c, ...sizes }, 0)]);
  const close = () => engine.dispose();
  return { label: "gemm 1024³", once: async () => program.run(0, 1), work: 2 * n ** 3, close };
}

/** Copies the bytes that forward and backward move in a net with two blobs of `values` numbers together: 5 blobs. */
async function copyRun(threads, values) {
  const engine = await WasmEngine.create({ threads });
  const [x, y] = ["x", "y"].map((name) => new Span(name, (5 / 2) * (values / 2), engine));
  x.array.fill(1);
  const program = engine.compile([kernelStep("copy", { x, y }, 0)]);
  return { label: "copy", once: async () => program.run(0, 1), work: 0, close: () => engine.dispose() };
}

function find() {
  try {
    return findBlas();
  } catch {
    return undefined;
  }
}

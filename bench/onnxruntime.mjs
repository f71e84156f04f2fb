// What `deploy` costs: `node bench/onnxruntime.mjs [net.prototxt… --rounds 31 --threads 1,2]`, after a build.
//
// Three runs of a net take turns, round after round; see onnxruntime-rounds.mjs. The table has medians of the times, and of the ratios to
// ONNX Runtime's time within a round. Weights are random.
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import ort from "onnxruntime-node";
import { coreCount } from "../dist/engines/wasm/index.js";
import { version } from "../dist/index.js";
import { median } from "./median.mjs";
import { measure } from "./onnxruntime-rounds.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "31" }, threads: { type: "string", default: `1,${coreCount()}` } },
});
const nets = ["mobilenet", "resnet50"].map((name) => `../shared/bench/${name}.prototxt`);
const files = positionals.length > 0 ? positionals : nets;
const rounds = Number(values.rounds);

console.log(`Moka ${version}, ONNX Runtime ${ort.env.versions.node}, Node ${process.versions.node}`);
console.log(`${cpus()[0]?.model ?? "?"}, ${coreCount()} cores, ${rounds} rounds\n`);
for (const file of files) {
  for (const threads of new Set(values.threads.split(",").map(Number))) await report(file, threads);
}

async function report(file, threads) {
  const runs = await measure(ort, readFileSync(file, "utf8"), { provider: "cpu", threads, rounds });
  console.log(`${basename(file, ".prototxt")}, ${threads} thr, × the speed of ONNX Runtime`);
  const [base] = runs;
  for (const { label, times } of runs) {
    const ratio = median(times.map((ms, round) => base.times[round] / ms)).toFixed(3);
    console.log(`  ${label.padEnd(46)} ${median(times).toFixed(2).padStart(8)} ms  ${ratio.padStart(6)}`);
  }
}

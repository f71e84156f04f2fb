// The speed of inference with a folded net: `node bench/fold.mjs [net… --rounds 15 --batch 64]`, after a build.
//
// Four runs take turns, round after round: the net unfolded and folded, each with fused steps and layer by layer. The
// table has medians of the times, medians of the ratios within a round, and the least times, which a busy machine
// disturbs less. The engine folds BatchNorm and Scale itself when it compiles a net in phase TEST ("fused" in the
// table), so folding saves little there; "layer by layer" shows the saving without fusing.
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { create } from "@bufbuild/protobuf";
import { createEngine, netContext } from "../dist/api/environment.js";
import { Net as CoreNet } from "../dist/core/net.js";
import { coreCount } from "../dist/engines/wasm/index.js";
import { fold, Net, parseNet, version } from "../dist/index.js";
import { NetStateSchema, Phase } from "../dist/proto/gen/caffe_pb.js";
import { median } from "./median.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "15" }, batch: { type: "string", default: "64" } },
});
const names = positionals.length > 0 ? positionals : ["resnet20_b64"];
const rounds = Number(values.rounds);
const state = create(NetStateSchema, { phase: Phase.TEST });

console.log(`Moka ${version}, Node ${process.versions.node}, ${cpus()[0]?.model ?? "?"}, ${coreCount()} cores`);
console.log(`engine wasm, forward in phase TEST, batch ${values.batch}, ${rounds} rounds\n`);
for (const name of names) {
  const text = readFileSync(new URL(`nets/${name}.prototxt`, import.meta.url), "utf8");
  const sized = text.replace(/(input_param \{ shape \{ dim: )\d+/g, `$1${values.batch}`);
  for (const threads of new Set([1, coreCount()])) await measure(name, sized, threads);
}

async function measure(name, text, threads) {
  const weights = await trained(text);
  const { net, weights: foldedWeights, proof } = await fold(text, weights, { engine: "wasm", threads });
  if (!proof.ran || !proof.passed) throw new Error(`${name} is not proven: ${JSON.stringify(proof)}`);
  const runs = [];
  for (const fuse of [false, true]) {
    runs.push({ fuse, label: "unfolded", ...(await runOf(parseNet(text).message, weights, threads, fuse)) });
    runs.push({ fuse, label: "folded", ...(await runOf(net, foldedWeights, threads, fuse)) });
  }
  for (let round = -3; round < rounds; round++) {
    // The first run of a round may find cold caches, so each round starts with another run.
    for (const run of [...runs.slice(round & 3), ...runs.slice(0, round & 3)]) {
      const start = performance.now();
      await run.once();
      // V8 still compiles during the first rounds.
      if (round >= 0) run.times.push(performance.now() - start);
    }
  }
  console.log(`${name}, ${threads} thr`);
  for (const fuse of [false, true]) {
    const [before, after] = runs.filter((run) => run.fuse === fuse).map(({ times }) => times);
    const ratio = median(before.map((ms, round) => ms / after[round])).toFixed(2);
    const at = (of) => `${of(before).toFixed(1)} → ${of(after).toFixed(1)} ms`;
    const least = at((times) => Math.min(...times));
    console.log(`  ${(fuse ? "fused" : "layer by layer").padEnd(16)} median ${at(median)}, ${ratio}×   least ${least}`);
  }
  for (const { close } of runs) await close();
}

/** Weights with the statistics of one batch of noise, as after training. */
async function trained(text) {
  const net = await Net.load(text, { phase: "TRAIN", engine: "wasm", seed: 1 });
  fillInputs(net);
  await net.runForward();
  const message = net.toMessage();
  message.layer = message.layer.filter(({ blobs }) => blobs.length > 0);
  await net.dispose();
  return message;
}

async function runOf(message, weights, threads, fuse) {
  const options = { engine: "wasm", threads, seed: 1 };
  const engine = await createEngine(options);
  const passes = fuse ? undefined : ["plan-memory"];
  const context = { ...netContext(engine, options, 1), ownsEngine: true, backward: false, keep: "outputs", passes };
  const net = await CoreNet.build(message, state, context);
  net.copyTrainedLayers(weights);
  fillInputs(net);
  return { times: [], once: () => net.runForward(), close: () => net.dispose() };
}

function fillInputs(net) {
  for (const name of net.inputs) {
    const { data } = net.blobs.get(name);
    for (let i = 0; i < data.length; i++) data[i] = name === "label" ? i % 10 : 2 * Math.random() - 1;
  }
}

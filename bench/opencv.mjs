// Detectors beside OpenCV's dnn (Debian: python3-opencv), in one run: `npm run build`, then `node bench/opencv.mjs [name… --rounds 31
// --threads 2 --corpus ../shared/corpus]`. A name selects the nets whose name contains it. OpenCV runs in a process of its own.
//
// Both get the same net, weights and input, and the same number of threads. In each round every program runs the net some times,
// one program after the other, in an order that changes; what counts is the median of the ratios of a round, because other
// programs disturb a shared machine for longer than a round. The first outputs are compared, so that both compute the same.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findBlas } from "../dist/engines/wasm/blas/find-node.js";
import { Net, version } from "../dist/index.js";
import { median } from "./median.mjs";
import { startPeer } from "./peers/peer.mjs";
import { rfb320 } from "./ultraface.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "31" },
    threads: { type: "string", default: "2" },
    corpus: { type: "string", default: fileURLToPath(new URL("../../shared/corpus", import.meta.url)) },
  },
});
const [rounds, threads] = [Number(values.rounds), Number(values.threads)];
const python = process.env.MOKA_PYTHON ?? "/usr/bin/python3";
const models = join(values.corpus, "forks/models");

const nets = [
  { name: "wechat-qr-detect", net: join(models, "wechat-qr-detect/net.prototxt") },
  { name: "ultraface-slim320", net: join(models, "ultraface-slim320/net.prototxt"), edit: sized(240, 320) },
  { name: "ultraface-rfb320", text: rfb320() },
  { name: "yoloface-500k-v2", net: join(models, "yoloface-500k-v2/net_bvlc.prototxt"), edit: sized(256, 320) },
  {
    name: "mobilenet-yolov3-lite",
    net: join(values.corpus, "prototxt/183f949384e1_mobilenet_yolov3_lite_deploy.prototxt"),
    edit: plain,
  },
  {
    name: "mobilenet-yolov3",
    net: join(values.corpus, "prototxt/3f4e2c229e36_mobilenet_yolov3_deploy.prototxt"),
    edit: plain,
  },
].filter(({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)));

/** The net with an input of another size. */
function sized(height, width) {
  return (text) =>
    text.replace(/(dim: 1\s+(?:input_)?dim: 3\s+(?:input_)?dim: )\d+(\s+(?:input_)?dim: )\d+/, `$1${height}$2${width}`);
}

/** Without the detection layer, which OpenCV has not; depthwise convolutions as BVLC has them, which it has. */
function plain(text) {
  const cut = text.replace(/layer \{\s*name: "detection_out"[\s\S]*?\n\}/, "");
  return cut.replaceAll(/(type: *)"DepthwiseConvolution"/g, '$1"Convolution"');
}

console.log(`Moka ${version}, Node ${process.versions.node}, ${blasName()}; ${threads} threads, ${rounds} rounds`);
for (const each of nets) {
  if (each.net && !existsSync(each.net)) console.log(`${each.name}: there is no ${each.net}`);
  else await compare(each);
}

async function compare({ name, net: path, text = "", edit = (each) => each }) {
  const folder = mkdtempSync(join(tmpdir(), "moka-opencv-"));
  const file = (each) => join(folder, each);
  const prototxt = edit(path ? readFileSync(path, "utf8") : text);
  const trained = path && join(path, "../weights.caffemodel");
  const isTrained = trained !== undefined && existsSync(trained);
  writeFileSync(file("net.prototxt"), prototxt);
  const weights = file("net.caffemodel");
  await saveWeights(prototxt, isTrained ? trained : undefined, weights);
  const picture = path && pictureOf(join(path, ".."));
  const runs = [];
  for (const engine of ["wasm", "blas"]) {
    try {
      runs.push(await ownRun(engine, file("net.prototxt"), weights, file("input"), picture));
    } catch (error) {
      console.log(`${name}, ${engine}: ${error.message}`);
    }
  }
  const [first] = runs;
  const script = fileURLToPath(new URL("opencv_forward.py", import.meta.url));
  const files = [file("net.prototxt"), weights, file("input"), file("answers")];
  const peer = first && (await startPeer("OpenCV", python, [script, ...files, String(threads), ...first.outputs]));
  if (!peer) console.log(`${name}: OpenCV is not installed, or cannot run it`);
  else {
    const answers = new Float32Array(Uint8Array.from(readFileSync(file("answers"))).buffer);
    const gap = Math.max(0, ...runs.map(({ answer }) => distance(answer, answers)));
    await time(name, runs, peer, `${isTrained ? "" : "random weights, "}difference ${gap.toExponential(1)}`);
    await peer.close();
  }
  for (const run of runs) await run.close();
  rmSync(folder, { recursive: true });
}

async function time(name, runs, peer, note) {
  const all = [...runs, { label: peer.label, once: peer.once }].map((run) => ({ ...run, times: [] }));
  const warm = await all.at(-1).once();
  // About 50 ms of each program in a round.
  const times = Math.max(1, Math.min(50, Math.round(50 / warm)));
  for (let round = -3; round < rounds; round++) {
    for (let i = 0; i < all.length; i++) {
      const run = all[(i + Math.max(round, 0)) % all.length];
      await run.once();
      let sum = 0;
      for (let k = 0; k < times; k++) {
        const start = performance.now();
        // OpenCV's process measures its time itself.
        sum += (await run.once()) ?? performance.now() - start;
      }
      if (round >= 0) run.times.push(sum / times);
    }
  }
  const theirs = all.at(-1).times;
  console.log(`${name}: ${note}`);
  for (const { label, times: own } of all) {
    const ratios = theirs.map((ms, i) => ms / own[i]).sort((a, b) => a - b);
    const [low, middle, high] = [0.25, 0.5, 0.75].map((part) =>
      ratios[Math.floor(part * (ratios.length - 1))].toFixed(2),
    );
    const floor = Math.min(...own).toFixed(2);
    const cells = [label.padEnd(14), median(own).toFixed(2).padStart(8), "ms, least", floor.padStart(7)];
    console.log(`  ${cells.join(" ")}${own === theirs ? "" : `   ${middle} × (${low} to ${high})`}`);
  }
}

async function ownRun(engine, path, weights, inputFile, picture = []) {
  const net = await Net.load(path, { weights, phase: "TEST", engine, threads, keep: "outputs" });
  const [input] = net.inputs;
  const { data, shape } = net.blobs.get(input);
  // A picture of this size, or values between 0 and 1, the same in each run.
  if (picture.length === data.length) data.set(picture);
  else {
    for (let i = 0, state = 1; i < data.length; i++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      data[i] = (state >>> 8) / 2 ** 24;
    }
  }
  writeFileSync(
    inputFile,
    Buffer.concat([
      Buffer.from(`${JSON.stringify({ name: input, shape })}\n`),
      Buffer.from(Float32Array.from(data).buffer),
    ]),
  );
  await net.runForward();
  const outputs = [...net.outputs];
  const answer = outputs.flatMap((output) => [...net.blobs.get(output).data]);
  return {
    label: engine,
    outputs,
    answer,
    once: async () => void (await net.runForward()),
    close: () => net.dispose(),
  };
}

/** The values of the array in_*.npy in this folder; undefined if there is none. */
function pictureOf(folder) {
  const name = readdirSync(folder).find((each) => /^in_.*\.npy$/.test(each));
  if (!name) return undefined;
  const bytes = readFileSync(join(folder, name));
  return new Float32Array(Uint8Array.from(bytes.subarray(10 + bytes.readUInt16LE(8))).buffer);
}

/**
 * Saves a weight of every layer: OpenCV ends without a word where a caffemodel lacks one. What `trained` has not comes from the
 * fillers; without it, BatchNorm gets the statistics 0 and 1.
 */
async function saveWeights(text, trained, path) {
  const net = await Net.load(text, { weights: trained, phase: "TEST", threads: 1, seed: 1 });
  for (const { type, blobs } of trained ? [] : net.layers) {
    if (type !== "BatchNorm") continue;
    blobs[1].data.fill(1);
    blobs[2].data.fill(1);
  }
  await net.save(path);
  await net.dispose();
}

/** The largest difference, as a part of the largest value. OpenCV fills detections up with zeros. */
function distance(values, others) {
  const scale = others.reduce((largest, each) => Math.max(largest, Math.abs(each)), 1e-30);
  return others.reduce((largest, each, i) => Math.max(largest, Math.abs(each - (values[i] ?? 0))), 0) / scale;
}

function blasName() {
  try {
    return findBlas().name;
  } catch {
    return "no native BLAS";
  }
}

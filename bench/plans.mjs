// The time of plans: `node bench/plans.mjs [--layers 10000]`, after a build.
//
// The first table has nets of growing size, built, recorded and planned for training with `keep: "outputs"`; nothing runs,
// and no memory is allocated. A net twice as large should take twice the time. The second table compares nets whose
// shapes change at each run, to shapes seen before, with the same nets at constant shapes: medians of pairs of runs.
import { parseArgs } from "node:util";
import { create } from "@bufbuild/protobuf";
import { Catalog } from "../dist/core/catalog.js";
import { Net } from "../dist/core/net.js";
import { ReferenceEngine } from "../dist/engines/reference/index.js";
import { WasmEngine } from "../dist/engines/wasm/index.js";
import { fill } from "../dist/fillers/index.js";
import { version } from "../dist/index.js";
import { layers } from "../dist/layers/registry.js";
import { NetStateSchema, Phase } from "../dist/proto/gen/caffe_pb.js";
import { parseNet } from "../dist/proto/text/index.js";
import { upgradeNet } from "../dist/proto/upgrade/net.js";
import { silent } from "../dist/util/log.js";
import { Random } from "../dist/util/random.js";
import { median } from "./median.mjs";

const { values } = parseArgs({ options: { layers: { type: "string", default: "10000" } } });
const maxLayers = Number(values.layers);

console.log(`Moka ${version}, Node ${process.versions.node}\n`);
for (const [name, textOf] of [
  ["chain of Convolution, BatchNorm, Scale, ReLU", chain],
  ["the same with growing Concats", dense],
]) {
  console.log(`${name}\n   layers  build, s   plan, s     sum  growth`);
  let before;
  for (let layers = maxLayers / 8; layers <= maxLayers; layers *= 2) {
    const [build, plan] = await timePlan(textOf(layers));
    const sum = build + plan;
    const growth = before ? (sum / before).toFixed(2) : "";
    before = sum;
    const cells = [layers.toFixed().padStart(9), ...[build, plan].map((s) => s.toFixed(2).padStart(9))];
    console.log(`${cells.join(" ")} ${sum.toFixed(2).padStart(7)} ${growth.padStart(7)}`);
  }
}
console.log("\nshapes that change and were seen before, against shapes that stay");
for (const keep of ["all", "outputs"]) {
  for (const [name, trial] of [
    ["reshape", timeReshape],
    ["Filter", timeFilter],
  ]) {
    const [same, changed] = await trial(keep);
    const ratio = (changed / same).toFixed(2);
    console.log(
      `  ${name.padEnd(8)} keep: ${keep.padEnd(8)} ${same.toFixed(2)} ms, ${changed.toFixed(2)} ms, ratio ${ratio}`,
    );
  }
}

function load(text, engine, options) {
  const state = create(NetStateSchema, { phase: Phase.TRAIN });
  return Net.build(upgradeNet(parseNet(text).message, "net", silent), state, {
    ...{ catalog: new Catalog(layers, fill), engine, ownsEngine: true, random: new Random(1), log: silent },
    ...{ files: {}, images: {}, weightFiles: {}, ...options },
  });
}

/** Seconds to build and record forward, and to record backward and plan. */
async function timePlan(text) {
  const { message } = parseNet(text);
  const state = create(NetStateSchema, { phase: Phase.TRAIN });
  const upgraded = upgradeNet(message, "net", silent);
  const start = performance.now();
  const net = await Net.build(upgraded, state, {
    ...{ catalog: new Catalog(layers, fill), engine: new ReferenceEngine(), ownsEngine: true, log: silent },
    ...{ files: {}, images: {}, weightFiles: {}, random: new Random(1), fills: false, keep: "outputs" },
  });
  const built = performance.now();
  net.execution;
  const planned = performance.now();
  await net.dispose();
  return [(built - start) / 1e3, (planned - built) / 1e3];
}

function block(i, bottom, top, outputs) {
  return `
    layer { name: "conv${i}" type: "Convolution" bottom: "${bottom}" top: "${top}" convolution_param { num_output: ${outputs} kernel_size: 1 weight_filler { type: "msra" } } }
    layer { name: "norm${i}" type: "BatchNorm" bottom: "${top}" top: "${top}" }
    layer { name: "scale${i}" type: "Scale" bottom: "${top}" top: "${top}" scale_param { bias_term: true } }
    layer { name: "relu${i}" type: "ReLU" bottom: "${top}" top: "${top}" }`;
}

function framed(body, top, batch = 2) {
  return `
    layer { name: "x" type: "Input" top: "x" top: "label" input_param { shape { dim: ${batch} dim: 4 dim: 16 dim: 16 } shape { dim: ${batch} } } }
    ${body}
    layer { name: "fc" type: "InnerProduct" bottom: "${top}" top: "fc" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }`;
}

function chain(layers) {
  const count = Math.ceil(layers / 4);
  const blocks = Array.from({ length: count }, (_, i) => block(i, i === 0 ? "x" : `b${i - 1}`, `b${i}`, 4));
  return framed(blocks.join(""), `b${count - 1}`);
}

/** Groups of 16 convolutions, each of which reads all earlier ones of its group, as in a DenseNet. */
function dense(layers) {
  const parts = [];
  let bottom = "x";
  for (let i = 0; 5 * i < layers; i++) {
    parts.push(block(i, bottom, `b${i}`, i % 16 === 15 ? 4 : 2));
    if (i % 16 === 15) bottom = `b${i}`;
    else {
      parts.push(`layer { name: "concat${i}" type: "Concat" bottom: "${bottom}" bottom: "b${i}" top: "c${i}" }`);
      bottom = `c${i}`;
    }
  }
  return framed(parts.join(""), bottom);
}

/** Milliseconds for a training step after a step with the same batch size, and after one with another batch size. */
async function timeReshape(keep) {
  const net = await load(chain(120), await WasmEngine.create(), { keep });
  return times(async (n) => {
    net.reshape({ x: [n, 4, 16, 16], label: [n] });
    await step(net);
  }).finally(() => net.dispose());
}

/** The same for a net with a Filter in the middle that passes the same number of items, or another number. */
async function timeFilter(keep) {
  const half = chain(60).split('layer { name: "fc"')[0];
  const rest = Array.from({ length: 15 }, (_, i) => block(100 + i, i === 0 ? "y" : `d${i - 1}`, `d${i}`, 4)).join("");
  const text = `${half.replaceAll(/dim: 2 /g, "dim: 24 ")}
    layer { name: "s" type: "Input" top: "s" input_param { shape { dim: 24 } } }
    layer { name: "filter" type: "Filter" bottom: "b14" bottom: "label" bottom: "s" top: "y" top: "l" }
    ${rest}
    layer { name: "fc" type: "InnerProduct" bottom: "d14" top: "fc" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "l" top: "loss" propagate_down: true propagate_down: false }`;
  const net = await load(text, await WasmEngine.create(), { keep });
  const pass = (count) => Float32Array.from({ length: 24 }, (_, i) => Number(i < count));
  return times((n) => step(net, { s: pass(n) })).finally(() => net.dispose());
}

async function step(net, inputs = {}) {
  net.clearParamDiffs();
  await net.forward(inputs);
  await net.backward();
}

/** Median milliseconds of a step with 16 or 24 items, after a step with the same number and after one with the other. */
async function times(stepWith) {
  const found = [[], []];
  for (let round = -5; round < 40; round++) {
    for (const [first, second] of [
      [16, 16],
      [24, 24],
      [16, 24],
      [24, 16],
    ]) {
      const times = [];
      for (const n of [first, second, first, second, first]) {
        const start = performance.now();
        await stepWith(n);
        times.push(performance.now() - start);
      }
      // The first step follows a step of another pair.
      const sum = times.slice(1).reduce((total, time) => total + time);
      if (round >= 0) found[Number(first !== second)].push(sum / 4);
    }
  }
  return found.map(median);
}

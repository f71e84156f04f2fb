// The time of a net by threads, batch, image size and depth: `node bench/scaling.mjs [--engine wasm|blas|auto]
// [--rounds 7] [--json]`. The net has three stages of blocks (Convolution, BatchNorm, Scale, ReLU), pooling behind each
// stage, and a loss. It runs forward and backward. The points of a sweep take turns, round after round; medians are
// printed.
import { parseArgs } from "node:util";
import { coreCount } from "../dist/engines/wasm/index.js";
import { Net } from "../dist/index.js";
import { median } from "./median.mjs";

const { values } = parseArgs({
  options: {
    engine: { type: "string", default: "auto" },
    rounds: { type: "string", default: "7" },
    json: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const base = { threads: coreCount(), batch: 16, image: 64, depth: 2 };
const sweeps = {
  threads: Array.from({ length: coreCount() }, (_, i) => i + 1),
  batch: [1, 2, 4, 8, 16, 32, 64, 128],
  image: [32, 64, 96, 128, 160, 192, 224],
  // The number of blocks in each stage.
  depth: [1, 2, 4, 8],
};
const results = [];
const say = (text) => values.json || console.log(text);

for (const [axis, points] of Object.entries(sweeps)) await measure(axis, points);
if (values.json) console.log(JSON.stringify({ base, rounds, results }, null, 2));

async function measure(axis, points) {
  const runs = [];
  for (const point of points) runs.push({ point, net: await load({ ...base, [axis]: point }), times: [] });
  for (let round = -1; round < rounds; round++) {
    for (const { net, times } of runs) {
      const start = performance.now();
      await net.runForward();
      await net.runBackward();
      if (round >= 0) times.push(performance.now() - start);
    }
  }
  const fixed = Object.entries(base).filter(([name]) => name !== axis);
  say(`${axis} (${fixed.map(([name, value]) => `${name} ${value}`).join(", ")}; ${runs[0].net.engine.name})`);
  // The time for one image, pixel or block, relative to the first point: 1.00 means that time grows in proportion.
  const units = { threads: (n) => 1 / n, batch: (n) => n, image: (n) => n * n, depth: (n) => n };
  const [first] = runs.map(({ point, times }) => median(times) / units[axis](point));
  for (const { point, net, times } of runs) {
    const ms = median(times);
    const relative = ms / units[axis](point) / first;
    const memory = net.engine.bytesUsed;
    results.push({ axis, point, ms, relative, memory });
    const cells = [String(point).padStart(6), ms.toFixed(1).padStart(9), "ms", relative.toFixed(2).padStart(7), "×"];
    say(`${cells.join(" ")} ${(memory / 2 ** 20).toFixed(0).padStart(6)} MiB`);
    await net.dispose();
  }
  say("");
}

async function load({ threads, batch, image, depth }) {
  const net = await Net.load(text(batch, image, depth), {
    ...{ phase: "TRAIN", engine: values.engine, threads, seed: 1, keep: "outputs" },
  });
  const fill = (name, value) => {
    const { data } = net.blobs.get(name);
    for (let i = 0; i < data.length; i++) data[i] = value();
  };
  fill("data", () => 2 * Math.random() - 1);
  fill("label", () => Math.floor(10 * Math.random()));
  return net;
}

function text(batch, image, depth) {
  const layers = [
    `layer { name: "input" type: "Input" top: "data" top: "label" input_param {
       shape { dim: ${batch} dim: 3 dim: ${image} dim: ${image} } shape { dim: ${batch} } } }`,
  ];
  let bottom = "data";
  for (const [stage, channels] of [32, 64, 128].entries()) {
    for (let i = 0; i < depth; i++) {
      const name = `c${stage}_${i}`;
      layers.push(
        `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" convolution_param {
           num_output: ${channels} kernel_size: 3 pad: 1 bias_term: false weight_filler { type: "msra" } } }`,
        `layer { name: "bn_${name}" type: "BatchNorm" bottom: "${name}" top: "${name}" }`,
        `layer { name: "scale_${name}" type: "Scale" bottom: "${name}" top: "${name}" scale_param { bias_term: true } }`,
        `layer { name: "relu_${name}" type: "ReLU" bottom: "${name}" top: "${name}" }`,
      );
      bottom = name;
    }
    layers.push(
      `layer { name: "pool${stage}" type: "Pooling" bottom: "${bottom}" top: "pool${stage}" pooling_param {
         pool: MAX kernel_size: 2 stride: 2 } }`,
    );
    bottom = `pool${stage}`;
  }
  layers.push(
    `layer { name: "global" type: "Pooling" bottom: "${bottom}" top: "global" pooling_param { pool: AVE global_pooling: true } }`,
    `layer { name: "ip" type: "InnerProduct" bottom: "global" top: "ip" inner_product_param {
       num_output: 10 weight_filler { type: "xavier" } } }`,
    'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }',
  );
  return layers.join("\n");
}

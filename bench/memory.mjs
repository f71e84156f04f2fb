// The memory of long work: `node --expose-gc bench/memory.mjs [--iterations 20000] [--nets 500]`, after a build.
//
// The first table is one training run with tests, snapshots and a shape that changes; the second loads, runs and disposes of one
// net after the other. Each line is taken after a garbage collection: the process's resident memory, JavaScript's heap, buffers
// outside it, and what the engine's WebAssembly memory holds. If memory is flat, the last line is like the second.
// With a native BLAS and threads, the second table grows by some 40 KB a net: koffi leaves them behind in each thread that ends, as a
// thread shows that does nothing but load it. With one thread, or without BLAS, the table is flat.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Net, Solver, version } from "../dist/index.js";

const { values } = parseArgs({
  options: { iterations: { type: "string", default: "20000" }, nets: { type: "string", default: "500" } },
});
if (!globalThis.gc) throw new Error("call it with node --expose-gc");

const trunk = (input) => `${input}
  layer { name: "c1" type: "Convolution" bottom: "data" top: "c1" convolution_param { num_output: 8 kernel_size: 5 weight_filler { type: "xavier" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "c1" top: "c1" }
  layer { name: "sc" type: "Scale" bottom: "c1" top: "c1" scale_param { bias_term: true } }
  layer { name: "r1" type: "ReLU" bottom: "c1" top: "c1" }
  layer { name: "p1" type: "Pooling" bottom: "c1" top: "p1" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
  layer { name: "d1" type: "Dropout" bottom: "p1" top: "p1" }
  layer { name: "ip" type: "InnerProduct" bottom: "p1" top: "ip" inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }`;
const noise = (
  phase,
  batch,
) => `layer { name: "data" type: "DummyData" top: "data" top: "label" include { phase: ${phase} }
  dummy_data_param { shape { dim: ${batch} dim: 1 dim: 16 dim: 16 } shape { dim: ${batch} } data_filler { type: "gaussian" } data_filler { type: "constant" } } }`;
const loss = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }';

console.log(`Moka ${version}, Node ${process.versions.node}`);
await train(Number(values.iterations));
await loadAndDispose(Number(values.nets));

/** One run in ten parts, each with tests and a snapshot. */
async function train(iterations) {
  const folder = mkdtempSync(join(tmpdir(), "moka-memory-"));
  const every = Math.max(1, Math.floor(iterations / 10));
  const solver = await Solver.load(
    `base_lr: 0.01 lr_policy: "fixed" momentum: 0.9 random_seed: 1 max_iter: ${iterations} snapshot: ${every} average_loss: 100
     test_iter: 2 test_interval: ${Math.max(1, Math.floor(every / 20))} snapshot_prefix: "${folder}/m" type: "Adam" momentum2: 0.999
     net_param { ${trunk(`${noise("TRAIN", 8)} ${noise("TEST", 12)}`)} ${loss} }`,
  );
  head(`training, ${iterations} iterations`);
  line("start", solver.net.engine);
  for (let done = every; done <= iterations; done += every) {
    await solver.step(every);
    line(`${done}`, solver.net.engine);
  }
  await solver.dispose();
  rmSync(folder, { recursive: true });
}

async function loadAndDispose(nets) {
  head(`${nets} nets, loaded, run and disposed of`);
  line("start");
  const every = Math.max(1, Math.floor(nets / 10));
  const input =
    'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 dim: 16 dim: 16 } } }';
  for (let i = 1; i <= nets; i++) {
    const net = await Net.load(trunk(input), i % 2 ? { phase: "TRAIN" } : {});
    net.reshape({ data: [1 + (i % 3), 1, 16, 16] });
    await net.forward({ data: new Float32Array((1 + (i % 3)) * 256).fill(i) });
    if (i % 2) await net.backward();
    const { engine } = net;
    await net.dispose();
    if (i % every === 0) line(`${i}`, engine);
  }
}

function head(title) {
  console.log(
    `\n${title}\n${["", "resident, MB", "heap, MB", "buffers, MB", "engine, MB"].map((cell) => cell.padStart(14)).join("")}`,
  );
}

function line(label, engine) {
  globalThis.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  const cells = [rss, heapUsed, external, engine?.bytesUsed ?? 0].map((bytes) => (bytes / 2 ** 20).toFixed(1));
  console.log([label, ...cells].map((cell) => cell.padStart(14)).join(""));
}

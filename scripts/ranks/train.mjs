// Trains on one process, or as a rank of several: node train.mjs '{"solver": FILE, "iterations": 100, "engine": "wasm", "out": FILE, …}'.
// What came out is written to `<out>.<rank>`: the loss of each iteration, the final parameters, and which of them are averages.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { serialize } from "node:v8";
import { connectMpi, Solver } from "../../dist/index.js";

const { solver: file, iterations, engine, threads = 1, mpi = true, out } = JSON.parse(process.argv[2]);
const communicator = mpi ? await connectMpi() : undefined;
const options = communicator ? { communicator, syncBatchNorm: true } : {};
const solver = await Solver.load(file, { engine, threads, ...options });
const losses = [];
solver.on("iteration", ({ loss }) => losses.push(loss));
await solver.step(iterations);

const [params, averages] = [new Map(), []];
const digest = createHash("sha256");
for (const { name, type, blobs } of solver.net.layers) {
  for (const [i, { data }] of blobs.entries()) {
    params.set(`${name}.${i}`, data.slice());
    if (type === "BatchNorm") averages.push(`${name}.${i}`);
    digest.update(data);
  }
}
const rank = communicator?.rank ?? 0;
const result = { engine: solver.net.engine.name, losses, digest: digest.digest("hex"), params, averages };
writeFileSync(`${out}.${rank}`, serialize(rank === 0 ? result : { ...result, params: undefined }));
await solver.dispose();
await communicator?.close();

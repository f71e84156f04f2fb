// Times iterations of a training for efficiency.mjs, on one process or as a rank: for each line that comes over the socket, a few of them.
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { connectMpi, Solver } from "../../dist/index.js";

const { net, engine, threads, mpi = false, syncBatchNorm = false, port } = JSON.parse(process.argv[2]);
const iterations = 2;
const communicator = mpi ? await connectMpi() : undefined;
const options = communicator ? { communicator, syncBatchNorm } : {};
const text = `net: "${net}"\nbase_lr: 0.001 momentum: 0.9 lr_policy: "fixed" random_seed: 1 snapshot_after_train: false snapshot_prefix: "none" max_iter: 1000000`;
const solver = await Solver.load(text, { engine, threads, keep: "outputs", ...options });
for (const name of solver.net.inputs) {
  const { data } = solver.net.blobs.get(name);
  for (let i = 0; i < data.length; i++) data[i] = name === "label" ? i % 10 : 2 * Math.random() - 1;
}

/** Whether another turn comes: rank 0 hears of it, and tells the others. */
const turn = Float64Array.of(0);
const goOn = async (isMore) => {
  turn[0] = Number(isMore);
  await communicator?.broadcast(turn);
  return turn[0] === 1;
};
const step = async () => {
  const start = performance.now();
  await solver.step(iterations);
  return (performance.now() - start) / iterations;
};

if ((communicator?.rank ?? 0) === 0) {
  const socket = connect(port, "127.0.0.1");
  for await (const _ of createInterface({ input: socket })) {
    await goOn(true);
    socket.write(`${await step()}\n`);
  }
  await goOn(false);
} else while (await goOn(false)) await step();
await solver.dispose();
await communicator?.close();

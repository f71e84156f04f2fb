import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { bindSgemm } from "../blas/sgemm.js";
import { type WorkerStart, workerMain } from "./worker.js";

/** A running worker. */
export interface Spawned {
  stop(): Promise<void>;
}

/** Starts a worker, and waits until it is ready. The process can end while the worker runs. */
export async function spawn(start: WorkerStart): Promise<Spawned> {
  const code = `const { parentPort, workerData } = require("node:worker_threads");
    const { blas, memory } = workerData;
    const sgemm = blas && (${bindSgemm})(require(blas.koffi), blas.library, memory.buffer);
    (${workerMain})(workerData, () => parentPort.postMessage("ready"), sgemm);`;
  const worker = new Worker(code, { eval: true, workerData: start });
  await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  worker.unref();
  return { stop: async () => void (await worker.terminate()) };
}

export const cores = (): number => availableParallelism();

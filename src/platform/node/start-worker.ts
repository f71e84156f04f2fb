import { Worker } from "node:worker_threads";

/** Starts the worker of `moka-caffe/worker`. The process can end while it does nothing. */
export function startWorker(): Worker {
  return new Worker(new URL("../../api/remote/main.js", import.meta.url));
}

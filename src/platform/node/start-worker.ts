import { Worker } from "node:worker_threads";

/** Starts the worker of `moka-caffe/worker`. The process can end while it does nothing. */
export function startWorker(): Worker {
  // A program given by `node --input-type=module -e` has the option in its worker too, where Node refuses it.
  const execArgv = process.execArgv.filter((option) => !option.startsWith("--input-type"));
  return new Worker(new URL("../../api/remote/main.js", import.meta.url), { execArgv });
}

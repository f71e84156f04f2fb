import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { FromThread, ThreadStart } from "./shared.js";

const require = createRequire(import.meta.url);

/** The thread that waits for messages. The process can end while `hold(false)`. */
export interface WaitingThread {
  readonly hold: (isWaiting: boolean) => void;
  readonly listen: (hear: (message: FromThread) => void) => void;
  readonly end: () => Promise<unknown>;
}

/** Starts the thread that waits for messages and watches the other ranks. */
export async function startThread(start: ThreadStart): Promise<WaitingThread> {
  // The bundle of the command line lies in another folder than this file; the package's root is the same for both.
  const root = dirname(require.resolve("moka-caffe/package.json"));
  const file = join(root, "dist/platform/node/mpi/thread.js");
  // Node refuses to start a thread with many of its own options, such as --max-old-space-size. This one needs none.
  const worker = new Worker(file, { workerData: start, execArgv: [] });
  await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  worker.unref();
  return {
    hold: (isWaiting) => (isWaiting ? worker.ref() : worker.unref()),
    listen: (hear) => {
      worker.on("message", hear);
      worker.on("error", (error) => hear({ type: "broken", reason: error.message }));
    },
    end: () => worker.terminate(),
  };
}

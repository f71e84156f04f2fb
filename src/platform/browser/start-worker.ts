interface Page {
  readonly Worker: new (
    url: URL,
    options: { type: "module" },
  ) => { postMessage(message: unknown, transfer: unknown): void };
}

declare const Worker: Page["Worker"];

/** Starts the worker of `moka-caffe/worker`. Bundlers look for the expression as it stands here. */
export function startWorker(): InstanceType<Page["Worker"]> {
  return new Worker(new URL("../../api/remote/main.js", import.meta.url), { type: "module" });
}

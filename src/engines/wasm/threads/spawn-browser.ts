import type { Spawned } from "./spawn-node.js";
import { type WorkerStart, workerMain } from "./worker.js";

/** The part of a page's API that is used here. */
interface Page {
  readonly Worker: new (url: string) => PageWorker;
  readonly URL: { createObjectURL(blob: unknown): string; revokeObjectURL(url: string): void };
  readonly Blob: new (parts: readonly string[], options: { type: string }) => unknown;
  readonly navigator: { readonly hardwareConcurrency?: number };
}

interface PageWorker {
  onmessage: (() => void) | null;
  onerror: ((event: { readonly message?: string }) => void) | null;
  postMessage(message: unknown): void;
  terminate(): void;
}

const page = globalThis as unknown as Page;

/** Starts a worker, and waits until it is ready. */
export async function spawn(start: WorkerStart): Promise<Spawned> {
  const code = `onmessage = ({ data }) => (${workerMain})(data, () => postMessage("ready"));`;
  const url = page.URL.createObjectURL(new page.Blob([code], { type: "text/javascript" }));
  const worker = new page.Worker(url);
  await new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = ({ message }) => reject(new Error(message ?? "a worker did not start"));
    worker.postMessage(start);
  });
  page.URL.revokeObjectURL(url);
  return { stop: async () => worker.terminate() };
}

export const cores = (): number => page.navigator.hardwareConcurrency ?? 1;
